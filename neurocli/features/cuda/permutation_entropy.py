"""Permutation entropy: the code of every pattern in registers, counted in one histogram a series."""

from __future__ import annotations

from math import factorial, log, log2

import torch

from ..define import twin
from ._jit import block, groups, jit, launch, power_of_two, series, tl

SHARED = 5  # up to 120 patterns are counted in shared memory; more are counted by torch


@jit
def _codes(row: tl.tensor, t: tl.tensor, inside: tl.tensor, delay: tl.tensor, ORDER: tl.constexpr) -> tl.tensor:
    """Return the Lehmer code of each pattern: how many later samples are smaller than each."""
    code = t * 0
    for first in tl.static_range(ORDER - 1):
        here = tl.load(row + t + first * delay, mask=inside, other=0.0)
        code *= ORDER - first
        for later in tl.static_range(first + 1, ORDER):
            code += (tl.load(row + t + later * delay, mask=inside, other=0.0) < here).to(tl.int32)
    return code


@jit
def _counted(
    x: tl.tensor,
    out: tl.tensor,
    n: tl.tensor,
    n_patterns: tl.tensor,
    delay: tl.tensor,
    ORDER: tl.constexpr,
    BINS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Count the patterns of one series; x (n_series, n), out (n_series, BINS)."""
    s = tl.program_id(0).to(tl.int64)
    counts = tl.zeros([BINS], tl.int32)
    for start in range(0, n_patterns, BLOCK):
        t = start + tl.arange(0, BLOCK)
        inside = t < n_patterns
        code = _codes(x + s * n, t, inside, delay, ORDER)
        counts += tl.histogram(tl.where(inside, code, BINS - 1), BINS)  # there are fewer patterns than bins
    bins = tl.arange(0, BINS)
    beyond = tl.cdiv(n_patterns, BLOCK) * BLOCK - n_patterns
    tl.store(out + s * BINS + bins, counts - tl.where(bins == BINS - 1, beyond, 0))


@jit
def _coded(
    x: tl.tensor,
    out: tl.tensor,
    n: tl.tensor,
    n_patterns: tl.tensor,
    delay: tl.tensor,
    ORDER: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Write the code of each pattern; x (n_series, n), out (n_series, n_patterns)."""
    s = tl.program_id(0).to(tl.int64)
    for start in range(0, n_patterns, BLOCK):
        t = start + tl.arange(0, BLOCK)
        inside = t < n_patterns
        tl.store(out + s * n_patterns + t, _codes(x + s * n, t, inside, delay, ORDER), mask=inside)


def pattern_counts(x: torch.Tensor, order: int, delay: int) -> torch.Tensor:
    """Return how often each pattern is used; shape (n_series, n_times) to (n_series, n_codes), whole numbers."""
    n_series, n = x.shape
    n_patterns = n - (order - 1) * delay
    if order > SHARED:
        return _counts_of_many(x, n_patterns, order, delay)
    bins = power_of_two(factorial(order) + 1)
    counts = torch.empty((n_series, bins), dtype=torch.int32, device=x.device)
    sizes = {"ORDER": order, "BINS": bins, "BLOCK": max(128, block(n_patterns))}  # one pattern a thread or more
    launch(_counted, (n_series,), x, counts, n, n_patterns, delay, **sizes, num_warps=4)
    return counts[:, : factorial(order)]


def _counts_of_many(x: torch.Tensor, n_patterns: int, order: int, delay: int) -> torch.Tensor:
    n_codes = factorial(order)
    counts = torch.empty((len(x), n_codes), dtype=torch.int64, device=x.device)
    for part in groups(len(x), n_codes + n_patterns):
        n_rows = part.stop - part.start
        codes = torch.empty((n_rows, n_patterns), dtype=torch.int32, device=x.device)
        sizes = {"ORDER": order, "BLOCK": block(n_patterns)}
        launch(_coded, (n_rows,), x[part], codes, x.shape[1], n_patterns, delay, **sizes, num_warps=4)
        rows = torch.arange(n_rows, device=x.device)[:, None] * n_codes
        counts[part] = torch.bincount((codes + rows).ravel(), minlength=n_rows * n_codes).reshape(n_rows, n_codes)
    return counts


@twin("permutation_entropy", backend="cuda", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def permutation_entropy(x: torch.Tensor, *, order: int = 3, delay: int = 1, normalize: bool = True) -> torch.Tensor:
    """Count, then take the entropy of the counts in float64; of so many series at once as their patterns have room."""
    flat = series(x)
    found = [_entropies(pattern_counts(flat[part], order, delay)) for part in groups(len(flat), factorial(order))]
    entropy = torch.cat(found)
    if normalize:
        entropy = (entropy / log2(factorial(order))).clamp_(0.0, 1.0)
    return entropy.reshape(x.shape[:-1])


def _entropies(counts: torch.Tensor) -> torch.Tensor:
    p = counts.to(torch.float64)
    p /= p.sum(dim=-1, keepdim=True)
    return torch.special.entr(p).sum(dim=-1) / log(2)
