"""The k-th smallest samples of each series, found bit by bit: no sort, and exact."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ._jit import block, jit, launch, power_of_two, table, tl


@jit
def _kth(
    x: tl.tensor,
    ranks: tl.tensor,
    out: tl.tensor,
    n: tl.tensor,
    BITS: tl.constexpr,
    MASK: tl.constexpr,
    RANKS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Write the keys of all ranks of one series; x (n_series, n) holds floats read as whole numbers."""
    s, i, k = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK), tl.arange(0, RANKS)
    rank = tl.load(ranks + k)
    one, found = tl.full([RANKS], 1, tl.int64), tl.full([RANKS], 0, tl.int64)
    for bit in range(0, BITS):  # the first decides on the sign, each other adds its half of what is left
        limit = found + tl.where(bit > 0, one << (BITS - 1 - bit), 0)
        below = tl.full([RANKS], 0, tl.int32)
        for start in range(0, n, BLOCK):
            t = start + i
            bits = tl.load(x + s * n + t, mask=t < n, other=MASK)
            key = (bits ^ ((bits >> (BITS - 1)) & MASK)).to(tl.int64)  # in the order of the floats
            below += tl.sum(((key[:, None] < limit[None, :]) & (t < n)[:, None]).to(tl.int32), axis=0)
        found = tl.where(below <= rank, limit, tl.where(bit > 0, found, -1 - MASK))
    tl.store(out + s * RANKS + k, found)


def kth(x: torch.Tensor, ranks: list[int]) -> torch.Tensor:
    """Return order statistics.

    Parameters
    ----------
    x : tensor, shape (n_series, n_times)
        Contiguous, without NaN.
    ranks : list of int
        0 for the smallest.

    Returns
    -------
    values : tensor, shape (n_series, n_ranks)
        Samples of `x`.
    """
    kind, bits = (torch.int32, 32) if x.dtype == torch.float32 else (torch.int64, 64)
    mask = 2 ** (bits - 1) - 1
    n_ranks = power_of_two(len(ranks))
    keys = torch.empty((len(x), n_ranks), dtype=torch.int64, device=x.device)
    which = table([*ranks, *ranks[-1:] * (n_ranks - len(ranks))], x, torch.int32)
    sizes = {"BITS": bits, "MASK": mask, "RANKS": n_ranks, "BLOCK": block(x.shape[1])}
    launch(_kth, (len(x),), x.view(kind), which, keys, x.shape[1], **sizes, num_warps=4)
    whole = keys[:, : len(ranks)].to(kind)
    return (whole ^ ((whole >> (bits - 1)) & mask)).view(x.dtype)


def quantiles(x: torch.Tensor, at: Sequence[float]) -> torch.Tensor:
    """Return quantiles, interpolated linearly; shape (n_series, n_times) to (n_series, n_quantiles)."""
    last = x.shape[1] - 1
    places = [share * last for share in at]
    lower = [min(int(place), last) for place in places]
    ranks = sorted({*lower, *(min(low + 1, last) for low in lower)})
    values = kth(x, ranks)
    low = values[:, [ranks.index(rank) for rank in lower]]
    high = values[:, [ranks.index(min(rank + 1, last)) for rank in lower]]
    part = table([place - rank for place, rank in zip(places, lower, strict=True)], x)
    return low + (high - low) * part
