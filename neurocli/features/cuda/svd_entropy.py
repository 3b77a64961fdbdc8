"""Singular value entropy: Gram matrices in float64, their eigenvalues by rotations in registers."""

from __future__ import annotations

from math import log, log2

import torch

from ..define import Given, twin
from ._eigen import small_eigenvalues
from ._jit import block, groups, jit, launch, series, tl

SMALLEST_RATIO = 1e-7  # of eigenvalues, where their roots still have nine digits; below, the matrix is decomposed


@jit
def _grams(
    x: tl.tensor,
    out: tl.tensor,
    n: tl.tensor,
    n_rows: tl.tensor,
    order: tl.tensor,
    delay: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    """Write one product of two delayed copies of one series; out (n_series, order, order)."""
    s, i, j = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.program_id(2)
    if i <= j:
        total = tl.zeros([BLOCK], tl.float64)
        for start in range(0, n_rows, BLOCK):
            t = start + tl.arange(0, BLOCK)
            a = tl.load(x + s * n + t + i * delay, mask=t < n_rows, other=0.0).to(tl.float64)
            b = tl.load(x + s * n + t + j * delay, mask=t < n_rows, other=0.0).to(tl.float64)
            total += a * b
        product = tl.sum(total)
        tl.store(out + (s * order + i) * order + j, product)
        tl.store(out + (s * order + j) * order + i, product)


def _at_most_32(given: Given) -> bool:
    return int(given["order"]) <= 32


@twin("svd_entropy", backend="cuda", tolerance={"float64": 1e-9, "float32": 1e-6}, when=_at_most_32)
def svd_entropy(x: torch.Tensor, *, order: int = 3, delay: int = 1, normalize: bool = True) -> torch.Tensor:
    """Take roots of the Gram matrix's eigenvalues; a nearly singular embedding goes through the full decomposition."""
    flat, n_rows = series(x), x.shape[-1] - (order - 1) * delay
    grams = torch.empty((len(flat), order, order), dtype=torch.float64, device=x.device)
    grid = (len(flat), order, order)
    launch(_grams, grid, flat, grams, flat.shape[1], n_rows, order, delay, BLOCK=block(n_rows), num_warps=4)
    values = small_eigenvalues(grams)
    singular = values.clamp(min=0.0).sqrt()
    bad = values[:, 0] < SMALLEST_RATIO * values[:, -1]
    if bad.any():
        singular[bad] = _decomposed(flat[bad], order, delay)
    p = singular / singular.sum(dim=-1, keepdim=True)
    entropy = torch.special.entr(p).sum(dim=-1) / log(2)
    return (entropy / log2(order) if normalize else entropy).reshape(x.shape[:-1])


def _decomposed(x: torch.Tensor, order: int, delay: int) -> torch.Tensor:
    """Return the singular values of embedded series, from LAPACK: cuSOLVER takes tall matrices one by one."""
    n_rows, found = x.shape[-1] - (order - 1) * delay, []
    for part in groups(len(x), n_rows * order):
        rows = x[part].cpu().double()
        copies = [rows[:, i * delay : i * delay + n_rows] for i in range(order)]
        found.append(torch.linalg.svdvals(torch.stack(copies, dim=-1)))
    return torch.cat(found).to(x.device)
