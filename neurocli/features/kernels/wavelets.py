"""Wavelet power on the CPU: batched transforms in the dtype of the signal, octaves in one compiled pass."""

from __future__ import annotations

import numpy as np
import torch

from ..define import twin
from ..wavelets import DB4, DB4_HIGH, EVERY_OTHER, padded_length, wavelet_spectra
from ._bits import fast_kernel, kernel, series

ROWS = 32  # series transformed together: their 32 x 1,536 complex values stay in the cache


@twin("morlet_power", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def morlet_power(
    x: np.ndarray, sfreq: float, *, at: tuple[float, ...] = EVERY_OTHER, n_cycles: float = 7.0
) -> np.ndarray:
    """Transform blocks of series, each wavelet in turn."""
    flat = torch.from_numpy(series(x))
    n_times, n_fft = x.shape[-1], _even_faster(padded_length(x.shape[-1], sfreq, at, n_cycles))
    kind = torch.complex64 if x.dtype == np.float32 else torch.complex128
    kernels = torch.from_numpy(wavelet_spectra(n_fft, sfreq, at, n_cycles)).to(kind)
    power = torch.empty((len(flat), len(at)), dtype=flat.dtype)
    for start in range(0, len(flat), ROWS):
        spectrum = torch.fft.fft(flat[start : start + ROWS], n_fft)
        product = torch.empty_like(spectrum)
        for i, wavelet in enumerate(kernels):
            torch.mul(spectrum, wavelet, out=product)
            parts = torch.view_as_real(torch.fft.ifft(product, out=product))[:, :n_times]
            power[start : start + ROWS, i] = torch.linalg.vector_norm(parts, dim=(1, 2)) ** 2 / n_times
    return power.numpy().reshape(*x.shape[:-1], len(at))


def _even_faster(n: int) -> int:
    """Return the next length of the form 2^a, 3 x 2^a or 5 x 2^a, which MKL transforms in the least time."""
    return min(factor << max(0, (-(-n // factor) - 1).bit_length()) for factor in (1, 3, 5))


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
    for i in range(n // 2):
        even[3 + i], odd[3 + i] = x[2 * i], x[2 * i + 1]
    if n % 2:
        even[3 + n // 2] = x[n - 1]
    for i in range(14):
        k = i if i < 6 else n + i
        j = k - 6
        while j < 0 or j >= n:  # a signal shorter than the filter is mirrored more than once
            j = -1 - j if j < 0 else 2 * n - 1 - j
        if k % 2 == 0:
            even[k // 2] = x[j]
        else:
            odd[k // 2] = x[j]


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
