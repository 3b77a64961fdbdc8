"""Long memory on the CPU: every window of the fluctuation and every rescaled range from one scan, by sixteen series."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ..fluctuation import exponent, hurst, splits, window_sizes
from ._bits import kernel, series, wide
from ._lanes import WIDTH, Lanes, fused, inverse_root, larger, load, plus_sign, same, smaller, store


@kernel
def _deal(x: np.ndarray, first: int, side_by_side: np.ndarray) -> int:
    """Write sixteen series from the first on side by side (n_times, 16), fewer at the end; return how many."""
    n = min(WIDTH, x.shape[0] - first)
    for i in range(x.shape[1]):
        for lane in range(n):
            side_by_side[i, lane] = x[first + lane, i]
    return n


@kernel
def _sum_up(x: np.ndarray) -> None:
    """Make of sixteen series side by side (n_times x 16, flat) their walks: the summed deviations from the mean."""
    first, share = load(x, 0), same(WIDTH / x.size)
    none = first - first
    mean, y = none, none
    for at in range(0, x.size, WIDTH):
        mean = mean + (load(x, at) - first)
    mean = mean * share
    for at in range(0, x.size, WIDTH):
        y = y + (load(x, at) - first - mean)
        store(x, at, y)


@kernel
def _mean_square(walk: np.ndarray, n: int) -> Lanes:
    """Return the mean square of the walk about the line of each window of n samples.

    Each window is summed from its own start. In differences of sums over the whole walk of a long series its small
    windows would drown.
    """
    n_windows, middle = walk.size // (n * WIDTH), (n - 1) / 2.0
    none = same(0.0)
    total, share, slope = none, same(1.0 / n), same(12.0 / (n * (n * n - 1.0)))
    for w in range(n_windows):
        start = w * n * WIDTH
        base, s0, s1, s2 = load(walk, start), none, none, none
        for k in range(1, n):
            away = load(walk, start + k * WIDTH) - base
            s0, s1, s2 = s0 + away, fused(away, same(k - middle), s1), fused(away, away, s2)
        total = total + larger(s2 - s0 * s0 * share - s1 * s1 * slope, none)
    return total * same(1.0 / (n_windows * n))


@kernel
def _mean_squares(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    wide()
    squares, one = np.empty((x.shape[0], sizes.size)), np.empty(WIDTH)
    side_by_side = np.zeros((x.shape[1], WIDTH))
    walk = side_by_side.reshape(-1)
    for first in range(0, x.shape[0], WIDTH):
        n = _deal(x, first, side_by_side)
        _sum_up(walk)
        for j in range(sizes.size):
            store(one, 0, _mean_square(walk, sizes[j]))
            squares[first : first + n, j] = one[:n]
    return squares


# A window of n samples loses some n^2 eps of its square where the signal is a slow drift
@twin("dfa_exponent", backend="cpu", tolerance={"float64": 1e-9, "float32": 1e-5})
def dfa_exponent(x: np.ndarray) -> np.ndarray:
    """Sum in float64 whatever the signal is in."""
    flat, sizes = series(x), np.array(window_sizes(x.shape[-1]))
    return exponent(_mean_squares(flat, sizes), sizes).reshape(x.shape[:-1])


@kernel
def _mean(x: np.ndarray, n: int) -> Lanes:
    """Return the mean of a window of n samples; summed from the first, so that single precision keeps the digits."""
    start = load(x, 0)
    away = start - start
    for k in range(n):
        away = away + (load(x, k * WIDTH) - start)
    return fused(away, same(x.dtype.type(1.0 / n)), start)


@kernel
def _scan(x: np.ndarray, n: int, sums: np.ndarray) -> None:
    """Add to the sums the rescaled ranges of one window (n x 16, flat), and how many there are, in all lanes."""
    mean, so_far = _mean(x, n), load(x, 0)
    walk = so_far - mean
    high, low, squares = walk, walk, walk - walk
    ratios, count = load(sums, 0), load(sums, WIDTH)
    for k in range(1, n):
        here, share = load(x, k * WIDTH), 1.0 / (k + 1)
        away = here - so_far
        so_far = fused(away, same(x.dtype.type(share)), so_far)
        # away^2 k / (k + 1): no difference of near numbers, however alike the samples
        squares = fused(away * away, same(x.dtype.type(k * share)), squares)
        walk = walk + (here - mean)
        high, low = larger(walk, high), smaller(walk, low)
        ratios = fused(high - low, inverse_root(squares * same(x.dtype.type(1.0 / k))), ratios)
        count = plus_sign(count, squares)
    store(sums, 0, ratios)
    store(sums, WIDTH, count)


@kernel
def _mean_rescaled_ranges(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return, for sixteen series side by side (n_times x 16, flat), the mean rescaled range at each size."""
    wide()
    out, sums = np.empty((sizes.size, WIDTH)), np.empty(2 * WIDTH, x.dtype)
    for j in range(sizes.size):
        sums[:] = 0
        step = sizes[j] * WIDTH
        for start in range(0, x.size - step + 1, step):
            _scan(x[start : start + step], sizes[j], sums)
        out[j] = sums[:WIDTH] / sums[WIDTH:]
    return out


@kernel
def _all_rescaled_ranges(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    out = np.empty((x.shape[0], sizes.size))
    side_by_side = np.zeros((x.shape[1], WIDTH), x.dtype)
    for first in range(0, x.shape[0], WIDTH):
        n = _deal(x, first, side_by_side)
        out[first : first + n] = _mean_rescaled_ranges(side_by_side.reshape(-1), sizes).T[:n]
    return out


@twin("hurst_exponent", backend="cpu", tolerance={"float64": 1e-9, "float32": 1e-4})
def hurst_exponent(x: np.ndarray) -> np.ndarray:
    """Scan sixteen series side by side."""
    flat = series(x)
    ratios = _all_rescaled_ranges(flat, np.array(splits(x.shape[-1])))
    return hurst(ratios.astype(np.float64), x.shape[-1]).reshape(x.shape[:-1])
