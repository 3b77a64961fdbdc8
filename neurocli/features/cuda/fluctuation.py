"""Long memory: every window of the fluctuation, and every rescaled range, from one scan each.

A lane holds one window and walks through it. For the rescaled range the series lie side by side in memory, so that
neighbouring lanes read neighbouring samples.
"""

from __future__ import annotations

import numpy as np
import torch

from ..define import twin
from ..fluctuation import splits, white_noise_range, window_sizes
from ._jit import block, groups, jit, lanes, launch, series, table, tl


@jit
def _walks(x: tl.tensor, walks: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> None:
    """Write the walk of one series, the summed deviations from its mean; x and walks (n_series, n)."""
    s, i = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    row, out = x + s * n, walks + s * n
    first = tl.load(row).to(tl.float64)
    total = tl.zeros([BLOCK], tl.float64)
    for start in range(0, n, BLOCK):
        t = start + i
        total += tl.where(t < n, tl.load(row + t, mask=t < n, other=0.0).to(tl.float64) - first, 0.0)
    mean = tl.sum(total) / (n + tl.zeros([], tl.int32)).to(tl.float64)
    carried = tl.zeros([], tl.float64)
    for start in range(0, n, BLOCK):
        t = start + i
        d = tl.where(t < n, tl.load(row + t, mask=t < n, other=0.0).to(tl.float64) - first - mean, 0.0)
        tl.store(out + t, carried + tl.cumsum(d, 0), mask=t < n)
        carried += tl.sum(d)


@jit
def _mean_square(walks: tl.tensor, sizes: tl.tensor, out: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> None:
    """Write the mean square of the walk about the line of each window of one size; out (n_series, n_sizes).

    A lane sums a window from its own start: in differences of sums over the whole walk of a long series its small
    windows would drown.
    """
    s, j, i = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.arange(0, BLOCK)
    size = tl.load(sizes + j)
    n_windows, length = n // size, size.to(tl.float64)
    middle, slope = (length - 1.0) / 2.0, 12.0 / (length * (length * length - 1.0))
    total = tl.zeros([BLOCK], tl.float64)
    for first in range(0, n_windows, BLOCK):
        inside = first + i < n_windows
        row = walks + s * n + (first + i) * size
        base = tl.load(row, mask=inside, other=0.0)
        s0, s1, s2 = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64)
        for k in range(1, size):
            away = tl.load(row + k, mask=inside, other=0.0) - base
            s0 += away
            s1 += away * (k - middle)
            s2 += away * away
        total += tl.maximum(s2 - s0 * s0 / length - s1 * s1 * slope, 0.0)
    tl.store(out + s * tl.num_programs(1) + j, tl.sum(total) / (n_windows.to(tl.float64) * length))


# A window of n samples loses some n^2 eps of its square where the signal is a slow drift, as on the processor
@twin("dfa_exponent", backend="cuda", tolerance={"float64": 1e-9, "float32": 1e-5})
def dfa_exponent(x: torch.Tensor) -> torch.Tensor:
    """Sum in float64 whatever the signal is in."""
    flat, n = series(x), x.shape[-1]
    sizes = window_sizes(n)
    which = table(sizes, x, torch.int32)
    squares = torch.empty((len(flat), len(sizes)), dtype=torch.float64, device=x.device)
    for part in groups(len(flat), n):
        n_rows = part.stop - part.start
        walks = torch.empty((n_rows, n), dtype=torch.float64, device=x.device)
        launch(_walks, (n_rows,), flat[part], walks, n, BLOCK=block(n), num_warps=4)
        grid = (n_rows, len(sizes))
        launch(_mean_square, grid, walks, which, squares[part], n, BLOCK=block(n // 4, 128), num_warps=1)
    return slope(np.log(sizes), 0.5 * torch.log(squares)).reshape(x.shape[:-1])


def slope(x: np.ndarray, y: torch.Tensor) -> torch.Tensor:
    """Return the least-squares slope of y (..., n) on x (n,), with antropy's guard; NaN where y is not finite."""
    centred, n = x - x.mean(), x.size
    weights = n * centred / (n * (x @ x) - x.sum() ** 2 + 1e-9)
    found = (y * table(weights, y)).sum(dim=-1)
    return torch.where(torch.isfinite(found), found, torch.nan)


@jit
def _scan(
    x: tl.tensor,
    sizes: tl.tensor,
    ratios: tl.tensor,
    counts: tl.tensor,
    n_series: tl.tensor,
    n_times: tl.tensor,
    most: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    """Sum the rescaled ranges of the windows of one size, and count them.

    x is (n_times, n_series), the outputs are (n_sizes, most windows, n_series).
    """
    j = tl.program_id(1)
    n = tl.load(sizes + j)
    n_lanes = (n_times // n) * n_series
    if tl.program_id(0) * BLOCK < n_lanes:
        lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        inside = lane < n_lanes
        place = x + (lane // n_series).to(tl.int64) * n * n_series + lane % n_series
        first = tl.load(place, mask=inside, other=0.0)
        total = first * 0
        for k in range(0, n):
            total += tl.load(place + k * n_series, mask=inside, other=0.0) - first  # small: float32 keeps the digits
        mean = first + total / n.to(first.dtype)
        walk, so_far, squares, step = first - mean, first, first * 0, first * 0
        high, low = walk, walk
        ratio, count = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.int32)
        for k in range(1, n):
            here = tl.load(place + k * n_series, mask=inside, other=0.0)
            step += 1
            away = here - so_far
            so_far += away / (step + 1)
            squares += away * away * (step / (step + 1))  # no difference of near numbers, however alike they are
            walk += here - mean
            high, low = tl.maximum(high, walk), tl.minimum(low, walk)
            moves = squares > 0
            ratio += tl.where(moves, (high - low) / tl.sqrt(tl.where(moves, squares / step, 1.0)), 0.0).to(tl.float64)
            count += moves.to(tl.int32)
        out = (j * most).to(tl.int64) * n_series + lane
        tl.store(ratios + out, ratio, mask=inside)
        tl.store(counts + out, count, mask=inside)


@twin("hurst_exponent", backend="cuda", tolerance={"float64": 1e-9, "float32": 1e-4})
def hurst_exponent(x: torch.Tensor) -> torch.Tensor:
    """Scan all windows of all sizes at once, in the dtype of the signal."""
    flat, n = series(x), x.shape[-1]
    sizes = splits(n)
    most, which = n // sizes[0], table(sizes, x, torch.int32)
    found = torch.empty((len(flat), len(sizes)), dtype=torch.float64, device=x.device)
    for part in groups(len(flat), len(sizes) * most):
        across = flat[part].T.contiguous()
        n_rows = across.shape[1]
        ratios = torch.zeros((len(sizes), most, n_rows), dtype=torch.float64, device=x.device)
        counts = torch.zeros((len(sizes), most, n_rows), dtype=torch.int32, device=x.device)
        size = lanes(most * n_rows, 128)
        grid = (-(-most * n_rows // size), len(sizes))
        launch(_scan, grid, across, which, ratios, counts, n_rows, n, most, BLOCK=size, num_warps=size // 128 or 1)
        found[part] = (ratios.sum(dim=1) / counts.sum(dim=1)).T
    logs = np.log(sizes)
    centred = logs - logs.mean()
    corrected = torch.log(found) + table(logs / 2 - np.log([white_noise_range(k) for k in sizes]), found)
    return (corrected * table(centred / (centred @ centred), found)).sum(dim=-1).reshape(x.shape[:-1])
