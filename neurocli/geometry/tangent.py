"""The tangent space of positive definite matrices at one of them."""

from __future__ import annotations

import numpy as np

from .spd import inverse_root, safe_log, upper

LARGE = 48  # rows from which on a logarithm without eigenvectors is faster
BATCH = 2**20  # numbers in the matrices that are mapped at once: 8 MiB, so that all steps find them in the cache


def tangent_vectors(X: np.ndarray, reference: np.ndarray) -> np.ndarray:
    r"""Return matrices as vectors in the tangent space at a reference, under the affine-invariant metric.

    .. math:: s_i = \operatorname{upper}(\log(M^{-1/2} X_i M^{-1/2}))

    Products are made in the dtype of X, the eigenvalues and eigenvectors always in float64: what float32 takes from
    the small eigenvalues is then what it took from X.

    Parameters
    ----------
    X : array, shape (n_matrices, n, n)
        Positive definite.
    reference : array, shape (n, n)
        Positive definite M, in the unit of X.

    Returns
    -------
    vectors : array, shape (n_matrices, n (n + 1) / 2)
        Without unit; the upper triangle row by row, off-diagonals times sqrt 2. In the dtype of X.

    References
    ----------
    Barachant et al., IEEE Trans Biomed Eng 2012, 59(4), 920-928.
    """
    n = X.shape[-1]
    whitening = inverse_root(np.asarray(reference, float)).astype(X.dtype)
    vectors = np.empty((len(X), n * (n + 1) // 2), X.dtype)
    size = max(1, BATCH // (n * n))
    for start in range(0, len(X), size):
        vectors[start : start + size] = upper(_log(_seen_from(whitening, X[start : start + size]), X.dtype))
    return vectors


def _seen_from(whitening: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return whitening X whitening; `eigh` reads one triangle, so what rounding leaves between the two is no matter."""
    return np.asarray(whitening @ X @ whitening, float)


def _log(W: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if W.shape[-1] < LARGE:
        return _log_by_eigenvectors(W, dtype)
    from ._logarithm import logarithm

    found = (logarithm(one, dtype) for one in W)
    return np.stack([_log_by_eigenvectors(W[i], dtype) if log is None else log for i, log in enumerate(found)])


def _log_by_eigenvectors(W: np.ndarray, dtype: np.dtype) -> np.ndarray:
    values, vectors = np.linalg.eigh(W)
    logs, vectors = safe_log(values).astype(dtype), vectors.astype(dtype, copy=False)
    return np.asarray((vectors * logs[..., None, :]) @ vectors.swapaxes(-1, -2))
