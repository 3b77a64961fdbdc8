"""Power spectral density: windowed stretches in one kernel, cuFFT, and the sum of their squares in another."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scipy.signal import get_window

from ..define import twin
from ..spectrum import dpss_tapers, segmentation
from ._jit import block, groups, jit, launch, series, table, tl


@jit
def _windowed(
    x: tl.tensor,
    starts: tl.tensor,
    windows: tl.tensor,
    z: tl.tensor,
    n: tl.tensor,
    length: tl.tensor,
    n_windows: tl.tensor,
    n_kinds: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    """Write one stretch of one series, its mean removed, times its window; z (n_series, n_windows, length).

    The stretches take turns with windows (n_kinds, length). All are along the one axis of the grid that may be long.
    """
    s, w, i = tl.program_id(0) // n_windows, tl.program_id(0) % n_windows, tl.arange(0, BLOCK)
    row, shape = x + s.to(tl.int64) * n + tl.load(starts + w), windows + w % n_kinds * length
    first = tl.load(row).to(tl.float64)
    total = tl.zeros([BLOCK], tl.float64)
    for start in range(0, length, BLOCK):
        t = start + i
        total += tl.where(t < length, tl.load(row + t, mask=t < length, other=0.0).to(tl.float64) - first, 0.0)
    level = first + tl.sum(total) / (length + tl.zeros([], tl.int32)).to(tl.float64)  # exact for a constant
    out = z + tl.program_id(0).to(tl.int64) * length
    for start in range(0, length, BLOCK):
        t = start + i
        here = tl.load(row + t, mask=t < length, other=0.0)
        window = tl.load(shape + t, mask=t < length, other=0.0)
        tl.store(out + t, window * (here - level.to(here.dtype)), mask=t < length)


@jit
def _summed(
    z: tl.tensor, power: tl.tensor, n_windows: tl.tensor, n_freqs: tl.tensor, last: tl.tensor, BLOCK: tl.constexpr
) -> None:
    """Write the one-sided sum of squares; z (n_series, n_windows, n_freqs, 2), power (n_series, n_freqs)."""
    s, f = tl.program_id(0).to(tl.int64), tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float64)  # of a long recording there are many windows
    for w in range(0, n_windows):
        place = z + ((s * n_windows + w) * n_freqs + f) * 2
        real, imag = tl.load(place, mask=f < n_freqs, other=0.0), tl.load(place + 1, mask=f < n_freqs, other=0.0)
        total += (real * real + imag * imag).to(tl.float64)
    once = (f == 0) | (f == last)  # zero and, for an even length, the highest frequency have no mirror image
    tl.store(power + s * n_freqs + f, tl.where(once, total * 0.5, total), mask=f < n_freqs)


@cache
def _segments(n_times: int, sfreq: float, segment: float, overlap: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where Welch's segments start, and their window (1, n), scaled so that squares sum to the density."""
    n, n_overlap = segmentation(n_times, sfreq, segment, overlap)
    window = get_window("hann", n)
    starts = np.arange(0, n_times - n + 1, n - n_overlap)
    scale = 2.0 / (len(starts) * sfreq * (window**2).sum())
    return starts, window[None] * np.sqrt(scale)


@cache
def _tapers(n_times: int, sfreq: float, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the same of the tapers, which all start with the epoch and bring their weights."""
    tapers, weights = dpss_tapers(n_times, sfreq, bandwidth)
    scale = 2.0 / (sfreq * weights.sum())
    return np.zeros(len(tapers), dtype=np.int64), tapers * np.sqrt(scale * weights)[:, None]


@twin("psd", backend="cuda", tolerance={"float64": 1e-12, "float32": 2e-6})
def psd(
    x: torch.Tensor,
    sfreq: float,
    *,
    method: str = "welch",
    segment: float = 2.0,
    overlap: float = 0.5,
    bandwidth: float = 2.0,
) -> tuple[torch.Tensor, np.ndarray]:
    """Power spectral density on the device, and its frequencies on the host."""
    flat, n_times = series(x), x.shape[-1]
    welch = method == "welch"
    made = _segments(n_times, sfreq, segment, overlap) if welch else _tapers(n_times, sfreq, bandwidth)
    n = made[1].shape[1]
    power = torch.empty((len(flat), n // 2 + 1), dtype=x.dtype, device=x.device)
    starts, windows = table(made[0], x, torch.int32), table(made[1], x)
    for part in groups(len(flat), len(starts) * n):
        _transform(flat[part], starts, windows, power[part])
    return power.reshape(*x.shape[:-1], -1), np.fft.rfftfreq(n, 1.0 / sfreq)


def windowed(x: torch.Tensor, starts: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
    """Return stretches of series, less their means and times their windows; shape (n_series, n_windows, length)."""
    n_windows, (n_kinds, n) = len(starts), windows.shape
    z = torch.empty((len(x), n_windows, n), dtype=x.dtype, device=x.device)
    sizes = (x.shape[1], n, n_windows, n_kinds)
    launch(_windowed, (len(x) * n_windows,), x, starts, windows, z, *sizes, BLOCK=block(n), num_warps=4)
    return z


def _transform(x: torch.Tensor, starts: torch.Tensor, windows: torch.Tensor, power: torch.Tensor) -> None:
    n_windows, n, n_freqs = len(starts), windows.shape[1], power.shape[1]
    squares = torch.view_as_real(torch.fft.rfft(windowed(x, starts, windows)))
    size, last = block(n_freqs, 256), n // 2 if n % 2 == 0 else 0
    launch(_summed, (len(x), -(-n_freqs // size)), squares, power, n_windows, n_freqs, last, BLOCK=size, num_warps=2)
