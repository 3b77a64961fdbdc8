"""The two of the 22 that scan: when outliers come, and the fluctuation of windows of every length."""

from __future__ import annotations

import numpy as np
from numba import njit

from .._catch22_common import zscored
from .._catch22_regimes import bent, window_lengths
from ..define import twin
from ._bits import kernel


@kernel
def _levels(z: np.ndarray, level: np.ndarray, n_levels: int) -> int:
    """Write the highest threshold that each sample reaches, -1 for none; return how many samples reach the lowest."""
    n = 0
    for i in range(z.size):
        k = -1
        if z[i] >= 0.0:
            k = min(int(z[i] / 0.01), n_levels - 1)
            while k + 1 < n_levels and z[i] >= (k + 1) * 0.01:
                k += 1
            while z[i] < k * 0.01:
                k -= 1
            n += 1
        level[i] = k
    return n


@kernel
def _last(level: np.ndarray, n_levels: int, n: int, starts: np.ndarray) -> int:
    """Return the last threshold that counts; write where the samples of each level start when they are sorted."""
    starts[: n_levels + 1] = 0
    for k in level:
        if k >= 0:
            starts[k + 1] += 1
    for k in range(n_levels):
        starts[k + 1] += starts[k]
    many, alone = 0, n_levels - 1
    for k in range(n_levels - 1, -1, -1):
        above = n - starts[k]
        if above == 1:
            alone = k
        if many == 0 and (above - 1) * 100.0 / n > 2:
            many = k
    return min(many, alone)


@kernel
def _sorted(level: np.ndarray, starts: np.ndarray, order: np.ndarray, n_levels: int) -> None:
    """Write the samples level by level."""
    into = starts[:n_levels].copy()
    for i in range(level.size):
        if level[i] >= 0:
            order[into[level[i]]] = i
            into[level[i]] += 1


@kernel
def _median_place(z: np.ndarray) -> float:
    """Take thresholds from the lowest on, and samples out of a linked list, beside a pointer to its median."""
    top = z.max()
    if top < 0.01:
        return 0.0
    n_levels, size = int(top / 0.01 + 1), z.size
    level, order = np.empty(size, np.int64), np.empty(size, np.int64)
    starts = np.empty(n_levels + 1, np.int64)
    n = _levels(z, level, n_levels)
    last = _last(level, n_levels, n, starts)
    _sorted(level, starts, order, n_levels)
    after, before = np.empty(size + 2, np.int64), np.empty(size + 2, np.int64)  # places from 1, ends 0 and size + 1
    previous, median, rank, seen = 0, 0, (n - 1) // 2, 0
    for i in range(size):
        if level[i] >= 0:
            after[previous], before[i + 1] = i + 1, previous
            previous = i + 1
            median = previous if seen == rank else median
            seen += 1
    after[previous], before[size + 1] = size + 1, previous
    places = np.empty(last + 1)
    for k in range(last + 1):
        middle = median if n % 2 else (median + after[median]) / 2.0
        places[k] = middle / (size / 2.0) - 1.0
        for which in range(starts[k], starts[k + 1]):
            gone = order[which] + 1
            rank -= 1 if gone < median else 0
            median = after[median] if gone == median else median
            after[before[gone]], before[after[gone]] = after[gone], before[gone]
            n -= 1
            while rank > max(0, (n - 1) // 2) or (median == size + 1 and n > 0):
                median = before[median]
                rank -= 1
            while rank < (n - 1) // 2:
                median = after[median]
                rank += 1
    return float(np.median(places))


@kernel
def _timings(z: np.ndarray) -> np.ndarray:
    found = np.full((z.shape[0], 2), np.nan)
    for s in range(z.shape[0]):
        if np.isfinite(z[s, 0]):
            found[s, 0], found[s, 1] = _median_place(z[s]), _median_place(-z[s])
    return found


@twin("outlier_timing", backend="cpu", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def outlier_timing(x: np.ndarray) -> np.ndarray:
    """When outliers come; in double precision, for thresholds decide."""
    return _timings(zscored(x).reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], 2)


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True, fastmath=True)  # type: ignore[untyped-decorator]
def _missed(window: np.ndarray, is_range: bool) -> float:
    """Return the mean square of what a line leaves of a window, or the square of its range."""
    n = window.size
    middle, level, tilt = (n - 1) / 2.0, 0.0, 0.0
    for i in range(n):
        level += window[i]
    level /= n
    for i in range(n):
        tilt += (window[i] - level) * (i - middle)
    slope = tilt * 12.0 / (n * (n * n - 1.0))
    low, high, square = 0.0, 0.0, 0.0
    if is_range:
        for i in range(n):
            left = window[i] - level - slope * (i - middle)
            low = left if left < low else low
            high = left if left > high else high
        return (high - low) ** 2
    for i in range(n):
        left = window[i] - level - slope * (i - middle)
        square += left * left
    return square / n


@kernel
def _fluctuations(walk: np.ndarray, lengths: np.ndarray, is_range: bool) -> np.ndarray:
    found = np.empty((walk.shape[0], lengths.size))
    for s in range(walk.shape[0]):
        for k in range(lengths.size):
            length, total = lengths[k], 0.0
            n_windows = walk.shape[1] // length
            for w in range(n_windows):
                total += _missed(walk[s, w * length : (w + 1) * length], is_range)
            found[s, k] = np.sqrt(total / n_windows)
    return found


@twin("fluctuation_regimes", backend="cpu", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def fluctuation_regimes(x: np.ndarray) -> np.ndarray:
    """Where fluctuation bends; in double precision, for the least of nearly equal sums decides."""
    z = zscored(x).reshape(-1, x.shape[-1])
    found = [_bends(z, lag, is_range) for lag, is_range in ((1, True), (2, False))]
    return np.stack(found, axis=-1).reshape(*x.shape[:-1], 2)


def _bends(z: np.ndarray, lag: int, is_range: bool) -> np.ndarray:
    walk = np.cumsum(z[:, ::lag], axis=-1)
    lengths = window_lengths(walk.shape[-1])
    fluctuations = _fluctuations(walk, lengths, is_range)
    fluctuations[np.isnan(walk[:, 0])] = np.nan  # the series is constant; a comparison with NaN would hide it
    return bent(lengths, fluctuations)
