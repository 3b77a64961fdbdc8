"""Measures of all pairs of channels, one row of the matrix at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def by_pair(z: np.ndarray, measure: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Return a measure of each pair of channels in each band.

    Parameters
    ----------
    z : array, shape (..., n_bands, n_channels, n_times)
        What is compared.
    measure : callable
        From two arrays that broadcast to (..., n_bands, n, n_times), to one of (..., n_bands, n).

    Returns
    -------
    values : array, shape (..., n_pairs, n_bands)
        Pairs in the order of ``np.triu_indices(n_channels, 1)``.
    """
    rows = [measure(z[..., i : i + 1, :], z[..., i + 1 :, :]) for i in range(z.shape[-2] - 1)]
    return np.ascontiguousarray(np.concatenate(rows, axis=-1).swapaxes(-1, -2))


def upper(matrix: np.ndarray) -> np.ndarray:
    """Return the pairs above the diagonal: shape (..., n, n) to (..., n_pairs)."""
    rows, columns = np.triu_indices(matrix.shape[-1], 1)
    return matrix[..., rows, columns]


def quotient(a: np.ndarray, b: np.ndarray, empty: float) -> np.ndarray:
    """Return a / b, and `empty` where b is zero."""
    return np.divide(a, b, out=np.full_like(a, empty), where=b != 0)
