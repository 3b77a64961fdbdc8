"""Symmetric positive definite matrices: batched functions of their eigenvalues, and their means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def function_of(X: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return V f(w) V' of symmetric matrices X = V w V', shape (..., n, n)."""
    values, vectors = np.linalg.eigh(X)
    return np.asarray((vectors * function(values)[..., None, :]) @ vectors.swapaxes(-1, -2))


def safe_log(values: np.ndarray) -> np.ndarray:
    """Return the logarithm of eigenvalues in ascending order; those that rounding has made 0 or less are cut there."""
    return np.asarray(np.log(np.maximum(values, np.finfo(float).eps * values[..., -1:])))


def inverse_root(X: np.ndarray) -> np.ndarray:
    """Return X^(-1/2), shape (..., n, n)."""
    return function_of(X, lambda values: 1 / np.sqrt(values))


def mean(X: np.ndarray, metric: str = "riemann", *, tol: float = 1e-8, maxiter: int = 50) -> np.ndarray:
    r"""Return the mean of positive definite matrices.

    ``riemann`` is the matrix at which the mean of the logarithms vanishes,

    .. math:: \sum_i \log(M^{-1/2} X_i M^{-1/2}) = 0

    found by Newton's method (module `karcher`); ``logeuclid`` is exp(mean(log X)), ``euclid`` the plain mean.

    Parameters
    ----------
    X : array, shape (n_matrices, n, n)
        Positive definite.
    metric : str
        ``riemann``, ``logeuclid`` or ``euclid``.
    tol : float
        Norm of the mean logarithm at which it ends.
    maxiter : int
        Most steps.

    Returns
    -------
    M : array, shape (n, n)
        In the unit of X.
    """
    from .karcher import riemannian_mean

    if metric == "riemann":
        return riemannian_mean(X, tol, maxiter)
    return np.asarray(X.mean(axis=0)) if metric == "euclid" else function_of(mean_of_logs(*np.linalg.eigh(X)), np.exp)


def mean_of_logs(values: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the mean of log X_i in one product.

    Parameters
    ----------
    values, vectors : array, shape (n_matrices, n) and (n_matrices, n, n)
        What `numpy.linalg.eigh` gives of X.

    Returns
    -------
    J : array, shape (n, n)
    """
    wide = side_by_side(vectors)
    return np.asarray((wide * (safe_log(values) / len(values)).reshape(-1)) @ wide.T)


def side_by_side(X: np.ndarray) -> np.ndarray:
    """Return matrices of shape (n_matrices, n, m) as one of shape (n, n_matrices * m)."""
    return np.ascontiguousarray(X.transpose(1, 0, 2)).reshape(X.shape[1], -1)


def congruence(W: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return W X W' made exactly symmetric.

    Parameters
    ----------
    W : array, shape (m, n)
    X : array, shape (..., n, n)

    Returns
    -------
    Y : array, shape (..., m, m)
    """
    Y = W @ X @ W.T
    return np.asarray((Y + Y.swapaxes(-1, -2)) / 2)


def shrunk(X: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return (1 - shrinkage) X + shrinkage tr(X)/n I as float64, shape (..., n, n)."""
    X = np.asarray(X, float)
    if not shrinkage:
        return X
    size = np.trace(X, axis1=-2, axis2=-1) / X.shape[-1]
    return np.asarray((1 - shrinkage) * X + shrinkage * size[..., None, None] * np.eye(X.shape[-1]))


def upper(S: np.ndarray) -> np.ndarray:
    """Return the upper triangle with off-diagonals times sqrt 2, so that norms are kept.

    Parameters
    ----------
    S : array, shape (..., n, n)
        Symmetric.

    Returns
    -------
    v : array, shape (..., n (n + 1) / 2)
    """
    n = S.shape[-1]
    rows, columns = np.triu_indices(n)
    picked: np.ndarray = np.take(S.reshape(*S.shape[:-2], n * n), rows * n + columns, axis=-1)
    picked *= np.where(rows == columns, 1.0, np.sqrt(2)).astype(picked.dtype)
    return picked


def from_upper(v: np.ndarray) -> np.ndarray:
    """Return the symmetric matrix whose `upper` is `v`, shape (..., n, n)."""
    n = int((np.sqrt(1 + 8 * v.shape[-1]) - 1) / 2)
    rows, columns = np.triu_indices(n)
    S = np.zeros((*v.shape[:-1], n, n))
    S[..., rows, columns] = S[..., columns, rows] = v / np.where(rows == columns, 1.0, np.sqrt(2))
    return S
