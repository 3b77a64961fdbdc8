"""The tangent space of positive definite matrices on the device: what `geometry` computes, with batched rotations."""

from __future__ import annotations

import torch

from ...geometry.karcher import ACCURACY, COARSE, ROUNDING
from ._jacobi import eigh

EPS = torch.finfo(torch.float64).eps


def mapped(values: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    """Return V diag(values) V', shapes (..., n) and (..., n, n)."""
    return (vectors * values[..., None, :]) @ vectors.transpose(-1, -2)


def safe_log(values: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of ascending eigenvalues; those that rounding has made 0 or less are cut there."""
    return values.clamp(min=EPS * values[..., -1:]).log()


def _single(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Decompose one matrix: cuSOLVER has none to loop over, and rotations would leave most of the card idle."""
    values, vectors = torch.linalg.eigh(X.double())
    return values, vectors


def _congruence(W: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    Y = W @ X @ W.transpose(-1, -2)
    return (Y + Y.transpose(-1, -2)) / 2


def tangent_vectors(X: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Return matrices as vectors in the tangent space; as `geometry.tangent.tangent_vectors`.

    Parameters
    ----------
    X : tensor, shape (n_matrices, n, n)
        Positive definite. Products are made in its dtype, the decompositions in float64.
    reference : tensor of float64, shape (n, n)
        Positive definite.

    Returns
    -------
    vectors : tensor, shape (n_matrices, n (n + 1) / 2)
        Off-diagonals times sqrt 2. In the dtype of X.
    """
    n = X.shape[-1]
    values, vectors = _single(reference)
    whitening = mapped(values.rsqrt(), vectors).to(X.dtype)
    values, vectors = eigh(whitening @ X @ whitening)
    logs = mapped(safe_log(values).to(X.dtype), vectors.to(X.dtype))
    rows, columns = torch.triu_indices(n, n, device=X.device)
    return logs[:, rows, columns] * (1 + (2**0.5 - 1) * (rows != columns).double()).to(X.dtype)


def riemannian_mean(X: torch.Tensor, tol: float = 1e-8, maxiter: int = 50) -> torch.Tensor:
    """Return the Riemannian mean by Newton's method; as `geometry.karcher.riemannian_mean`.

    Parameters
    ----------
    X : tensor of float64, shape (n_matrices, n, n)
        Positive definite.
    tol : float
        Norm of the mean logarithm at which it ends; a last step that is sure to lead there is not looked at again.
        It also ends where rounding keeps that from getting smaller.
    maxiter : int
        Most steps.

    Returns
    -------
    M : tensor of float64, shape (n, n)
    """
    if len(X) >= COARSE:
        M = riemannian_mean(X[::8].contiguous(), tol=1e-2)
    else:
        values, vectors = eigh(X)
        M = _exp(mapped(safe_log(values), vectors).mean(dim=0))
    last = float("inf")
    for _ in range(maxiter):
        values, vectors = _single(M)
        root, inverse = mapped(values.sqrt(), vectors), mapped(values.rsqrt(), vectors)
        values, vectors = eigh(_congruence(inverse, X))
        logs = safe_log(values)
        J = mapped(logs, vectors).mean(dim=0)
        size = float(J.norm())
        if size <= tol or (last < ROUNDING and size > last / 2):
            break
        is_newton = size < last
        D = _newton(J, logs, vectors) if is_newton else _safe_step(logs) * J
        M = _congruence(root, _exp(D))
        if is_newton and size <= min(tol / ACCURACY, ROUNDING):
            break
        last = size
    return M


def _exp(X: torch.Tensor) -> torch.Tensor:
    values, vectors = _single(X)
    return mapped(values.exp(), vectors)


def _newton(J: torch.Tensor, logs: torch.Tensor, vectors: torch.Tensor, accuracy: float = ACCURACY) -> torch.Tensor:
    """Solve Hessian(D) = J by conjugate gradients, to three digits and therefore in float32."""
    logs, vectors, size = logs.float(), vectors.float(), J.abs().max()
    curvature = _x_coth_x((logs[:, :, None] - logs[:, None, :]) / 2)
    residual = (J / size).float()  # near the end J is so small that its squares would vanish
    D, direction, power = torch.zeros_like(residual), residual, residual.square().sum()
    end = accuracy**2 * power
    for _ in range(30):
        image = _hessian(direction, curvature, vectors)
        step = power / (direction * image).sum()
        D, residual = D + step * direction, residual - step * image
        power, before = residual.square().sum(), power
        if bool(power <= end):
            break
        direction = residual + power / before * direction
    return (D + D.T).double() * (size / 2)


def _hessian(V: torch.Tensor, curvature: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    across = vectors.transpose(-1, -2)
    return (vectors @ (curvature * (across @ V @ vectors)) @ across).mean(dim=0)


def _x_coth_x(x: torch.Tensor) -> torch.Tensor:
    x = x.abs().clamp(min=1e-4)  # the limit at 0 is 1, which float32 reaches here
    return x / x.tanh()


def _safe_step(logs: torch.Tensor) -> float:
    """Return the length of a gradient step that cannot overshoot (Bini and Iannazzo 2013)."""
    return float(2 / (1 + _x_coth_x((logs[:, -1] - logs[:, 0]) / 2).mean()))


def at_riemannian_mean(cov: torch.Tensor) -> torch.Tensor:
    """Return the tangent vectors of matrices at their Riemannian mean."""
    return tangent_vectors(cov, riemannian_mean(cov.double()))


def at_arithmetic_mean(cov: torch.Tensor) -> torch.Tensor:
    """Return the tangent vectors of matrices at their arithmetic mean."""
    return tangent_vectors(cov, cov.double().mean(dim=0))
