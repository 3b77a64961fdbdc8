"""The modulation index: each program sums the envelope of one series over the bins of its phase."""

from __future__ import annotations

from math import pi

import torch

from ..define import twin
from ._jit import block, jit, launch, power_of_two, series, tl
from .hilbert import Bands, analytic


@jit
def _indices(
    bins: tl.tensor,
    envelope: tl.tensor,
    out: tl.tensor,
    n: tl.tensor,
    n_bins: tl.tensor,
    BINS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Write the index of one series; bins and envelope (n_series, n)."""
    s, k = tl.program_id(0).to(tl.int64), tl.arange(0, BINS)
    sums, counts = tl.zeros([BINS], tl.float64), tl.zeros([BINS], tl.int32)
    for start in range(0, n, BLOCK):
        t = start + tl.arange(0, BLOCK)
        which = tl.load(bins + s * n + t, mask=t < n, other=-1)
        size = tl.load(envelope + s * n + t, mask=t < n, other=0.0).to(tl.float64)
        here = which[:, None] == k[None, :]
        sums += tl.sum(tl.where(here, size[:, None], 0.0), axis=0)
        counts += tl.sum(here.to(tl.int32), axis=0)
    means = sums / tl.maximum(counts, 1).to(tl.float64)
    total = tl.sum(means)
    share = means / tl.where(total > 0, total, 1.0)
    entropy = -tl.sum(tl.where(share > 0, share * tl.log(tl.where(share > 0, share, 1.0)), 0.0))
    most = tl.log(tl.maximum(n_bins, 2).to(tl.float64))
    tl.store(out + s, tl.where((total > 0) & (n_bins > 1), 1.0 - entropy / most, float("nan")))


# In float32 a sample at the edge of two bins may fall on the other side of it
@twin("pac_modulation_index", backend="cuda", tolerance={"float64": 1e-9, "float32": 2e-2})
def pac_modulation_index(
    x: torch.Tensor, sfreq: float, *, phases: Bands, amplitudes: Bands, n_bins: int
) -> torch.Tensor:
    """Find the bins by torch, sum in float64."""
    slow, fast = analytic(x, sfreq, bands=phases), analytic(x, sfreq, bands=amplitudes).abs()
    turn = (slow.angle() + pi) / (2 * pi)
    bins = (turn * n_bins).to(torch.int32).clamp_(max=n_bins - 1)
    values = [_index(bins[:, i], fast[:, j], n_bins) for i in range(len(phases)) for j in range(len(amplitudes))]
    return torch.stack(values, dim=-1)


def _index(bins: torch.Tensor, envelope: torch.Tensor, n_bins: int) -> torch.Tensor:
    flat, n = series(bins), bins.shape[-1]
    out = torch.empty(len(flat), dtype=torch.float64, device=bins.device)
    sizes = {"BINS": power_of_two(n_bins), "BLOCK": block(n, 128)}
    launch(_indices, (len(flat),), flat, series(envelope), out, n, n_bins, **sizes, num_warps=4)
    return out.reshape(bins.shape[:-1])
