"""Eigenvalues and eigenvectors of a batch of symmetric matrices by Jacobi's rotations, in float64.

`torch.linalg.eigh` takes matrices above 32 x 32 one after another. Here one program turns one matrix, or
several small ones: half as many pairs of rows as there are rows at once, in the order of a round-robin tournament, so
that every pair meets once a sweep. What is larger is cut into blocks: two blocks that meet are one matrix for the same
kernel, and the rest is matrix products.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from ._eigen import _turn
from ._jit import jit, lanes, launch, power_of_two, table, tl

MOST = 64  # rows that one program turns; 32 kB in float64
SWEEPS = 24  # six to ten suffice for well separated eigenvalues; a bound, not a number
INNER = 2  # sweeps of two blocks that meet: they meet again before more would pay
SMALL = 1e-12  # a sweep that meets no more than this, relative to the whole matrix, leaves its square


@jit
def _rotate(
    pairs: tl.tensor,
    w: tl.tensor,
    n_matrices: tl.tensor,
    n: tl.tensor,
    n_sweeps: tl.tensor,
    small: tl.tensor,
    BLOCK: tl.constexpr,
    WIDTH: tl.constexpr,
    HALF: tl.constexpr,
) -> None:
    """Turn BLOCK matrices towards diagonals in place, and what they are seen from with them.

    w (n_matrices, 2 n, n) has each matrix above what its columns are turned with; pairs (n - 1, 2, n / 2) says which
    rows meet in a turn. Between steps that read what other threads have written there is a barrier.
    """
    m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = w + m.to(tl.int64)[:, None] * 2 * n * n
    i, k, half = tl.arange(0, WIDTH)[None, :, None], tl.arange(0, HALF)[None, :], n // 2
    here = (m < n_matrices)[:, None] & (k < half)
    in_column, in_row = here[:, None, :] & (i < 2 * n), here[:, None, :] & (i < n)
    column, row = a[:, :, None] + i * n, a[:, :, None] + i
    left = tl.load(column + k[:, None, :], mask=in_row, other=0.0)
    right = tl.load(column + half + k[:, None, :], mask=in_row, other=0.0)
    end = tl.sum(tl.sum(left * left + right * right, axis=2), axis=1) * small * small
    sweep, n_left = 0, 1
    while (sweep < n_sweeps) & (n_left > 0):
        met = tl.zeros([BLOCK, HALF], tl.float64)
        for turn in range(0, n - 1):
            p = tl.load(pairs + turn * n + k, mask=k < half, other=0)
            q = tl.load(pairs + turn * n + half + k, mask=k < half, other=0)
            app, aqq = tl.load(a + p * (n + 1), mask=here, other=0.0), tl.load(a + q * (n + 1), mask=here, other=0.0)
            apq = tl.load(a + p * n + q, mask=here, other=0.0)
            met += apq * apq
            cosine, sine = _turn(app, aqq, apq)
            cosine, sine, p, q = cosine[:, None, :], sine[:, None, :], p[:, None, :], q[:, None, :]
            tl.debug_barrier()
            at_p, at_q = tl.load(column + p, mask=in_column, other=0.0), tl.load(column + q, mask=in_column, other=0.0)
            tl.store(column + p, cosine * at_p - sine * at_q, mask=in_column)
            tl.store(column + q, sine * at_p + cosine * at_q, mask=in_column)
            tl.debug_barrier()
            p, q = row + p * n, row + q * n
            at_p, at_q = tl.load(p, mask=in_row, other=0.0), tl.load(q, mask=in_row, other=0.0)
            tl.store(p, cosine * at_p - sine * at_q, mask=in_row)
            tl.store(q, sine * at_p + cosine * at_q, mask=in_row)
            tl.debug_barrier()
        sweep += 1
        n_left = tl.sum((tl.sum(met, axis=1) > end).to(tl.int32))


@cache
def _tournament(n: int) -> np.ndarray:
    """Return who meets in each turn so that everybody meets everybody once; shape (n - 1, 2, n / 2), n even."""
    turn, k = np.arange(n - 1)[:, None], np.arange(1, n // 2)
    one = np.concatenate([np.full_like(turn, n - 1), (turn + k) % (n - 1)], axis=1)
    other = np.concatenate([turn, (turn - k) % (n - 1)], axis=1)
    return np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1)


def _turned(a: torch.Tensor, n_sweeps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return matrices (n_matrices, n, n), n even, turned towards diagonals, and the turns as columns."""
    n = a.shape[-1]
    turns = torch.eye(n, dtype=torch.float64, device=a.device).expand_as(a)
    both, pairs = torch.cat([a, turns], dim=1), table(_tournament(n), a, torch.int32)
    width, half = power_of_two(2 * n), power_of_two(n // 2)
    size = min(power_of_two(len(a)), lanes(2**14, max(1, 2**11 // (width * half))))
    sizes = {"BLOCK": size, "WIDTH": width, "HALF": half, "num_warps": 8 if n > 32 else 4, "num_stages": 1}
    launch(_rotate, (-(-len(a) // size),), pairs, both, len(a), n, n_sweeps, SMALL, **sizes)
    return both[:, :n], both[:, n:]


def eigh(a: torch.Tensor, most: int = MOST) -> tuple[torch.Tensor, torch.Tensor]:
    """Return eigenvalues and eigenvectors of symmetric matrices, as `torch.linalg.eigh`.

    Parameters
    ----------
    a : tensor, shape (n_matrices, n, n)
        Finite; both triangles are read.
    most : int
        Rows that one program turns at most; an even number.

    Returns
    -------
    values : tensor of float64, shape (n_matrices, n)
        Ascending.
    vectors : tensor of float64, shape (n_matrices, n, n)
        In columns, orthonormal.
    """
    n = a.shape[-1]
    size = max(2, n + n % 2) if n <= most else -(-n // most) * most
    work = torch.zeros((len(a), size, size), dtype=torch.float64, device=a.device)
    scale = _scale(a.double())
    work[:, :n, :n] = a / scale  # what is added is zero, and stays so: it is turned with nothing
    work, seen = _by_blocks(work, most // 2) if n > most else _turned(work, SWEEPS)
    values, order = work.diagonal(dim1=-2, dim2=-1)[:, :n].sort(dim=-1)
    return values * scale[:, 0], seen[:, :n, :n].gather(-1, order[:, None, :].expand(-1, n, -1))


def _scale(a: torch.Tensor) -> torch.Tensor:
    """Return the power of two next to the largest element, shape (n_matrices, 1, 1): squares are then numbers."""
    most = a.abs().amax(dim=(-2, -1), keepdim=True)
    return torch.where(most > 0, most, 1.0).log2().floor().exp2()


def _by_blocks(a: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the same of matrices of an even number of blocks."""
    v = torch.eye(a.shape[-1], dtype=a.dtype, device=a.device).expand_as(a)
    end = SMALL**2 * (a * a).sum(dim=(-2, -1))
    within = torch.arange(block, device=a.device)
    for _ in range(SWEEPS):
        met = torch.zeros_like(end)
        for pairs in table(_tournament(a.shape[-1] // block), a, torch.int64):
            rows = (pairs.T.reshape(-1, 1) * block + within).reshape(-1)  # blocks that meet lie beside each other
            a, v, seen = _met(a[:, rows][:, :, rows], v[..., rows], 2 * block)
            back = rows.argsort()
            a, v, met = a[:, back][:, :, back], v[..., back], met + seen
        if bool((met <= end).all()):
            break
    return a, v


def _met(a: torch.Tensor, v: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Turn pairs of blocks, `size` rows each, and all else with them; also return what they had between them."""
    n_matrices, n, _ = a.shape
    tiles = a.reshape(n_matrices, n // size, size, n // size, size)
    own = tiles.diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2).reshape(-1, size, size)
    between = own[:, : size // 2, size // 2 :].square().sum(dim=(-2, -1)).reshape(n_matrices, -1).sum(dim=-1)
    turns = _turned(own, INNER)[1].reshape(n_matrices, -1, size, size)
    a = _columns(_columns(a, turns).transpose(-1, -2), turns).transpose(-1, -2)
    return a, _columns(v, turns), between


def _columns(x: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Return x (n_matrices, n, n) times the block diagonal matrix of turns (n_matrices, n_blocks, size, size)."""
    parts = x.reshape(*x.shape[:2], turns.shape[1], -1).transpose(1, 2)
    return torch.matmul(parts, turns).transpose(1, 2).reshape(x.shape)
