"""Series of mean 0 and standard deviation 1, to the last digit those of the reference."""

from __future__ import annotations

import numpy as np

from ._bits import exact_kernel, series


@exact_kernel
def _standardise(x: np.ndarray, z: np.ndarray) -> None:
    """Sum in order, as the reference does: what equals a threshold to the last digit is not above it."""
    n = x.shape[1]
    for s in range(x.shape[0]):
        total, square, differs = 0.0, 0.0, False
        for t in range(n):
            total += np.float64(x[s, t])
            differs |= x[s, t] != x[s, 0]
        mean = total / n
        for t in range(n):
            away = np.float64(x[s, t]) - mean
            z[s, t] = away
            square += away * away
        spread = np.sqrt(square / (n - 1))
        if not (differs and spread > 0):
            z[s] = np.nan
            continue
        for t in range(n):
            z[s, t] = z[s, t] / spread


def standardised(x: np.ndarray) -> np.ndarray:
    """Return what `_catch22_common.zscored` does of (..., n_times), as (n_series, n_times)."""
    rows = series(x)
    z = np.empty(rows.shape)
    _standardise(rows, z)
    return z
