"""Sample and approximate entropy by comparing all pairs of samples: whole counts, no sort and no tree.

For sample entropy a lane holds one lag and walks along the signal, the last comparisons as bits of a word: each pair of
samples is compared once. For approximate entropy, which counts for each template, a lane holds one template.
"""

from __future__ import annotations

from math import log
from typing import Any

import torch

from ..define import Given, twin
from ._jit import jit, lanes, launch, series, tl
from .statistics import ROWS

# float32 can move a pair that lies within rounding of the radius to the other side: a few of some 10^4 counted pairs
NEARLY = {"float64": 1e-12, "float32": 2e-3}


@jit
def _pairs(x: tl.tensor, r: tl.tensor, out: tl.tensor, n: tl.tensor, ORDER: tl.constexpr, BLOCK: tl.constexpr) -> None:
    """Count the pairs of templates nearer than r at BLOCK lags; x (n_series, n), out (n_series, n_blocks, 2)."""
    s, b = tl.program_id(0).to(tl.int64), tl.program_id(1)
    row, radius = x + s * n, tl.load(r + s)
    lag = 1 + b * BLOCK + tl.arange(0, BLOCK)
    bits, short, long = tl.zeros([BLOCK], tl.int32), tl.zeros([BLOCK], tl.int32), tl.zeros([BLOCK], tl.int32)
    for i in range(0, n - 1 - b * BLOCK):  # further on, no lane has a partner
        inside = i + lag < n
        here, there = tl.load(row + i), tl.load(row + i + lag, mask=inside, other=0.0)
        bits = (bits << 1) | ((tl.abs(there - here) < radius) & inside).to(tl.int32)
        short += (((bits & ((1 << ORDER) - 1)) == (1 << ORDER) - 1) & (i + lag < n - 1)).to(tl.int32)
        long += ((bits & ((2 << ORDER) - 1)) == (2 << ORDER) - 1).to(tl.int32)
    place = out + (s * tl.num_programs(1) + b) * 2
    tl.store(place, tl.sum(short.to(tl.int64)))
    tl.store(place + 1, tl.sum(long.to(tl.int64)))


@jit
def _near(
    own: tl.tensor, row: tl.tensor, j: tl.tensor, radius: tl.tensor, FIRST: tl.constexpr, LAST: tl.constexpr
) -> tl.tensor:
    """Return which templates are near template j from their sample FIRST to the one before LAST."""
    near = tl.abs(own[FIRST] - tl.load(row + j + FIRST)) <= radius
    for k in tl.static_range(FIRST + 1, LAST):
        near = near & (tl.abs(own[k] - tl.load(row + j + k)) <= radius)
    return near


@jit
def _own(row: tl.tensor, i: tl.tensor, n: tl.tensor, COUNT: tl.constexpr) -> tl.tensor:
    """Return COUNT samples of each template."""
    own = (tl.load(row + i, mask=i < n, other=0.0),)
    for k in tl.static_range(1, COUNT):
        own = own + (tl.load(row + i + k, mask=i + k < n, other=0.0),)  # type: ignore[assignment]  # noqa: RUF005 - Triton knows no unpacking
    return own


@jit
def _log_counts(
    x: tl.tensor, r: tl.tensor, out: tl.tensor, n: tl.tensor, ORDER: tl.constexpr, BLOCK: tl.constexpr
) -> None:
    """Sum the log counts of near templates, for BLOCK templates; x (n_series, n), out (n_series, n_blocks, 2)."""
    s, b = tl.program_id(0).to(tl.int64), tl.program_id(1)
    row, radius = x + s * n, tl.load(r + s)
    i = b * BLOCK + tl.arange(0, BLOCK)
    own = _own(row, i, n, ORDER + 1)
    short, long = tl.zeros([BLOCK], tl.int32), tl.zeros([BLOCK], tl.int32)
    for j in range(0, n - ORDER):
        near = _near(own, row, j, radius, 0, ORDER)
        short += near.to(tl.int32)
        long += (near & _near(own, row, j, radius, ORDER, ORDER + 1)).to(tl.int32)
    short += _near(own, row, n - ORDER, radius, 0, ORDER).to(tl.int32)  # the last template has no sample more
    log_short = tl.where(i <= n - ORDER, tl.log(tl.maximum(short, 1).to(tl.float64)), 0.0)
    log_long = tl.where(i < n - ORDER, tl.log(tl.maximum(long, 1).to(tl.float64)), 0.0)
    place = out + (s * tl.num_programs(1) + b) * 2
    tl.store(place, tl.sum(log_short))
    tl.store(place + 1, tl.sum(log_long))


def pair_counts(x: torch.Tensor, r: torch.Tensor, order: int) -> torch.Tensor:
    """Return the pairs of templates nearer than r over `order` samples, and over one more.

    Parameters
    ----------
    x : tensor, shape (n_series, n_times)
        Signal.
    r : tensor, shape (n_series,)
        Radius, in the dtype of the signal.
    order : int
        Length of a template, below 31.

    Returns
    -------
    counts : tensor of int64, shape (n_series, 2)
        As of `sample_entropy`.
    """
    return _summed(_pairs, x, r, order, lanes(x.shape[1], 128), torch.int64)


def _summed(kernel: Any, x: torch.Tensor, r: torch.Tensor, order: int, size: int, dtype: torch.dtype) -> torch.Tensor:
    n_series, n = x.shape
    n_blocks = -(-n // size)
    out = torch.empty((n_series, n_blocks, 2), dtype=dtype, device=x.device)
    launch(kernel, (n_series, n_blocks), x, r, out, n, ORDER=order, BLOCK=size, num_warps=1)
    return out.sum(dim=1)


def _radius(statistics: torch.Tensor, tolerance: float, dtype: torch.dtype) -> torch.Tensor:
    return (tolerance * statistics[ROWS.index("std")]).reshape(-1).to(dtype)


def _in_a_word(given: Given) -> bool:
    return int(given["order"]) < 31


@twin("sample_entropy", backend="cuda", tolerance=NEARLY, when=_in_a_word)
def sample_entropy(
    x: torch.Tensor, fused_statistics: torch.Tensor, *, order: int = 2, tolerance: float = 0.2
) -> torch.Tensor:
    """Count pairs in whole numbers, then take one logarithm."""
    short, long = pair_counts(series(x), _radius(fused_statistics, tolerance, x.dtype), order).double().unbind(-1)
    return torch.where(short > 0, -torch.log(long / short), torch.nan).reshape(x.shape[:-1])


@twin("approximate_entropy", backend="cuda", tolerance=NEARLY, when=lambda given: int(given["order"]) < 8)
def approximate_entropy(
    x: torch.Tensor, fused_statistics: torch.Tensor, *, order: int = 2, tolerance: float = 0.2
) -> torch.Tensor:
    """Count the templates near each template, and sum the logarithms in float64."""
    flat, n = series(x), x.shape[-1] - order
    r = _radius(fused_statistics, tolerance, x.dtype)
    short, long = _summed(_log_counts, flat, r, order, lanes(x.shape[-1], 256), torch.float64).unbind(-1)
    return ((short / (n + 1) - log(n + 1)) - (long / n - log(n))).reshape(x.shape[:-1])
