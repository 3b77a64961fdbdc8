"""Wavelet power: Morlet's by cuFFT in blocks that stay in the cache, Daubechies' one octave a kernel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ..define import twin
from ..wavelets import DB4, DB4_HIGH, EVERY_OTHER, padded_length, wavelet_spectra
from ._jit import block, groups, jit, launch, series, table, tl


@jit
def _mean_square(z: tl.tensor, power: tl.tensor, n_times: tl.tensor, n_fft: tl.tensor, BLOCK: tl.constexpr) -> None:
    """Write the mean squared size of the first n_times of a row; z (n_rows, n_fft, 2), power (n_rows,)."""
    row, i = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float64)
    for start in range(0, 2 * n_times, BLOCK):
        here = tl.load(z + row * 2 * n_fft + start + i, mask=start + i < 2 * n_times, other=0.0).to(tl.float64)
        total += here * here
    tl.store(power + row, tl.sum(total) / (n_times + tl.zeros([], tl.int32)).to(tl.float64))


SHORT = 2**16  # samples of a transform; those of longer wavelets take too much memory to be kept
_kept_spectra = lru_cache(maxsize=8)(wavelet_spectra)


@twin("morlet_power", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-5})
def morlet_power(
    x: torch.Tensor, sfreq: float, *, at: tuple[float, ...] = EVERY_OTHER, n_cycles: float = 7.0
) -> torch.Tensor:
    """Transform blocks of series, all wavelets at once."""
    flat, n_times = series(x), x.shape[-1]
    n_fft = padded_length(n_times, sfreq, at, n_cycles)
    made = _kept_spectra if n_fft <= SHORT else wavelet_spectra
    spectra = made(n_fft, sfreq, tuple(at), n_cycles)
    kernels = torch.complex(table(spectra.real, x), table(spectra.imag, x))
    power = torch.empty((len(flat), len(at)), dtype=torch.float64, device=x.device)
    for part in groups(len(flat), len(at) * n_fft // 2):  # starting smaller blocks takes longer than reading larger
        spectrum = torch.fft.fft(flat[part], n_fft)
        z = torch.view_as_real(torch.fft.ifft(spectrum[:, None] * kernels))
        n_rows = z.shape[0] * z.shape[1]
        launch(_mean_square, (n_rows,), z, power[part], n_times, n_fft, BLOCK=block(2 * n_times), num_warps=4)
    return power.reshape(*x.shape[:-1], len(at))


@jit
def _octave(
    x: tl.tensor,
    taps: tl.tensor,
    out: tl.tensor,
    energies: tl.tensor,
    n: tl.tensor,
    n_half: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    """Write every other sample of the lower half of the band, and the energies of both halves.

    x (n_series, n) is continued by its mirror image, taps (2, 8), out (n_series, n_half), energies (n_series, 2).
    """
    s, i = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    lower, upper = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64)
    for start in range(0, n_half, BLOCK):
        k = start + i
        inside = k < n_half
        low, high = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.float64)
        for tap in range(0, 8):
            t = 2 * k + 1 - tap
            t = tl.where(t < 0, -1 - t, t)
            t = tl.where(t >= n, 2 * n - 1 - t, t)
            here = tl.load(x + s * n + t, mask=inside, other=0.0).to(tl.float64)
            low += here * tl.load(taps + tap)
            high += here * tl.load(taps + 8 + tap)
        tl.store(out + s * n_half + k, low, mask=inside)
        lower += tl.where(inside, low * low, 0.0)
        upper += tl.where(inside, high * high, 0.0)
    tl.store(energies + s * 2, tl.sum(lower))
    tl.store(energies + s * 2 + 1, tl.sum(upper))


@twin("dwt_energy", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-6})
def dwt_energy(x: torch.Tensor, *, level: int = 5) -> torch.Tensor:
    """Filter and halve, octave by octave, in float64; the lower half's energy is overwritten by the next octave."""
    signal = series(x)
    taps = table(np.stack([DB4, DB4_HIGH]), x, torch.float64)
    energies = torch.empty((len(signal), level + 1), dtype=torch.float64, device=x.device)
    for step in range(level):
        n = signal.shape[1]
        half = torch.empty((len(signal), (n + 7) // 2), dtype=torch.float64, device=x.device)
        into = torch.empty((len(signal), 2), dtype=torch.float64, device=x.device)
        size = block(half.shape[1], 512)
        launch(_octave, (len(signal),), signal, taps, half, into, n, half.shape[1], BLOCK=size, num_warps=4)
        energies[:, level - step], energies[:, 0] = into[:, 1], into[:, 0]
        signal = half
    return energies.reshape(*x.shape[:-1], level + 1)
