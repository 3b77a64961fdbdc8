"""The two of the 22 that scan: when outliers come, and the fluctuation of windows of every length."""

from __future__ import annotations

import numpy as np

from .._catch22_regimes import n_points, window_lengths
from ..define import twin
from ._bits import kernel
from ._catch22_regimes import bends, fluctuations
from ._standard import standardised


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
def _place(tally: np.ndarray, rank: int, size: int) -> float:
    """Return the place of a rank among medians of which twice is tallied, from -1 (start) to 1."""
    twice, so_far = 0, tally[0]
    while so_far <= rank:
        twice += 1
        so_far += tally[twice]
    return twice / 2.0 / (size / 2.0) - 1.0


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
    tally = np.zeros(2 * size + 3, np.int64)  # of the medians, which are whole or halves
    for k in range(last + 1):
        tally[2 * median if n % 2 else median + after[median]] += 1
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
    return (_place(tally, last // 2, size) + _place(tally, (last + 1) // 2, size)) / 2


@kernel
def _timings(z: np.ndarray) -> np.ndarray:
    found = np.empty((z.shape[0], 2))
    for s in range(z.shape[0]):
        found[s, 0] = found[s, 1] = np.nan
        if np.isfinite(z[s, 0]):
            found[s, 0], found[s, 1] = _median_place(z[s]), _median_place(-z[s])
    return found


@twin("outlier_timing", backend="cpu", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def outlier_timing(x: np.ndarray) -> np.ndarray:
    """When outliers come; in double precision, for thresholds decide."""
    return _timings(standardised(x)).reshape(*x.shape[:-1], 2)


@twin("fluctuation_regimes", backend="cpu", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def fluctuation_regimes(x: np.ndarray) -> np.ndarray:
    """Where fluctuation bends; in double precision, for the least of nearly equal sums decides."""
    z = standardised(x)
    found = [_bends(z, lag, is_range) for lag, is_range in ((1, True), (2, False))]
    return np.stack(found, axis=-1).reshape(*x.shape[:-1], 2)


def _bends(z: np.ndarray, lag: int, is_range: bool) -> np.ndarray:
    lengths = window_lengths(-(-z.shape[-1] // lag))
    n_least = n_points(lengths.size)
    if lengths.size < 2 * n_least:
        return np.full(len(z), np.nan)
    found = fluctuations(z, lag, lengths, is_range)
    found[np.isnan(z[:, 0])] = np.nan  # the series is constant; a comparison with NaN would hide it
    return bends(np.log(lengths), found, n_least)
