"""Lempel-Ziv complexity on the CPU: 64 symbols a word, and eight starts compared at a time."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ..lempel_ziv import per_phrase
from ._bits import above64, kernel, popcount, series

ONE = np.uint64(1)


@kernel
def _windows(x: np.ndarray, middle: float, windows: np.ndarray) -> None:
    """Write, for each sample, the word of the 64 symbols from it on (1 above the middle, 0 after the end)."""
    n_words = x.size // 64 + 2
    row = np.full(64 * n_words, -np.inf, x.dtype)
    row[: x.size] = x
    word = above64(row, 0, middle)
    for w in range(n_words - 1):
        following = above64(row, 64 * (w + 1), middle)
        n = min(64, x.size - 64 * w)
        if n > 0:
            windows[64 * w] = word
        for i in range(1, n):
            windows[64 * w + i] = (word >> np.uint64(i)) | (following << np.uint64(64 - i))
        word = following


@kernel
def _longest(windows: np.ndarray, start: int | np.int64) -> np.int64:
    """Return how many of the 64 symbols from `start` on occur from one earlier start."""
    best = np.uint64(0)
    here = windows[start]
    earlier = windows[:start]
    for i in range(earlier.size):
        differs = earlier[i] ^ here
        best = max(best, (differs - ONE) & ~differs)  # ones below the first difference; all ones if there is none
    return np.int64(popcount(best))


@kernel
def _longest_beyond(windows: np.ndarray, start: int | np.int64) -> np.int64:
    """Do the same where one earlier start agrees for all 64 symbols, following it beyond them."""
    n, best = windows.size, np.int64(64)
    for i in range(start):
        if windows[i] != windows[start]:
            continue
        length = np.int64(64)
        while start + length < n and windows[i + length] == windows[start + length]:
            length += 64
        if start + length < n:
            differs = windows[i + length] ^ windows[start + length]
            length += np.int64(popcount((differs - ONE) & ~differs))
        best = max(best, length)
    return best


@kernel
def _n_phrases(windows: np.ndarray) -> int:
    n, start, count = windows.size, np.int64(0), 0
    while start < n:
        length = _longest(windows, start) if start > 0 else np.int64(0)
        if length == 64:
            length = _longest_beyond(windows, start)
        start += np.int64(1) + min(length, np.int64(n - start))
        count += 1
    return count


@kernel
def _complexity(x: np.ndarray, middle: np.ndarray) -> np.ndarray:
    counts = np.empty(x.shape[0])
    windows = np.empty(x.shape[1], np.uint64)
    for s in range(x.shape[0]):
        _windows(x[s], middle[s], windows)
        counts[s] = _n_phrases(windows)
    return counts


def _median(x: np.ndarray) -> np.ndarray:
    """Return a value that has the same samples above it as the median (float64, as the reference) of each row."""
    half = x.shape[-1] // 2
    ordered = np.partition(x, half, axis=-1)
    if x.shape[-1] % 2:
        return ordered[:, half]
    low, high = ordered[:, :half].max(axis=-1), ordered[:, half]
    middle = (low.astype(np.float64) + high) / 2
    rounded = middle.astype(x.dtype)
    return np.where(rounded > middle, low, rounded)  # nothing lies between low and high


@twin("lempel_ziv_complexity", backend="cpu", tolerance={"float64": 0.0, "float32": 0.0})
def lempel_ziv_complexity(x: np.ndarray, *, normalize: bool = True) -> np.ndarray:
    """Count the same phrases from packed symbols."""
    flat = series(x)
    counts = _complexity(flat, _median(flat)).reshape(x.shape[:-1])
    return counts * per_phrase(x.shape[-1], normalize=normalize)
