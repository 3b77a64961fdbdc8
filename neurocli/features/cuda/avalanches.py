"""Neuronal avalanches: a lane follows the excursions that begin in its stretch of a series, a program the bins."""

from __future__ import annotations

import torch

from ..define import twin
from ._jit import block, jit, lanes, launch, series, tl
from ._power_law import exponents

COUNTS = {"float64": 0.0, "float32": 1.2e-7}  # the same counts; in float32 the quotients of them are rounded
MEANS = {"float64": 1e-14, "float32": 1.2e-7}  # sums of quotients, in another order
STRETCH = 128  # samples in which the excursions of a lane begin


@jit
def _excursions(
    x: tl.tensor, means: tl.tensor, stds: tl.tensor, threshold: tl.tensor, out: tl.tensor, n_series: tl.tensor,
    n: tl.tensor, n_channels: tl.tensor, STRETCH: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Add one at the largest sample of each run beyond the threshold; x (n_series, n), out (n_epochs, n)."""
    s = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)
    here = s < n_series
    row, first = x + s * n, tl.load(x + s * n, mask=here, other=0.0).to(tl.float64)
    away = tl.load(means + s, mask=here, other=0.0) - first  # of a constant exactly zero
    limit = tl.load(threshold) * tl.load(stds + s, mask=here, other=0.0)
    start = tl.program_id(1) * STRETCH
    stop = tl.minimum(start + STRETCH, n)
    before = tl.load(row + start - 1, mask=here & (start > 0), other=0.0).to(tl.float64) - first - away
    before = tl.where(here & (start > 0), before, 0.0)
    side = (before > limit).to(tl.int32) - (before < -limit).to(tl.int32)
    owned, largest, peak = side * 0, tl.zeros([BLOCK], tl.float64), side * 0  # what runs already is another lane's
    t = start
    while (t < stop) | (tl.max(owned) > 0):
        inside = here & (t < n)
        value = tl.load(row + t, mask=inside, other=0.0).to(tl.float64) - first - away
        value = tl.where(inside, value, 0.0)
        now = (value > limit).to(tl.int32) - (value < -limit).to(tl.int32)
        ends = (now != side) & (owned > 0)
        tl.atomic_add(out + s // n_channels * n + peak, ends.to(tl.int32), mask=ends)
        begins = (now != side) & (now != 0) & (t < stop)
        owned = tl.where(now == side, owned, begins.to(tl.int32))
        higher = (owned > 0) & (begins | (tl.abs(value) > largest))
        peak, largest = tl.where(higher, t, peak), tl.where(higher, tl.abs(value), largest)
        side = now
        t += 1


@twin("excursions", backend="cuda", tolerance=COUNTS)
def excursions(x: torch.Tensor, fused_statistics: torch.Tensor, *, threshold: float = 3.0) -> torch.Tensor:
    """Follow each series in stretches; whole numbers are added, so that the order does not matter."""
    flat, n_times = series(x), x.shape[-1]
    counts = torch.zeros((*x.shape[:-2], n_times), dtype=torch.int32, device=x.device)
    means, stds = fused_statistics[0].reshape(-1), fused_statistics[2].reshape(-1)
    limit = torch.full((1,), threshold, dtype=torch.float64, device=x.device)
    size = lanes(len(flat), 32)
    grid = (-(-len(flat) // size), -(-n_times // STRETCH))
    sizes = {"STRETCH": STRETCH, "BLOCK": size, "num_warps": 1}
    launch(_excursions, grid, flat, means, stds, limit, counts, len(flat), n_times, x.shape[-2], **sizes)
    return counts


@jit
def _width(row: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> tl.tensor:
    """Return the mean interval between samples with an event, at least one; 0 for fewer than two of them."""
    i = tl.arange(0, BLOCK)
    many, first, last = tl.zeros([BLOCK], tl.int32), tl.zeros([BLOCK], tl.int32) + n, tl.zeros([BLOCK], tl.int32)
    for start in range(0, n, BLOCK):
        t = start + i
        event = tl.load(row + t, mask=t < n, other=0) > 0
        many += event.to(tl.int32)
        first, last = tl.minimum(first, tl.where(event, t, n)), tl.maximum(last, tl.where(event, t, 0))
    intervals = tl.sum(many) - 1
    mean = (tl.max(last) - tl.min(first)).to(tl.float64) / tl.maximum(intervals, 1).to(tl.float64)
    whole = tl.floor(mean)
    rest, odd = mean - whole, whole.to(tl.int32) % 2
    up = (rest > 0.5) | ((rest == 0.5) & (odd == 1))  # halves go to the even number, as Python's do
    width = tl.maximum(whole.to(tl.int32) + up.to(tl.int32), 1)
    return tl.where(intervals > 0, width, 0)


@jit
def _bins(row: tl.tensor, bins: tl.tensor, width: tl.tensor, n: tl.tensor) -> tl.tensor:
    """Return the events of some bins; none before the first and after the last."""
    total = bins * 0
    for k in range(0, width):
        t = bins * width + k
        total += tl.load(row + t, mask=(bins >= 0) & (t < n), other=0)
    return total


@jit
def _cascades(
    events: tl.tensor, widths: tl.tensor, sizes: tl.tensor, durations: tl.tensor, ratios: tl.tensor, n: tl.tensor,
    n_max: tl.tensor, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Add up the avalanches of one epoch; events (n_epochs, n), sizes and durations (n_epochs, n_max).

    A width of 0 asks for the mean interval, and what is found is left there.
    """
    e = tl.program_id(0).to(tl.int64)
    row, width = events + e * n, tl.load(widths + e)
    if width == 0:
        width = _width(row, n, BLOCK)
        tl.store(widths + e, width)
    n_bins = tl.where(width > 0, (n + width - 1) // tl.maximum(width, 1), 0)
    begun, total, parents = tl.zeros([], tl.int32), tl.zeros([], tl.float64), tl.zeros([], tl.int32)
    for first in range(0, n_bins, BLOCK):
        bins = first + tl.arange(0, BLOCK)
        here, before, after = _bins(row, bins, width, n), _bins(row, bins - 1, width, n), _bins(row, bins + 1, width, n)
        starts = ((here > 0) & (before == 0)).to(tl.int32)
        which = e * n_max + begun + tl.cumsum(starts, 0) - 1
        tl.atomic_add(sizes + which, here, mask=here > 0)
        tl.atomic_add(durations + which, (here > 0).to(tl.int32), mask=here > 0)
        parent = (here > 0) & (bins + 1 < n_bins)
        total += tl.sum(tl.where(parent, after.to(tl.float64) / tl.maximum(here, 1).to(tl.float64), 0.0))
        parents += tl.sum(parent.to(tl.int32))
        begun += tl.sum(starts)
    mean = total / tl.maximum(parents, 1).to(tl.float64)
    tl.store(ratios + e, tl.where(parents > 0, mean, float("nan")))


@twin("avalanches", backend="cuda", tolerance=MEANS)
def avalanches(
    excursions: torch.Tensor, sfreq: float, *, width: float | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Number the bins that begin an avalanche, and add up the bins of each."""
    shape, n_times = excursions.shape[:-1], excursions.shape[-1]
    flat, n_max = series(excursions).to(torch.int32), n_times // 2 + 1
    asked = max(1, round(width * sfreq)) if width is not None else 0
    widths = torch.full((len(flat),), asked, dtype=torch.int32, device=flat.device)
    sizes, durations = torch.zeros((2, len(flat), n_max), dtype=torch.int32, device=flat.device)
    ratios = torch.empty(len(flat), dtype=torch.float64, device=flat.device)
    size = block(n_times)
    launch(_cascades, (len(flat),), flat, widths, sizes, durations, ratios, n_times, n_max, BLOCK=size, num_warps=4)
    seconds = torch.where(widths > 0, widths.double() / sfreq, torch.nan)
    return sizes.reshape(*shape, -1), durations.reshape(*shape, -1), ratios.reshape(shape), seconds.reshape(shape)


def _mean(counts: torch.Tensor) -> torch.Tensor:
    return counts.sum(dim=-1).double() / torch.where((counts > 0).any(dim=-1), (counts > 0).sum(dim=-1), torch.nan)


@twin("avalanche_rate", backend="cuda", tolerance=MEANS)
def avalanche_rate(avalanches: torch.Tensor, x: torch.Tensor, sfreq: float) -> torch.Tensor:
    """Count them."""
    return (avalanches > 0).sum(dim=-1).double() * sfreq / x.shape[-1]


@twin("avalanche_size", backend="cuda", tolerance=MEANS)
def avalanche_size(avalanches: torch.Tensor) -> torch.Tensor:
    """Divide the events by the avalanches."""
    return _mean(avalanches)


@twin("avalanche_duration", backend="cuda", tolerance=MEANS)
def avalanche_duration(avalanche_bins: torch.Tensor, bin_width: torch.Tensor) -> torch.Tensor:
    """Divide the bins by the avalanches."""
    return _mean(avalanche_bins) * bin_width


@twin("avalanche_size_exponent", backend="cuda", tolerance={"float64": 1e-9, "float32": 1.2e-7})
def avalanche_size_exponent(avalanches: torch.Tensor, *, smallest: int = 1) -> torch.Tensor:
    """Solve for it in one program an epoch."""
    return exponents(avalanches, smallest)


@twin("avalanche_duration_exponent", backend="cuda", tolerance={"float64": 1e-9, "float32": 1.2e-7})
def avalanche_duration_exponent(avalanche_bins: torch.Tensor, *, shortest: int = 1) -> torch.Tensor:
    """Solve for it in one program an epoch."""
    return exponents(avalanche_bins, shortest)


@twin("branching_ratio", backend="cuda", tolerance=COUNTS)
def branching_ratio(descendants: torch.Tensor) -> torch.Tensor:
    """Return it as it is."""
    return descendants
