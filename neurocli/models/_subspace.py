"""Where covariances are positive definite: the directions in which their mean has variance."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..geometry.spd import congruence, shrunk


def subspace(X: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return an orthonormal basis of the directions that carry variance; the identity when all do.

    An average reference or an interpolated channel takes one direction away from every sample.

    Parameters
    ----------
    X : array, shape (n_samples, n, n)
        Covariances.
    shrinkage : float
        As in `shrunk`.

    Returns
    -------
    W : array, shape (rank, n)
    """
    values, vectors = np.linalg.eigh(shrunk(X, shrinkage).mean(axis=0))
    kept = values > _floor(X.dtype, len(values)) * values[-1]
    return np.eye(len(values)) if kept.all() else np.ascontiguousarray(vectors[:, kept].T)


def _floor(dtype: np.dtype, n: int) -> float:
    return float(n * np.finfo(dtype if dtype.kind == "f" else float).eps)  # what rounding leaves of a zero


def inside(X: np.ndarray, W: np.ndarray, shrinkage: float, name: str) -> np.ndarray:
    """Return covariances in the coordinates of `W`, shape (n_samples, rank, rank), checked to be positive definite.

    Raises
    ------
    InputError
        ``E-INPUT-SINGULAR``, naming the first sample that is not.
    """
    Y = congruence(W, shrunk(X, shrinkage)) if len(W) < W.shape[1] else shrunk(X, shrinkage)
    bad = np.flatnonzero(_are_singular(Y))
    if len(bad):
        raise InputError(
            f"{name!r} needs positive definite covariances; sample {bad[0]} has no variance in some direction "
            f"({len(bad)} of {len(X)} samples).",
            code="E-INPUT-SINGULAR",
            remedy=f"Set '{name}.shrinkage: 0.01', use longer epochs, or leave equal and flat channels out.",
        )
    return Y


def _are_singular(Y: np.ndarray) -> np.ndarray:
    limit = np.finfo(float).eps * Y.shape[-1]
    try:
        pivots = np.diagonal(np.linalg.cholesky(Y), axis1=1, axis2=2) ** 2
        if (pivots.min(axis=1) > 100 * limit * pivots.max(axis=1)).all():  # the usual case, at a tenth of the price
            return np.zeros(len(Y), bool)
    except np.linalg.LinAlgError:
        pass
    values = np.linalg.eigvalsh(Y)
    return np.asarray(values[:, 0] <= limit * values[:, -1])
