"""Long memory on the CPU: every window of the fluctuation from prefix sums, every rescaled range from one scan."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ..fluctuation import exponent, hurst, splits, window_sizes
from ._bits import brisk_kernel, fast_kernel, kernel, series, wide

LANES = 16
MEAN, WALK, HIGH, LOW, SO_FAR, SQUARES, RATIO, COUNT = (LANES * i for i in range(8))


@kernel
def _prefix_sums(x: np.ndarray, sums: np.ndarray) -> None:
    """Write the prefix sums of the walk y, of t y and of y^2, the walk moved to zero mean so that they stay small."""
    n = x.size
    mean = 0.0
    for i in range(n):
        mean += x[i] - x[0]
    mean /= n
    y, middle = 0.0, 0.0
    for i in range(n):
        y += (x[i] - x[0]) - mean
        middle += y
    middle /= n
    y, s0, s1, s2 = -middle, 0.0, 0.0, 0.0
    sums[0, 0], sums[1, 0], sums[2, 0] = 0.0, 0.0, 0.0
    for i in range(n):
        y += (x[i] - x[0]) - mean
        s0 += y
        s1 += i * y
        s2 += y * y
        sums[0, i + 1], sums[1, i + 1], sums[2, i + 1] = s0, s1, s2


@fast_kernel
def _mean_square(sums: np.ndarray, n: int) -> float:
    """Return the mean square of the walk about the line of each window of n samples."""
    wide()
    n_windows = (sums.shape[1] - 1) // n
    variance_of_t = n * (n * n - 1.0) / 12.0
    total = 0.0
    for w in range(n_windows):
        start, stop = w * n, w * n + n
        s0 = sums[0, stop] - sums[0, start]
        s1 = sums[1, stop] - sums[1, start] - (start + (n - 1) / 2.0) * s0
        s2 = sums[2, stop] - sums[2, start]
        total += max(s2 - s0 * s0 / n - s1 * s1 / variance_of_t, 0.0)
    return total / (n_windows * n)


@kernel
def _mean_squares(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    squares = np.empty((x.shape[0], sizes.size))
    sums = np.empty((3, x.shape[1] + 1))
    for s in range(x.shape[0]):
        _prefix_sums(x[s], sums)
        for j in range(sizes.size):
            squares[s, j] = _mean_square(sums, sizes[j])
    return squares


# Prefix sums of N samples lose about N^2 eps of a window's square; measured 1e-9 at 1,000 samples of 1/f noise
@twin("dfa_exponent", backend="cpu", tolerance={"float64": 1e-6, "float32": 1e-5})
def dfa_exponent(x: np.ndarray) -> np.ndarray:
    """Sum in float64 whatever the signal is in."""
    flat, sizes = series(x), np.array(window_sizes(x.shape[-1]))
    return exponent(_mean_squares(flat, sizes), sizes).reshape(x.shape[:-1])


@brisk_kernel
def _scan(x: np.ndarray, state: np.ndarray) -> None:
    """Add to the state the rescaled ranges of one window (n_times, LANES), and their number, in all lanes.

    The state is one array with constant offsets, so that the compiler sees that no two of its parts are the same.
    """
    wide()
    one, zero = x.dtype.type(1), x.dtype.type(0)
    for lane in range(LANES):
        first = x[0, lane] - state[MEAN + lane]
        state[WALK + lane], state[HIGH + lane], state[LOW + lane] = first, first, first
        state[SO_FAR + lane], state[SQUARES + lane] = x[0, lane], zero
    for k in range(1, x.shape[0]):
        share, inverse = one / x.dtype.type(k + 1), one / x.dtype.type(k)
        kept = x.dtype.type(k) * share  # away^2 k / (k + 1): no difference of near numbers, however alike the samples
        for lane in range(LANES):
            here = x[k, lane]
            away = here - state[SO_FAR + lane]
            so_far = state[SO_FAR + lane] + away * share
            squares = state[SQUARES + lane] + away * away * kept
            walk = state[WALK + lane] + here - state[MEAN + lane]
            high = max(state[HIGH + lane], walk)
            low = min(state[LOW + lane], walk)
            state[SO_FAR + lane], state[SQUARES + lane] = so_far, squares
            state[WALK + lane], state[HIGH + lane], state[LOW + lane] = walk, high, low
            ratio = (high - low) / np.sqrt(squares * inverse)
            state[RATIO + lane] += ratio if squares > zero else zero
            state[COUNT + lane] += one if squares > zero else zero


@kernel
def _mean_rescaled_ranges(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return, for lanes of series (n_times, LANES), the mean rescaled range at each size."""
    out = np.empty((sizes.size, LANES))
    state = np.zeros(8 * LANES, x.dtype)
    for j in range(sizes.size):
        n = sizes[j]
        state[RATIO:] = 0
        for w in range(x.shape[0] // n):
            state[MEAN : MEAN + LANES] = 0
            for i in range(w * n, w * n + n):
                for lane in range(LANES):
                    state[MEAN + lane] += x[i, lane] - x[w * n, lane]  # small, so that float32 keeps the digits
            for lane in range(LANES):
                state[MEAN + lane] = x[w * n, lane] + state[MEAN + lane] / x.dtype.type(n)
            _scan(x[w * n : w * n + n], state)
        out[j] = state[RATIO : RATIO + LANES] / state[COUNT : COUNT + LANES]
    return out


@kernel
def _all_rescaled_ranges(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    out = np.empty((x.shape[0], sizes.size))
    lanes = np.zeros((x.shape[1], LANES), x.dtype)
    for first in range(0, x.shape[0], LANES):
        n = min(LANES, x.shape[0] - first)
        for lane in range(n):
            for i in range(x.shape[1]):
                lanes[i, lane] = x[first + lane, i]
        out[first : first + n] = _mean_rescaled_ranges(lanes, sizes).T[:n]
    return out


@twin("hurst_exponent", backend="cpu", tolerance={"float64": 1e-9, "float32": 1e-4})
def hurst_exponent(x: np.ndarray) -> np.ndarray:
    """Scan sixteen series side by side."""
    flat = series(x)
    ratios = _all_rescaled_ranges(flat, np.array(splits(x.shape[-1])))
    return hurst(ratios.astype(np.float64), x.shape[-1]).reshape(x.shape[:-1])
