"""Symmetric positive definite matrices: batched functions of their eigenvalues, and their means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def function_of(X: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return V f(w) V' of symmetric matrices X = V w V', shape (..., n, n)."""
    values, vectors = np.linalg.eigh(X)
    return np.asarray((vectors * function(values)[..., None, :]) @ vectors.swapaxes(-1, -2))


def inverse_root(X: np.ndarray) -> np.ndarray:
    """Return X^(-1/2), shape (..., n, n)."""
    return function_of(X, lambda values: 1 / np.sqrt(values))


def mean_of_logs(X: np.ndarray) -> tuple[np.ndarray, float]:
    r"""Return the mean of log X_i in one product, and the step towards the mean that suits how scattered X is.

    The step is :math:`2 / (1 + \beta)`, where :math:`\beta` is the mean of
    :math:`\tfrac12 \log c_i \, (c_i + 1)/(c_i - 1)` over the condition numbers :math:`c_i`.

    Parameters
    ----------
    X : array, shape (n_matrices, n, n)
        Positive definite.

    Returns
    -------
    J : array, shape (n, n)
    step : float
        Between 0 and 1.

    References
    ----------
    Bini and Iannazzo, Linear Algebra Appl 2013, 438(4), 1700-1710.
    """
    values, vectors = np.linalg.eigh(X)
    logs = np.log(values)
    wide = vectors.transpose(1, 0, 2).reshape(X.shape[1], -1)  # every eigenvector of every matrix side by side
    half = np.maximum((logs[:, -1] - logs[:, 0]) / 2, 1e-12)
    return (wide * logs.reshape(-1) / len(X)) @ wide.T, float(2 / (1 + np.mean(half / np.tanh(half))))


def mean(X: np.ndarray, metric: str = "riemann", *, tol: float = 1e-8, maxiter: int = 50) -> np.ndarray:
    r"""Return the mean of positive definite matrices.

    ``riemann`` is the matrix at which the mean of the logarithms vanishes,

    .. math:: \sum_i \log(M^{-1/2} X_i M^{-1/2}) = 0

    found by steps M <- L exp(t J) L', where M = L L' and J is that mean seen from L, from the log-Euclidean mean.

    Parameters
    ----------
    X : array, shape (n_matrices, n, n)
        Positive definite.
    metric : str
        ``riemann``, ``logeuclid`` or ``euclid``.
    tol : float
        Norm of J at which it ends.
    maxiter : int
        Most steps.

    Returns
    -------
    M : array, shape (n, n)
        In the unit of X.

    References
    ----------
    Moakher, SIAM J Matrix Anal Appl 2005, 26(3), 735-747.
    """
    if metric == "euclid":
        return np.asarray(X.mean(axis=0))
    M = function_of(mean_of_logs(X)[0], np.exp)
    return M if metric == "logeuclid" else _descend(X, M, tol, maxiter)


def _descend(X: np.ndarray, M: np.ndarray, tol: float, maxiter: int) -> np.ndarray:
    for _ in range(maxiter):
        L = np.linalg.cholesky(M)
        J, step = mean_of_logs(congruence(np.linalg.inv(L), X))
        M = L @ function_of(step * J, np.exp) @ L.T
        M = (M + M.T) / 2
        if np.linalg.norm(J) <= tol:
            break
    return M


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
    rows, columns = np.triu_indices(S.shape[-1])
    return np.asarray(S[..., rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2)))


def from_upper(v: np.ndarray) -> np.ndarray:
    """Return the symmetric matrix whose `upper` is `v`, shape (..., n, n)."""
    n = int((np.sqrt(1 + 8 * v.shape[-1]) - 1) / 2)
    rows, columns = np.triu_indices(n)
    S = np.zeros((*v.shape[:-1], n, n))
    S[..., rows, columns] = S[..., columns, rows] = v / np.where(rows == columns, 1.0, np.sqrt(2))
    return S
