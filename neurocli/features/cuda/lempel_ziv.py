"""Lempel-Ziv complexity: one program a series, 62 symbols a word, all earlier starts compared at once."""

from __future__ import annotations

import torch

from ..define import twin
from ..lempel_ziv import per_phrase
from ._jit import block, groups, jit, launch, series, tl
from ._select import kth

WORD = 62  # symbols a word; the bit above them ends every match, the sign bit stays free


@jit
def _windows(
    x: tl.tensor, middle: tl.tensor, words: tl.tensor, n: tl.tensor, WORD: tl.constexpr, BLOCK: tl.constexpr
) -> None:
    """Write, for each sample, the word of the symbols from it on: 1 above the middle, 0 after the end."""
    s, b = tl.program_id(0).to(tl.int64), tl.program_id(1)
    t = b * BLOCK + tl.arange(0, BLOCK)
    level = tl.load(middle + s)
    word = tl.zeros([BLOCK], tl.int64)
    for bit in range(0, WORD):
        above = tl.load(x + s * n + t + bit, mask=t + bit < n, other=0.0) > level
        word |= (above & (t + bit < n)).to(tl.int64) << bit
    tl.store(words + s * n + t, word, mask=t < n)


@jit
def _matched(words: tl.tensor, here: tl.tensor, WORD: tl.constexpr) -> tl.tensor:
    """Return ones for as many symbols as agree."""
    differs = (words ^ here) | (here * 0 + 1 << WORD)
    return (differs - 1) & ~differs


@jit
def _length(ones: tl.tensor) -> tl.tensor:
    """Return how many ones a word of lowest ones has; a power of two is exact in float64."""
    return (tl.log2((ones + 1).to(tl.float64)) + 0.5).to(tl.int32)


@jit
def _longest(row: tl.tensor, here: tl.tensor, start: tl.tensor, WORD: tl.constexpr, BLOCK: tl.constexpr) -> tl.tensor:
    """Return how many symbols from `start` on, of one word, occur from an earlier start."""
    best = tl.zeros([BLOCK], tl.int64)
    for first in range(0, start, BLOCK):
        i = first + tl.arange(0, BLOCK)
        ones = _matched(tl.load(row + i, mask=i < start, other=0), here, WORD)
        best = tl.maximum(best, tl.where(i < start, ones, 0))
    return _length(tl.max(best))


@jit
def _longest_beyond(
    row: tl.tensor, here: tl.tensor, start: tl.tensor, n: tl.tensor, WORD: tl.constexpr, BLOCK: tl.constexpr
) -> tl.tensor:
    """Do the same where an earlier start agrees for a whole word, following it beyond."""
    best = tl.zeros([BLOCK], tl.int32)
    for first in range(0, start, BLOCK):
        i = first + tl.arange(0, BLOCK)
        alive = (i < start) & (tl.load(row + i, mask=i < start, other=0) == here)
        ahead = start * 0
        while (start + ahead < n) & (tl.max(alive.to(tl.int32)) > 0):
            words = tl.load(row + i + ahead, mask=alive, other=0)
            length = _length(_matched(words, tl.load(row + start + ahead), WORD))
            best = tl.maximum(best, tl.where(alive, ahead + length, 0))
            alive = alive & (length == WORD)
            ahead += WORD
    return tl.max(best)


@jit
def _phrases(words: tl.tensor, out: tl.tensor, n: tl.tensor, WORD: tl.constexpr, BLOCK: tl.constexpr) -> None:
    """Count the phrases of one series; words (n_series, n), out (n_series,)."""
    s = tl.program_id(0).to(tl.int64)
    row = words + s * n
    start = tl.zeros([], tl.int32) + 1  # the first symbol is the first phrase
    count = tl.zeros([], tl.int32) + 1
    while start < n:
        here = tl.load(row + start)
        length = _longest(row, here, start, WORD, BLOCK)
        if length == WORD:
            length = _longest_beyond(row, here, start, n, WORD, BLOCK)
        start += 1 + length
        count += 1
    tl.store(out + s, count)


def phrases(x: torch.Tensor, middle: torch.Tensor) -> torch.Tensor:
    """Return the number of phrases of each series; x (n_series, n_times), middle (n_series,), both of one dtype."""
    n_series, n = x.shape
    counts = torch.empty(n_series, dtype=torch.int32, device=x.device)
    size = block(n)
    for part in groups(n_series, n):
        n_rows = part.stop - part.start
        words = torch.empty((n_rows, n), dtype=torch.int64, device=x.device)
        launch(_windows, (n_rows, -(-n // size)), x[part], middle[part], words, n, WORD=WORD, BLOCK=size, num_warps=4)
        launch(_phrases, (n_rows,), words, counts[part], n, WORD=WORD, BLOCK=min(size, 256), num_warps=1)
    return counts


def _median(x: torch.Tensor) -> torch.Tensor:
    """Return a value that has the same samples above it as the median (float64, as the reference) of each row."""
    half = x.shape[-1] // 2
    if x.shape[-1] % 2:
        return kth(x, [half])[:, 0]
    low, high = kth(x, [half - 1, half]).unbind(-1)
    middle = (low.double() + high.double()) / 2
    rounded = middle.to(x.dtype)
    return torch.where(rounded > middle, low, rounded)  # nothing lies between low and high


@twin("lempel_ziv_complexity", backend="cuda", tolerance={"float64": 1e-15, "float32": 6e-8})
def lempel_ziv_complexity(x: torch.Tensor, *, normalize: bool = True) -> torch.Tensor:
    """Count the same phrases from packed symbols."""
    flat = series(x)
    counts = phrases(flat, _median(flat)).to(torch.float64).reshape(x.shape[:-1])
    return counts * per_phrase(x.shape[-1], normalize=normalize)
