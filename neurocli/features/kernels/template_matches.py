"""Sample and approximate entropy on the CPU: 64 comparisons a word, counted with popcount. Exact integer counts."""

from __future__ import annotations

import numpy as np

from ..define import Given, twin
from ..template_matches import radius
from ._bits import below64, inlined, kernel, popcount, series, within64

ONE = np.uint64(1)


@kernel
def _padded(x: np.ndarray, n_words: int) -> np.ndarray:
    """Return a row with NaN after its end, which is near to nothing."""
    row = np.full(64 * n_words, np.nan, x.dtype)
    row[: x.size] = x
    return row


@inlined
def _from_bit(near: np.ndarray, i: int, w: int, lag: int) -> np.uint64:
    """Return 64 bits of a row that start at bit `lag` of word w; 0 < lag < 64."""
    return (near[i, w] >> np.uint64(lag)) | (near[i, w + 1] << np.uint64(64 - lag))


@kernel
def _first_bits(n_words: int, n: int) -> np.ndarray:
    """Return words of which the first n bits are set."""
    words = np.zeros(n_words, np.uint64)
    words[: n // 64] = ~np.uint64(0)
    words[n // 64] = (ONE << np.uint64(n % 64)) - ONE
    return words


@kernel
def _fill_near(near: np.ndarray, row: np.ndarray, start: int, n_rows: int, r: float) -> None:
    """Mark, for samples from `start` on, the samples nearer than r, from the word of `start` on."""
    for i in range(n_rows):
        for w in range(start // 64, near.shape[1] - 1):
            near[i, w] = below64(row, 64 * w, row[start + i], r)


@inlined
def _later_matches(
    near: np.ndarray, i: int, first: int, order: int, allowed: np.ndarray
) -> tuple[np.uint64, np.uint64]:
    """Count the templates after template i of a block that are near it, over `order` samples and over one more."""
    n_short, n_long = np.uint64(0), np.uint64(0)
    for w in range(first, allowed.size):
        word = near[i, w] & allowed[w]
        n_short += popcount(word)
        n_long += popcount(word & _from_bit(near, i + order, w, order))
    upto = near[i, first] & allowed[first] & ((np.uint64(2) << np.uint64(i)) - ONE)
    n_long -= popcount(upto & _from_bit(near, i + order, first, order))
    return n_short - popcount(upto), n_long


@inlined
def _narrow(near: np.ndarray, i: int, first: int, order: int) -> None:
    """Keep, in row i, the templates of which all `order` samples are near; the rows after it are of samples."""
    for lag in range(1, order):
        for w in range(first, near.shape[1] - 1):
            near[i, w] &= _from_bit(near, i + lag, w, lag)


@kernel
def _pair_counts(x: np.ndarray, order: int, r: float) -> tuple[np.uint64, np.uint64]:
    """Count pairs i < j of templates nearer than r, over `order` samples and over one more."""
    n_templates, n_words = x.size - order, x.size // 64 + 1
    row, allowed = _padded(x, n_words), _first_bits(n_words, n_templates)
    near = np.zeros((64 + order, n_words + 1), np.uint64)
    n_short, n_long = np.uint64(0), np.uint64(0)
    for block in range(n_words):
        _fill_near(near, row, 64 * block, min(64 + order, x.size - 64 * block), r)
        for i in range(min(64, n_templates - 64 * block)):
            _narrow(near, i, block, order)
            short, long = _later_matches(near, i, block, order, allowed)
            n_short, n_long = n_short + short, n_long + long
    return n_short, n_long


@kernel
def _sample_entropy(x: np.ndarray, order: int, r: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape[0])
    for s in range(x.shape[0]):
        n_short, n_long = _pair_counts(x[s], order, r[s])
        out[s] = -np.log(n_long / n_short) if n_short > 0 else np.nan
    return out


@inlined
def _n_near(near: np.ndarray, i: int, order: int) -> tuple[np.uint64, np.uint64]:
    """Count the templates near template i, itself included, over `order` samples and over one more."""
    n_short, n_long = np.uint64(0), np.uint64(0)
    for w in range(near.shape[1] - 1):
        n_short += popcount(near[i, w])
        n_long += popcount(near[i, w] & _from_bit(near, i + order, w, order))
    return n_short, n_long


@kernel
def _log_sums(x: np.ndarray, order: int, r: float, log: np.ndarray) -> tuple[float, float]:
    """Sum, over templates, the logarithm of how many are within r, for `order` samples and for one more."""
    n_words = x.size // 64 + 1
    row = _padded(x, n_words)
    near = np.zeros((64 + order, n_words + 1), np.uint64)
    short, long = 0.0, 0.0
    for block in range(n_words):
        start = 64 * block
        for i in range(min(64 + order, x.size - start)):
            for w in range(n_words):
                near[i, w] = within64(row, 64 * w, row[start + i], r)
        for i in range(min(64, x.size - order + 1 - start)):
            _narrow(near, i, 0, order)
            n_short, n_long = _n_near(near, i, order)
            short += log[n_short]
            if start + i < x.size - order:
                long += log[n_long]
    return short, long


@kernel
def _approximate_entropy(x: np.ndarray, order: int, r: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape[0])
    n = x.shape[1] - order
    log = np.log(np.arange(x.shape[1] + 1.0))
    for s in range(x.shape[0]):
        short, long = _log_sums(x[s], order, r[s], log)
        out[s] = (short / (n + 1) - log[n + 1]) - (long / n - log[n])
    return out


def _in_a_word(given: Given) -> bool:
    return int(given["order"]) < 64


# float32 can move a pair that lies within rounding of the radius to the other side: a few of some 10^4 counted pairs
@twin(
    "sample_entropy", backend="cpu", tolerance={"float64": 0.0, "float32": 2e-3}, when=lambda given: given["order"] < 64
)
def sample_entropy(x: np.ndarray, *, order: int = 2, tolerance: float = 0.2) -> np.ndarray:
    """Count in words of 64 comparisons."""
    flat = series(x)
    return _sample_entropy(flat, order, radius(flat, tolerance).astype(x.dtype)).reshape(x.shape[:-1])


@twin("approximate_entropy", backend="cpu", tolerance={"float64": 1e-12, "float32": 2e-3}, when=_in_a_word)
def approximate_entropy(x: np.ndarray, *, order: int = 2, tolerance: float = 0.2) -> np.ndarray:
    """Count in words of 64 comparisons."""
    flat = series(x)
    return _approximate_entropy(flat, order, radius(flat, tolerance).astype(x.dtype)).reshape(x.shape[:-1])
