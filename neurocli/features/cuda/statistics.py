"""Statistics, waveform, Hjorth, Katz and Petrosian features: one program a series, its samples read once from memory.

The second loop of the program finds the series in the cache of its multiprocessor. All sums are in float64, of which a
GPU of a data centre has enough that the reading still takes longer.
"""

from __future__ import annotations

import torch

from ..define import twin
from ._jit import block, jit, launch, series, tl

CLOSE = {"float64": 1e-12, "float32": 1e-6}  # sums are in float64; what is left is the rounding of the values
EXACT = {"float64": 0.0, "float32": 0.0}
ROWS = (
    "mean", "variance", "std", "log_variance", "skewness", "kurtosis", "rms", "peak_to_peak", "line_length",
    "zero_crossings", "mobility", "hjorth_complexity", "katz_fd", "petrosian_fd",
)  # fmt: skip


@jit
def _first_pass(row: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> tl.tensor:
    """Return the sums that need no mean, and the extremes."""
    i = tl.arange(0, BLOCK)
    first = tl.load(row).to(tl.float64)
    total, square, length = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64)
    low, high = tl.zeros([BLOCK], tl.float64) + first, tl.zeros([BLOCK], tl.float64) + first
    crossings, turns = tl.zeros([BLOCK], tl.int32), tl.zeros([BLOCK], tl.int32)
    for start in range(0, n, BLOCK):
        t = start + i
        a = tl.load(row + t, mask=t < n, other=0.0).to(tl.float64)
        b = tl.load(row + t + 1, mask=t + 1 < n, other=0.0).to(tl.float64)
        c = tl.load(row + t + 2, mask=t + 2 < n, other=0.0).to(tl.float64)
        total += tl.where(t < n, a - first, 0.0)  # of a constant exactly zero
        square += a * a
        length += tl.where(t + 1 < n, tl.abs(b - a), 0.0)
        low, high = tl.minimum(low, tl.where(t < n, a, first)), tl.maximum(high, tl.where(t < n, a, first))
        crossings += (((a < 0) != (b < 0)) & (t + 1 < n)).to(tl.int32)
        turns += (((b < a) != (c < b)) & (t + 2 < n)).to(tl.int32)
    n_crossings, n_turns = tl.sum(crossings).to(tl.float64), tl.sum(turns).to(tl.float64)
    return tl.sum(total), tl.sum(square), tl.sum(length), tl.min(low), tl.max(high), n_crossings, n_turns


@jit
def _second_pass(row: tl.tensor, n: tl.tensor, offset: tl.tensor, BLOCK: tl.constexpr) -> tl.tensor:
    """Return the sums of central powers, and of squared deviations of first and second differences."""
    i = tl.arange(0, BLOCK)
    first, last = tl.load(row).to(tl.float64), tl.load(row + n - 1).to(tl.float64)
    begin = tl.load(row + tl.minimum(n - 1, 1)).to(tl.float64) - first
    end = last - tl.load(row + tl.maximum(n - 2, 0)).to(tl.float64)
    mean_slope = (last - first) / tl.maximum(n - 1, 1).to(tl.float64)
    mean_curve = (end - begin) / tl.maximum(n - 2, 1).to(tl.float64)
    second, third, fourth = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64)
    slope, curve = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64)
    for start in range(0, n, BLOCK):
        t = start + i
        a = tl.load(row + t, mask=t < n, other=0.0).to(tl.float64)
        b = tl.load(row + t + 1, mask=t + 1 < n, other=0.0).to(tl.float64)
        c = tl.load(row + t + 2, mask=t + 2 < n, other=0.0).to(tl.float64)
        d = tl.where(t < n, (a - first) - offset, 0.0)
        step = tl.where(t + 1 < n, b - a - mean_slope, 0.0)
        bend = tl.where(t + 2 < n, (c - b) - (b - a) - mean_curve, 0.0)
        second += d * d
        third += d * d * d
        fourth += d * d * d * d
        slope += step * step
        curve += bend * bend
    return tl.sum(second), tl.sum(third), tl.sum(fourth), tl.sum(slope), tl.sum(curve)


@jit
def _moments(
    out: tl.tensor, m2: tl.tensor, m3: tl.tensor, m4: tl.tensor, m2_or_1: tl.tensor, stride: tl.tensor
) -> None:
    """Write what follows from the central moments: variance to kurtosis."""
    nan = float("nan")
    tl.store(out + stride, m2)
    tl.store(out + 2 * stride, tl.sqrt(m2))
    tl.store(out + 3 * stride, tl.where(m2 > 0, tl.log(m2_or_1) / 2.302585092994046, nan))
    tl.store(out + 4 * stride, tl.where(m2 > 0, m3 / (m2_or_1 * tl.sqrt(m2_or_1)), nan))
    tl.store(out + 5 * stride, tl.where(m2 > 0, m4 / (m2_or_1 * m2_or_1) - 3.0, nan))


