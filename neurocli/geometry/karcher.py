"""The Riemannian mean by Newton's method.

Each step costs one eigendecomposition of every matrix. Gradient steps need fifty and more where matrices are
ill-conditioned (augmented covariances of real EEG); Newton's need about five, and what they add is matrix products.
"""

from __future__ import annotations

import numpy as np

from .spd import congruence, function_of, mean_of_logs, safe_log, side_by_side

ROUNDING = 1e-5  # below it, a step that does not halve the gradient has met the accuracy of the eigenvalues
ACCURACY = 1e-3  # of the direction that is solved for: what a step leaves of a small gradient
COARSE = 128  # from so many matrices on, the mean of one in eight is where it starts


def riemannian_mean(X: np.ndarray, tol: float = 1e-8, maxiter: int = 50) -> np.ndarray:
    r"""Return the matrix that minimises the sum of squared affine-invariant distances.

    Seen from M, with :math:`W_i = M^{-1/2} X_i M^{-1/2} = Q_i e^{\Lambda_i} Q_i^T`, minus the gradient is
    :math:`J = \overline{\log W_i}` and the Hessian maps V to the mean of
    :math:`Q_i (K_i \circ Q_i^T V Q_i) Q_i^T` with :math:`K_{ab} = h(\lambda_a - \lambda_b)`,
    :math:`h(x) = \tfrac x2 \coth \tfrac x2`.

    Parameters
    ----------
    X : array, shape (n_matrices, n, n)
        Positive definite.
    tol : float
        Norm of J at which it ends; a last step that is sure to lead there is not looked at again. It also ends where
        rounding keeps J from getting smaller.
    maxiter : int
        Most steps.

    Returns
    -------
    M : array, shape (n, n)

    References
    ----------
    Moakher, SIAM J Matrix Anal Appl 2005, 26(3), 735-747. Ferreira et al., IMA J Numer Anal 2013, 33(4), 1268-1282.
    """
    is_many = len(X) >= COARSE
    M = riemannian_mean(X[::8], tol=1e-2) if is_many else function_of(mean_of_logs(*np.linalg.eigh(X)), np.exp)
    last = np.inf
    for _ in range(maxiter):
        root = function_of(M, np.sqrt)
        values, vectors = np.linalg.eigh(congruence(np.linalg.inv(root), X))
        J = mean_of_logs(values, vectors)
        size = float(np.linalg.norm(J))
        if size <= tol or (last < ROUNDING and size > last / 2):
            break
        logs = safe_log(values)
        is_newton = size < last
        D = _newton(J, logs, vectors) if is_newton else _safe_step(logs) * J
        M = congruence(root, function_of(D, np.exp))
        if is_newton and size <= min(tol / ACCURACY, ROUNDING):
            break
        last = size
    return M


def _newton(J: np.ndarray, logs: np.ndarray, vectors: np.ndarray, accuracy: float = ACCURACY) -> np.ndarray:
    """Solve Hessian(D) = J by conjugate gradients, to three digits and therefore in float32."""
    logs, vectors, size = logs.astype(np.float32), vectors.astype(np.float32), np.abs(J).max() or 1.0
    curvature = _x_coth_x((logs[:, :, None] - logs[:, None, :]) / 2)
    wide = side_by_side(vectors)
    residual = (J / size).astype(np.float32)  # near the end J is so small that its squares would vanish
    D = np.zeros_like(residual)
    direction, power = residual, float((residual * residual).sum())
    end = accuracy**2 * power
    for _ in range(30):
        image = _hessian(direction, curvature, vectors, wide)
        step = power / float((direction * image).sum())
        D, residual = D + step * direction, residual - step * image
        power, before = float((residual * residual).sum()), power
        if power <= end:
            break
        direction = residual + power / before * direction
    return np.asarray((D + D.T).astype(float) * (size / 2))


def _hessian(V: np.ndarray, curvature: np.ndarray, vectors: np.ndarray, wide: np.ndarray) -> np.ndarray:
    n_matrices, n, _ = vectors.shape
    VQ = (V @ wide).reshape(n, n_matrices, n).transpose(1, 0, 2)
    inner = vectors @ (curvature * (vectors.swapaxes(1, 2) @ VQ))
    return np.asarray(side_by_side(inner) @ wide.T / n_matrices)


def _x_coth_x(x: np.ndarray) -> np.ndarray:
    x = np.maximum(np.abs(x), 1e-4)  # the limit at 0 is 1, which float32 reaches here
    return np.asarray(x / np.tanh(x))


def _safe_step(logs: np.ndarray) -> float:
    """Return the length of a gradient step that cannot overshoot (Bini and Iannazzo 2013)."""
    half = (logs[:, -1] - logs[:, 0]) / 2
    return float(2 / (1 + _x_coth_x(half).mean()))
