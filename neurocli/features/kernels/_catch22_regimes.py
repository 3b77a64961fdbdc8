"""Of the 22: the fluctuation of windows of every length, of sixteen series at once, and where it bends."""

from __future__ import annotations

import numpy as np

from ._bits import fast_kernel, kernel, wide
from ._lanes import WIDTH, Lanes, fused, larger, load, same, smaller, store


@kernel
def _deal_walks(z: np.ndarray, first: int, lag: int, walks: np.ndarray) -> int:
    """Write sixteen series from the first on, cumulated, side by side (n_steps, 16); return how many there are."""
    n, totals = min(WIDTH, z.shape[0] - first), np.zeros(WIDTH)
    for i in range(walks.shape[0]):
        for lane in range(n):
            totals[lane] += z[first + lane, i * lag]
            walks[i, lane] = totals[lane]
    return n


@kernel
def _missed(x: np.ndarray, start: int, n: int, is_range: bool) -> Lanes:
    """Return the mean square of what a line leaves of a window, or the square of its range."""
    begin, middle = load(x, start), (n - 1) / 2.0
    level = begin - begin
    tilt, low, high, square = level, level, level, level
    for k in range(n):
        away = load(x, start + k * WIDTH) - begin
        level, tilt = level + away, fused(away, same(k - middle), tilt)
    level, slope = fused(level, same(1.0 / n), begin), tilt * same(12.0 / (n * (n * n - 1.0)))
    if is_range:
        for k in range(n):
            left = fused(slope, same(middle - k), load(x, start + k * WIDTH) - level)
            low, high = smaller(left, low), larger(left, high)
        return (high - low) * (high - low)
    for k in range(n):
        left = fused(slope, same(middle - k), load(x, start + k * WIDTH) - level)
        square = fused(left, left, square)
    return square * same(1.0 / n)


@kernel
def _fluctuation(x: np.ndarray, length: int, is_range: bool) -> Lanes:
    n_windows = x.size // (length * WIDTH)
    total = same(0.0)
    for w in range(n_windows):
        total = total + _missed(x, w * length * WIDTH, length, is_range)
    return total * same(1.0 / n_windows)


@kernel
def fluctuations(z: np.ndarray, lag: int, lengths: np.ndarray, is_range: bool) -> np.ndarray:
    """Return the fluctuation of every lag-th sample at each length; (n_series, n_lengths)."""
    wide()
    found, one = np.empty((z.shape[0], lengths.size)), np.empty(WIDTH)
    walks = np.zeros((-(-z.shape[1] // lag), WIDTH))
    side_by_side = walks.reshape(-1)
    for first in range(0, z.shape[0], WIDTH):
        n = _deal_walks(z, first, lag, walks)
        for j in range(lengths.size):
            store(one, 0, _fluctuation(side_by_side, lengths[j], is_range))
            for lane in range(n):
                found[first + lane, j] = np.sqrt(one[lane])
    return found


@fast_kernel
def _left(x: np.ndarray, y: np.ndarray) -> float:
    """Return the sum of squares that a line leaves."""
    n, mean_x, mean_y, both, square, total = x.size, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        mean_x += x[i]
        mean_y += y[i]
    mean_x, mean_y = mean_x / n, mean_y / n
    for i in range(n):
        both += (x[i] - mean_x) * (y[i] - mean_y)
        square += (x[i] - mean_x) * (x[i] - mean_x)
    slope = both / square
    for i in range(n):
        left = (y[i] - mean_y) - slope * (x[i] - mean_x)
        total += left * left
    return total


@kernel
def bends(x: np.ndarray, fluctuation: np.ndarray, n_least: int) -> np.ndarray:
    """Return the share of the lengths, of logarithms x, before the bend; NaN where the fluctuation is."""
    n = x.size
    shares, missed, y = np.empty(fluctuation.shape[0]), np.empty(n - 2 * n_least + 1), np.empty(n)
    for s in range(fluctuation.shape[0]):
        least, at, known = np.inf, 0, True
        for i in range(n):
            y[i] = np.log(fluctuation[s, i])
            known &= not np.isnan(y[i])
        for i in range(missed.size):
            split = n_least + i
            missed[i] = _left(x[:split], y[:split]) + _left(x[split - 1 :], y[split - 1 :])
            if np.isfinite(missed[i]):
                least = min(least, missed[i])
        while at < missed.size and not (np.isfinite(missed[at]) and missed[at] <= least * (1 + 1e-9)):
            at += 1
        shares[s] = (n_least + at % missed.size) / n if known else np.nan  # of a fluctuation of zero, the first
    return shares
