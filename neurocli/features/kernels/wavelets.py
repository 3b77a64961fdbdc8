"""Wavelet power on the CPU: batched transforms in the dtype of the signal, octaves in one compiled pass."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ..define import twin
from ..wavelets import DB4, DB4_HIGH, EVERY_OTHER, padded_length, wavelet_spectra
from ._bits import fast_kernel, kernel, series, wide

ROWS = 64  # series transformed together: twice their 64 x 1,536 complex values stay in the cache
NOTHING = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 0.0}  # of a wavelet's spectrum, relative to its peak


@twin("morlet_power", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def morlet_power(
    x: np.ndarray, sfreq: float, *, at: tuple[float, ...] = EVERY_OTHER, n_cycles: float = 7.0
) -> np.ndarray:
    """Transform blocks of series, each wavelet in turn, back no further than the power of its few bins needs."""
    flat, n_fft = series(x), _even_faster(padded_length(x.shape[-1], sfreq, at, n_cycles))
    wavelets = _wavelets(n_fft, x.shape[-1], x.dtype, sfreq, tuple(at), n_cycles)
    power = np.empty((len(wavelets), len(flat)), x.dtype)
    for start in range(0, len(flat), ROWS):
        spectrum = torch.fft.fft(torch.from_numpy(flat[start : start + ROWS]), n_fft)
        parts = torch.view_as_real(spectrum).flatten(1).numpy()
        for wavelet, row in zip(wavelets, power, strict=True):
            wavelet.fill(parts, row[start : start + ROWS])
    return np.ascontiguousarray(power.T).reshape(*x.shape[:-1], len(at))


@lru_cache(maxsize=8)
def _wavelets(
    n_fft: int, n_times: int, dtype: np.dtype, sfreq: float, at: tuple[float, ...], n_cycles: float
) -> list[_Wavelet]:
    spectra = wavelet_spectra(n_fft, sfreq, at, n_cycles).real  # the halves of a wavelet are conjugate
    return [_Wavelet(spectrum, n_times, dtype) for spectrum in spectra]


class _Wavelet:
    r"""The bins of a wavelet, and weights that make its mean power of few samples.

    Power in S bins has 2 S - 1 Fourier coefficients. So it is known at all times from as many samples of the whole
    period, and its sum over the n_times samples of the signal is a sum of theirs with weights

    .. math:: \omega_u = \frac{1}{M} \sum_{|m| < S} e^{-2 \pi i m u / M} \sum_{t < n_{times}} e^{2 \pi i m t / n_{fft}}

    Parameters
    ----------
    spectrum : array, shape (n_fft,)
        Transform of the wavelet, real.
    n_times : int
        Samples of the signal.
    dtype : dtype
        In which is computed; in single precision bins of less than a millionth of the largest are left out.
    """

    def __init__(self, spectrum: np.ndarray, n_times: int, dtype: np.dtype):
        n_fft, peak = spectrum.size, int(np.abs(spectrum).argmax())
        away = np.abs((np.arange(n_fft) - peak + n_fft // 2) % n_fft - n_fft // 2)
        reach = int(away[np.abs(spectrum) > NOTHING[dtype] * np.abs(spectrum[peak])].max())
        n_bins = 2 * reach + 1
        length = _even_faster(2 * n_bins - 1)
        if length < n_fft:
            self.first, weights = (peak - reach) % n_fft, _few_weights(n_bins, length, n_times, n_fft)
        else:
            self.first, n_bins, length, weights = 0, n_fft, n_fft, np.arange(n_fft) < n_times
        gains = np.take(spectrum, np.arange(self.first, self.first + n_bins), mode="wrap") * (length / n_fft)
        self.gains, self.weights = (np.repeat(one, 2).astype(dtype) for one in (gains, weights / n_times))

    def fill(self, parts: np.ndarray, power: np.ndarray) -> None:
        """Fill the mean power of each series from its spectrum, real and imaginary parts in turns."""
        bins = np.empty((len(parts), self.weights.size), parts.dtype)
        _pick(parts, 2 * self.first, self.gains, bins)
        samples = torch.view_as_complex(torch.from_numpy(bins.reshape(len(bins), -1, 2)))
        torch.fft.ifft(samples, out=samples)
        _weighted_squares(bins, self.weights, power)


def _few_weights(n_bins: int, length: int, n_times: int, n_fft: int) -> np.ndarray:
    """Return the weights of `length` samples of a power of 2 n_bins - 1 coefficients."""
    lags, coefficients = np.arange(1 - n_bins, n_bins), np.zeros(length, complex)
    coefficients[lags] = np.fft.fft(np.arange(n_fft) < n_times).conj()[lags]
    return np.fft.fft(coefficients).real / length


@fast_kernel
def _pick(rows: np.ndarray, first: int, gains: np.ndarray, out: np.ndarray) -> None:
    """Write a stretch of each row times the gains, which goes on at the start of the row, and zeros after it."""
    wide()
    n = min(gains.size, rows.shape[1] - first)
    for s in range(rows.shape[0]):
        for i in range(n):
            out[s, i] = gains[i] * rows[s, first + i]
        for i in range(n, gains.size):
            out[s, i] = gains[i] * rows[s, i - n]
        out[s, gains.size :] = rows.dtype.type(0)


@fast_kernel
def _weighted_squares(values: np.ndarray, weights: np.ndarray, sums: np.ndarray) -> None:
    wide()
    for s in range(values.shape[0]):
        row, total = values[s], values.dtype.type(0)
        for i in range(weights.size):
            total += weights[i] * row[i] * row[i]
        sums[s] = total


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
