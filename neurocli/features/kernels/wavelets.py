"""Wavelet power on the CPU: batched transforms in the dtype of the signal, octaves in one compiled pass."""

from __future__ import annotations

import numpy as np
import torch

from ..define import twin
from ..wavelets import DB4, DB4_HIGH, EVERY_OTHER, padded_length, wavelet_spectra
from ._bits import fast_kernel, kernel, series

ROWS = 64  # series transformed together: their 64 x 1,350 complex values stay in the cache


@twin("morlet_power", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def morlet_power(
    x: np.ndarray, sfreq: float, *, at: tuple[float, ...] = EVERY_OTHER, n_cycles: float = 7.0
) -> np.ndarray:
    """Transform blocks of series, each wavelet in turn."""
    flat = torch.from_numpy(series(x))
    n_times, n_fft = x.shape[-1], padded_length(x.shape[-1], sfreq, at, n_cycles)
    kind = torch.complex64 if x.dtype == np.float32 else torch.complex128
    kernels = torch.from_numpy(wavelet_spectra(n_fft, sfreq, at, n_cycles)).to(kind)
    power = torch.empty((len(flat), len(at)), dtype=flat.dtype)
    for start in range(0, len(flat), ROWS):
        spectrum = torch.fft.fft(flat[start : start + ROWS], n_fft)
        for i, wavelet in enumerate(kernels):
            parts = torch.view_as_real(torch.fft.ifft(spectrum * wavelet))[:, :n_times]
            power[start : start + ROWS, i] = torch.linalg.vector_norm(parts, dim=(1, 2)) ** 2 / n_times
    return power.numpy().reshape(*x.shape[:-1], len(at))


@fast_kernel
def _half_band(even: np.ndarray, odd: np.ndarray, taps: tuple[float, ...], out: np.ndarray) -> float:
    """Write every other sample of a filtered signal that is given as its even and odd samples; return its energy."""
    energy = out.dtype.type(0)
    t0, t1, t2, t3, t4, t5, t6, t7 = taps
    for k in range(out.size):
        value = even[k] * t7 + odd[k] * t6 + even[k + 1] * t5 + odd[k + 1] * t4
        value += even[k + 2] * t3 + odd[k + 2] * t2 + even[k + 3] * t1 + odd[k + 3] * t0
        out[k] = value
        energy += value * value
    return energy


@kernel
def _deal(x: np.ndarray, even: np.ndarray, odd: np.ndarray) -> None:
    """Write the even and odd samples of a signal with six mirrored samples before it and eight after."""
    n = x.size
    for i in range(n + 14):
        j = i - 6
        j = -1 - j if j < 0 else j
        j = 2 * n - 1 - j if j >= n else j
        if i % 2 == 0:
            even[i // 2] = x[j]
        else:
            odd[i // 2] = x[j]


@kernel
def _octaves(x: np.ndarray, level: int, low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
    n = x.shape[1] + 16
    energies = np.empty((x.shape[0], level + 1))
    even, odd, signal, detail = np.empty(n, x.dtype), np.empty(n, x.dtype), np.empty(n, x.dtype), np.empty(n, x.dtype)
    for s in range(x.shape[0]):
        size = x.shape[1]
        signal[:size] = x[s]
        for step in range(level):
            _deal(signal[:size], even, odd)
            size = (size + 7) // 2
            energies[s, level - step] = _half_band(even, odd, high, detail[:size])
            energies[s, 0] = _half_band(even, odd, low, signal[:size])
    return energies


@twin("dwt_energy", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def dwt_energy(x: np.ndarray, *, level: int = 5) -> np.ndarray:
    """Filter and halve in one pass, in the dtype of the signal."""
    low, high = (tuple(x.dtype.type(tap) for tap in taps) for taps in (DB4, DB4_HIGH))
    return _octaves(series(x), level, low, high).reshape(*x.shape[:-1], level + 1)