@jit
def _paths(
    out: tl.tensor,
    first: tl.tensor,
    low: tl.tensor,
    high: tl.tensor,
    step: tl.tensor,
    n_turns: tl.tensor,
    count: tl.tensor,
    stride: tl.tensor,
) -> None:
    """Write the fractal dimensions of Katz and Petrosian."""
    extent = tl.maximum(high - first, first - low)
    moved = (step > 0) & (extent != step)
    ratio = tl.log(tl.where(moved, extent, 2.0) / tl.where(moved, step, 1.0))
    tl.store(out + 12 * stride, tl.where(moved, tl.log(tl.maximum(count - 1.0, 1.0)) / ratio, float("nan")))
    log_n = tl.log(count)
    turned = log_n + tl.log(count / (count + 0.4 * n_turns))
    tl.store(out + 13 * stride, tl.where(n_turns > 0, log_n / tl.where(n_turns > 0, turned, 1.0), 1.0))


@jit
def _fused(x: tl.tensor, out: tl.tensor, n_series: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> None:
    """Write all rows of one series; x (n_series, n), out (n_rows, n_series)."""
    s = tl.program_id(0).to(tl.int64)
    row, out = x + s * n, out + s
    count = (n + tl.zeros([], tl.int32)).to(tl.float64)
    first = tl.load(row).to(tl.float64)
    total, square, length, low, high, n_crossings, n_turns = _first_pass(row, n, BLOCK)
    offset, step = total / count, length / tl.maximum(count - 1.0, 1.0)
    second, third, fourth, slope, curve = _second_pass(row, n, offset, BLOCK)
    m2 = second / count
    m2_or_1 = tl.where(m2 > 0, m2, 1.0)
    tl.store(out, first + offset)
    _moments(out, m2, third / count, fourth / count, m2_or_1, n_series)
    tl.store(out + 6 * n_series, tl.sqrt(square / count))
    tl.store(out + 7 * n_series, high - low)
    tl.store(out + 8 * n_series, step)
    tl.store(out + 9 * n_series, n_crossings)
    slope, curve = slope / tl.maximum(count - 1.0, 1.0), curve / tl.maximum(count - 2.0, 1.0)
    tl.store(out + 10 * n_series, tl.where(m2 > 0, tl.sqrt(slope / m2_or_1), float("nan")))
    moves = (m2 > 0) & (slope > 0)
    complexity = tl.sqrt(curve * m2) / tl.where(moves, slope, 1.0)
    tl.store(out + 11 * n_series, tl.where(moves, complexity, float("nan")))
    _paths(out, first, low, high, step, n_turns, count, n_series)


@twin("fused_statistics", backend="cuda", tolerance=CLOSE)
def fused_statistics(x: torch.Tensor) -> torch.Tensor:
    """All statistics of each series; shape (..., n_times) to (len(ROWS), ...), in float64."""
    flat = series(x)
    out = torch.empty((len(ROWS), len(flat)), dtype=torch.float64, device=x.device)
    launch(_fused, (len(flat),), flat, out, len(flat), flat.shape[1], BLOCK=block(flat.shape[1]), num_warps=4)
    return out.reshape(len(ROWS), *x.shape[:-1])


def _picking(name: str, row: str, tolerance: dict[str, float] = CLOSE) -> None:
    """Register a feature that is one of the rows."""
    index = ROWS.index(row)

    def picked(fused_statistics: torch.Tensor) -> torch.Tensor:
        return fused_statistics[index]

    picked.__name__ = picked.__qualname__ = name
    twin(name, backend="cuda", tolerance=tolerance)(picked)


for _name in ROWS:
    if _name not in ("mobility", "zero_crossings", "petrosian_fd"):
        _picking(_name, _name)
_picking("zero_crossings", "zero_crossings", EXACT)
_picking("petrosian_fd", "petrosian_fd", {"float64": 1e-15, "float32": 6e-8})  # an exact count, then a logarithm
_picking("voxels", "mean")
_picking("hjorth_activity", "variance")


@twin("hjorth_mobility", backend="cuda", tolerance=CLOSE)
def hjorth_mobility(fused_statistics: torch.Tensor, sfreq: float) -> torch.Tensor:
    """Standard deviation of the slope over that of the signal."""
    return fused_statistics[ROWS.index("mobility")] * sfreq


@twin("signal", backend="cuda", tolerance=EXACT)
def signal(x: torch.Tensor) -> torch.Tensor:
    """Return the epochs as they are."""
    return x
