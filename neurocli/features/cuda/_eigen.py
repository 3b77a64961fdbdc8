"""Eigenvalues of many small symmetric matrices at once, by Jacobi's rotations."""

from __future__ import annotations

import torch

from ._jit import jit, launch, power_of_two, tl

TOGETHER = 2**14  # matrices that cuSOLVER is given in one call: it refuses more than some 2^15


@jit
def _turn(app: tl.tensor, aqq: tl.tensor, apq: tl.tensor) -> tl.tensor:
    """Return cosine and sine of the rotation that makes an off-diagonal element zero."""
    off = tl.abs(apq) > 1e-140 * tl.abs(aqq - app)  # else theta^2 overflows, and nothing is left to turn
    theta = (aqq - app) / tl.where(off, 2.0 * apq, 1.0)
    tangent = tl.where(theta < 0, -1.0, 1.0) / (tl.abs(theta) + tl.sqrt(theta * theta + 1.0))
    tangent = tl.where(off, tangent, 0.0)
    cosine = 1.0 / tl.sqrt(tangent * tangent + 1.0)
    return cosine, tangent * cosine


@jit
def _small(
    a: tl.tensor,
    out: tl.tensor,
    n_matrices: tl.tensor,
    n: tl.tensor,
    n_sweeps: tl.tensor,
    WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Write the eigenvalues of BLOCK matrices, unordered; a (n_matrices, n, n), out (n_matrices, n)."""
    m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    i, j = tl.arange(0, WIDTH)[None, :, None], tl.arange(0, WIDTH)[None, None, :]
    inside = (m < n_matrices)[:, None, None] & (i < n) & (j < n)
    matrix = tl.load(a + m.to(tl.int64)[:, None, None] * n * n + i * n + j, mask=inside, other=0.0)
    for _ in range(0, n_sweeps):
        for p in range(0, n - 1):
            for q in range(p + 1, n):
                app = tl.sum(tl.sum(tl.where((i == p) & (j == p), matrix, 0.0), axis=2), axis=1)
                aqq = tl.sum(tl.sum(tl.where((i == q) & (j == q), matrix, 0.0), axis=2), axis=1)
                apq = tl.sum(tl.sum(tl.where((i == p) & (j == q), matrix, 0.0), axis=2), axis=1)
                cosine, sine = _turn(app, aqq, apq)
                cosine, sine = cosine[:, None, None], sine[:, None, None]
                at_p, at_q = tl.where(j == p, matrix, 0.0), tl.where(j == q, matrix, 0.0)
                at_p, at_q = tl.sum(at_p, axis=2)[:, :, None], tl.sum(at_q, axis=2)[:, :, None]
                turned = tl.where(j == p, cosine * at_p - sine * at_q, sine * at_p + cosine * at_q)
                matrix = tl.where((j == p) | (j == q), turned, matrix)
                at_p, at_q = tl.where(i == p, matrix, 0.0), tl.where(i == q, matrix, 0.0)
                at_p, at_q = tl.sum(at_p, axis=1)[:, None, :], tl.sum(at_q, axis=1)[:, None, :]
                turned = tl.where(i == p, cosine * at_p - sine * at_q, sine * at_p + cosine * at_q)
                matrix = tl.where((i == p) | (i == q), turned, matrix)
    row = tl.arange(0, WIDTH)[None, :]
    values = tl.sum(tl.where(i == j, matrix, 0.0), axis=2)
    tl.store(out + m.to(tl.int64)[:, None] * n + row, values, mask=(m < n_matrices)[:, None] & (row < n))


def small_eigenvalues(a: torch.Tensor) -> torch.Tensor:
    """Return ascending eigenvalues of symmetric matrices.

    Parameters
    ----------
    a : tensor of float64, shape (n_matrices, n, n)
        n is 32 at most; up to 8 they are rotated in registers, beyond by cuSOLVER's batched rotations.

    Returns
    -------
    values : tensor of float64, shape (n_matrices, n)
    """
    n_matrices, n, _ = a.shape
    if n > 8:
        starts = range(0, n_matrices, TOGETHER)
        return torch.cat([torch.linalg.eigvalsh(a[start : start + TOGETHER]) for start in starts])
    values = torch.empty((n_matrices, n), dtype=torch.float64, device=a.device)
    width = power_of_two(n)
    size = min(512 // width**2 or 1, power_of_two(n_matrices))
    launch(_small, (-(-n_matrices // size),), a, values, n_matrices, n, 6, WIDTH=width, BLOCK=size, num_warps=4)
    return values.sort(dim=-1).values
