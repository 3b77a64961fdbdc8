"""Higuchi's fractal dimension: all curves of a step are one weighted sum of differences."""

from __future__ import annotations

import numpy as np
import torch

from ..define import twin
from ..fractal import curve_weights
from ._jit import block, jit, launch, series, table, tl
from .fluctuation import slope


@jit
def _curve_lengths(x: tl.tensor, weights: tl.tensor, out: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> None:
    """Write the mean curve length of one series at each step; out (n_series, n_steps), weights (n_steps, n)."""
    s, i = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    k = tl.program_id(1) + 1
    total = tl.zeros([BLOCK], tl.float64)
    for start in range(0, n - k, BLOCK):
        t = start + i
        inside = t + k < n
        here, later = (
            tl.load(x + s * n + t, mask=inside, other=0.0),
            tl.load(x + s * n + t + k, mask=inside, other=0.0),
        )
        away = tl.abs(later.to(tl.float64) - here.to(tl.float64))
        total += away * tl.load(weights + (k - 1) * n + t, mask=inside, other=0.0)
    tl.store(out + s * tl.num_programs(1) + k - 1, tl.sum(total))


@twin("higuchi_fd", backend="cuda", tolerance={"float64": 1e-11, "float32": 1e-6})
def higuchi_fd(x: torch.Tensor, *, k_max: int = 10) -> torch.Tensor:
    """Weigh each difference, and sum in float64."""
    flat, n = series(x), x.shape[-1]
    weights = np.zeros((k_max, n))
    for k in range(1, k_max + 1):
        weights[k - 1, : n - k] = curve_weights(n, k)
    lengths = torch.empty((len(flat), k_max), dtype=torch.float64, device=x.device)
    on_device = table(weights, x, torch.float64)
    launch(_curve_lengths, (len(flat), k_max), flat, on_device, lengths, n, BLOCK=block(n), num_warps=4)
    return slope(-np.log(np.arange(1, k_max + 1)), torch.log(lengths)).reshape(x.shape[:-1])
