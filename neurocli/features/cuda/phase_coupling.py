"""All pairs of channels at once: locking and coherence as matrix products, the lag indices in tiles of pairs."""

from __future__ import annotations

import torch

from ..define import twin
from ..envelope_correlation import ROUNDING
from ._jit import block, jit, launch, tl

CLOSE = {"float64": 1e-11, "float32": 1e-5}  # products and sums in the dtype of the run
SIGNS = {"float64": 1e-11, "float32": 2e-2}  # in float32 a few samples without lag fall on the other side of zero


@jit
def _lags(
    real: tl.tensor, imag: tl.tensor, out: tl.tensor, n: tl.tensor, n_times: tl.tensor, BLOCK: tl.constexpr
) -> None:
    """Write sum, absolute sum, sum of squares and sum of signs of the lag of BLOCK x BLOCK pairs.

    real and imag are (n_epochs, n_times, n), out is (4, n_epochs, n_pairs).
    """
    e, first, second = tl.program_id(0).to(tl.int64), tl.program_id(1) * BLOCK, tl.program_id(2) * BLOCK
    if first <= second:
        i, j = first + tl.arange(0, BLOCK), second + tl.arange(0, BLOCK)
        total = tl.zeros([BLOCK, BLOCK], real.dtype.element_ty)
        size, squares, signs = total, total, tl.zeros([BLOCK, BLOCK], tl.int32)
        for t in range(0, n_times):
            place = (e * n_times + t) * n
            ri, ii = tl.load(real + place + i, mask=i < n, other=0.0), tl.load(imag + place + i, mask=i < n, other=0.0)
            rj, ij = tl.load(real + place + j, mask=j < n, other=0.0), tl.load(imag + place + j, mask=j < n, other=0.0)
            lag = ii[:, None] * rj[None, :] - ri[:, None] * ij[None, :]  # not fused: equal channels have lag zero
            total += lag
            size += tl.abs(lag)
            squares += lag * lag
            signs += (lag > 0).to(tl.int32) - (lag < 0).to(tl.int32)
        a, b = i[:, None], j[None, :]
        inside = (a < b) & (b < n)
        n_pairs = n * (n - 1) // 2
        pair = out + e * n_pairs + a * (2 * n - a - 1) // 2 + (b - a - 1)
        row = tl.num_programs(0).to(tl.int64) * n_pairs
        tl.store(pair, total, mask=inside)
        tl.store(pair + row, size, mask=inside)
        tl.store(pair + 2 * row, squares, mask=inside)
        tl.store(pair + 3 * row, signs.to(total.dtype), mask=inside)


@twin("lag_sums", backend="cuda", tolerance=CLOSE)
def lag_sums(analytic: torch.Tensor) -> torch.Tensor:
    """Sum, absolute sum, sum of squares and mean sign of the imaginary part; (4, n_epochs, n_pairs, n_bands)."""
    n_epochs, n_bands, n, n_times = analytic.shape
    across = torch.view_as_real(analytic.reshape(-1, n, n_times).transpose(1, 2))
    real, imag = across[..., 0].contiguous(), across[..., 1].contiguous()
    out = real.new_empty((4, n_epochs * n_bands, n * (n - 1) // 2))
    size = block(n, 32)
    grid = (n_epochs * n_bands, -(-n // size), -(-n // size))
    launch(_lags, grid, real, imag, out, n, n_times, BLOCK=size, num_warps=4, enable_fp_fusion=False)
    out[3] /= n_times
    return out.reshape(4, n_epochs, n_bands, -1).transpose(-1, -2)


def _quotient(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.where(b != 0, a / b, 0.0)


@twin("pli", backend="cuda", tolerance=SIGNS)
def pli(lag_sums: torch.Tensor) -> torch.Tensor:
    """Phase-lag index, from a count."""
    return lag_sums[3].abs()


@twin("wpli", backend="cuda", tolerance={"float64": 1e-11, "float32": 1e-4})
def wpli(lag_sums: torch.Tensor) -> torch.Tensor:
    """Weighted phase-lag index."""
    return _quotient(lag_sums[0].abs(), lag_sums[1])


@twin("wpli_debiased", backend="cuda", tolerance={"float64": 1e-11, "float32": 1e-4})
def wpli_debiased(lag_sums: torch.Tensor) -> torch.Tensor:
    """Debiased estimate of its square."""
    total, size, own, _ = lag_sums.unbind()
    return _quotient(total**2 - own, size**2 - own)


def _products(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return real and imaginary part of the sum over time of z_i conj(z_j); each (n_epochs, n_pairs, n_bands)."""
    real, imag = (part.contiguous() for part in torch.view_as_real(z).unbind(-1))
    both = torch.cat([real, imag], dim=-1)
    rows, columns = torch.triu_indices(z.shape[-2], z.shape[-2], 1, device=z.device)
    even, odd = torch.matmul(both, both.transpose(-1, -2)), torch.matmul(imag, real.transpose(-1, -2))
    turned = odd[..., rows, columns] - odd[..., columns, rows]
    return even[..., rows, columns].transpose(-1, -2), turned.transpose(-1, -2)


@twin("plv", backend="cuda", tolerance=CLOSE)
def plv(analytic: torch.Tensor) -> torch.Tensor:
    """Phase-locking value, from products of the vectors of length one."""
    size = analytic.abs()
    silent = (size == 0).all(dim=-1, keepdim=True)
    units = torch.where(size > 0, analytic / torch.where(size > 0, size, 1.0), 0.0)
    aligned, turned = _products(units.masked_fill_(silent, torch.nan))
    return torch.sqrt(aligned * aligned + turned * turned) / analytic.shape[-1]


@twin("coherency", backend="cuda", tolerance=CLOSE)
def coherency(analytic: torch.Tensor) -> torch.Tensor:
    """Real and imaginary part of the coherency; shape (2, n_epochs, n_pairs, n_bands)."""
    power = torch.linalg.vector_norm(torch.view_as_real(analytic), dim=(-2, -1))[..., None]
    return torch.stack(_products(analytic / torch.where(power > 0, power, torch.nan)))


@twin("coherence", backend="cuda", tolerance=CLOSE)
def coherence(coherency: torch.Tensor) -> torch.Tensor:
    """Size of the coherency."""
    return torch.sqrt((coherency * coherency).sum(dim=0))


@twin("imaginary_coherence", backend="cuda", tolerance=CLOSE)
def imaginary_coherence(coherency: torch.Tensor) -> torch.Tensor:
    """Imaginary part of the coherency."""
    return coherency[1]


@twin("amplitude_envelope_correlation", backend="cuda", tolerance=CLOSE)
def amplitude_envelope_correlation(analytic: torch.Tensor) -> torch.Tensor:
    """Correlate the envelopes by one product."""
    envelope = analytic.abs()
    away = envelope - envelope.mean(dim=-1, keepdim=True)
    size = torch.linalg.vector_norm(away, dim=-1, keepdim=True)
    whole = torch.linalg.vector_norm(envelope, dim=-1, keepdim=True)
    moves = size > ROUNDING * torch.finfo(envelope.dtype).eps * whole
    scaled = away / torch.where(moves, size, torch.nan)
    rows, columns = torch.triu_indices(away.shape[-2], away.shape[-2], 1, device=away.device)
    return torch.matmul(scaled, scaled.transpose(-1, -2))[..., rows, columns].transpose(-1, -2)
