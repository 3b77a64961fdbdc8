"""Sample and approximate entropy on the CPU: sorted templates, 64 comparisons a word. Exact integer counts.

Sorted by their first sample, the templates near a template lie side by side around it, so that only these few are
compared, and their samples, copied into the same order, are read in a row.
"""

from __future__ import annotations

import numpy as np

from ..define import twin
from ..template_matches import radius
from ._bits import below64, kernel, popcount, series, tally64, within64

ALL = ~np.uint64(0)
PLACE = 0xFFFFFFFF  # the half of a key that says which sample it is of


@kernel
def _gather(x: np.ndarray, ranks: np.ndarray, n_templates: int, sorted_: np.ndarray) -> None:
    """Write sample k of each template into row k, the templates in the order of `ranks`.

    NaN, which is near to nothing, stands for what is beyond the end, and is left behind the last template.
    """
    place = 0
    for key in ranks:
        start = key & PLACE
        if start < n_templates:
            for k in range(sorted_.shape[0]):
                sorted_[k, place] = x[start + k] if start + k < x.size else np.nan
            place += 1


@kernel
def _pair_counts(sorted_: np.ndarray, n: int, r: float) -> tuple[np.uint64, np.uint64]:
    """Count pairs of the n templates nearer than r, over all their samples but the last and over all."""
    order = sorted_.shape[0] - 1
    n_short, n_long = np.uint64(0), np.uint64(0)
    for i in range(n):
        start, reached = i + 1, ALL
        while reached == ALL:
            reached = below64(sorted_[0], start, sorted_[0, i], r)
            word = reached
            for k in range(1, order):
                word &= below64(sorted_[k], start, sorted_[k, i], r)
            n_short += popcount(word)
            n_long += popcount(word & below64(sorted_[order], start, sorted_[order, i], r))
            start += 64
    return n_short, n_long


@kernel
def _sample_entropy(x: np.ndarray, ranks: np.ndarray, order: int, r: np.ndarray) -> np.ndarray:
    out, n = np.empty(x.shape[0]), x.shape[1] - order
    sorted_ = np.full((order + 1, n + 64), np.nan, x.dtype)
    for s in range(x.shape[0]):
        _gather(x[s], ranks[s], n, sorted_)
        n_short, n_long = _pair_counts(sorted_, n, r[s])
        out[s] = -np.log(n_long / n_short) if n_short > 0 else np.nan
    return out


@kernel
def _log_sums(
    sorted_: np.ndarray, n: int, r: float, log: np.ndarray, short: np.ndarray, long: np.ndarray
) -> tuple[float, float]:
    """Sum, over templates, the logarithm of how many are within r over all their samples but the last, and over all.

    Each pair is found once, and counted for both; when a template's turn is over, so is its count.
    """
    order, log_short, log_long = sorted_.shape[0] - 1, 0.0, 0.0
    short[:], long[:] = 1, 1  # each is within r of itself
    for i in range(n):
        start, reached = i + 1, ALL
        while reached == ALL:
            reached = within64(sorted_[0], start, sorted_[0, i], r)
            word = reached
            for k in range(1, order):
                word &= within64(sorted_[k], start, sorted_[k, i], r)
            tally64(short, start, word)
            short[i] += popcount(word)
            word &= within64(sorted_[order], start, sorted_[order, i], r)
            tally64(long, start, word)
            long[i] += popcount(word)
            start += 64
        log_short += log[short[i]]
        log_long += log[long[i]]
    return log_short, log_long


@kernel
def _approximate_entropy(x: np.ndarray, ranks: np.ndarray, order: int, r: np.ndarray) -> np.ndarray:
    out, n = np.empty(x.shape[0]), x.shape[1] - order
    log = np.log(np.arange(x.shape[1] + 1.0))
    sorted_ = np.full((order + 1, n + 65), np.nan, x.dtype)
    counts = np.empty((2, n + 65), np.int32)
    for s in range(x.shape[0]):
        _gather(x[s], ranks[s], n + 1, sorted_)
        short, long = _log_sums(sorted_, n + 1, r[s], log, counts[0], counts[1])
        out[s] = (short / (n + 1) - log[n + 1]) - (long / n - log[n])
    return out


@kernel
def _keys(bits: np.ndarray) -> np.ndarray:
    """Return numbers in the order of the floats of these bits, with the place of each in the lower half."""
    keys = np.empty(bits.shape, np.int64)
    for s in range(bits.shape[0]):
        for t in range(bits.shape[1]):
            # as integers negative floats have the reverse order
            mirrored = np.int64(bits[s, t] ^ (bits[s, t] >> 31 & 0x7FFFFFFF))
            keys[s, t] = mirrored << 32 | t
    return keys


def _ranked(x: np.ndarray) -> np.ndarray:
    """Return, in the lower half of each number, which sample of a series is the least, the next, and so on."""
    if x.dtype != np.float32:
        return np.argsort(x, axis=-1)
    keys = _keys(x.view(np.int32))
    keys.sort(axis=-1)  # sorting sample and place in one number is much faster than sorting places
    return keys


# float32 can move a pair that lies within rounding of the radius to the other side: a few of some 10^4 counted pairs
@twin("sample_entropy", backend="cpu", tolerance={"float64": 0.0, "float32": 2e-3})
def sample_entropy(x: np.ndarray, *, order: int = 2, tolerance: float = 0.2) -> np.ndarray:
    """Count in words of 64 comparisons."""
    flat = series(x)
    r = radius(flat, tolerance).astype(x.dtype)
    return _sample_entropy(flat, _ranked(flat), order, r).reshape(x.shape[:-1])


@twin("approximate_entropy", backend="cpu", tolerance={"float64": 1e-12, "float32": 2e-3})
def approximate_entropy(x: np.ndarray, *, order: int = 2, tolerance: float = 0.2) -> np.ndarray:
    """Count in words of 64 comparisons; the sums run in the order of the sorted series."""
    flat = series(x)
    r = radius(flat, tolerance).astype(x.dtype)
    return _approximate_entropy(flat, _ranked(flat), order, r).reshape(x.shape[:-1])
