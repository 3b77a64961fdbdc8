"""Wavelet power on the CPU: batched transforms in the dtype of the signal, octaves in one compiled pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.fft import fft, ifft

from ..define import twin
from ..wavelets import DB4, DB4_HIGH, EVERY_OTHER, half_wavelet, padded_length, wavelet_spectra
from ._bits import fast_kernel, kernel, series

COLUMNS = 64  # of the samples beyond an end, as functions of those within: a Gaussian moved by a twelfth of its width
ROWS = 64  # series in a product, always as many, for how many there are may change the order of its sums
# What share of the energy that can lie outside the signal a direction must be able to add, to count
NOTHING = {np.dtype(np.float32): 1e-10, np.dtype(np.float64): 1e-13}


# What the cut ends of a wavelet leave outside, some 1e-13 of the energy at an edge, is in no few directions
@twin("morlet_power", backend="cpu", tolerance={"float64": 1e-11, "float32": 1e-5})
def morlet_power(
    x: np.ndarray, sfreq: float, *, at: tuple[float, ...] = EVERY_OTHER, n_cycles: float = 7.0
) -> np.ndarray:
    r"""Take the energy of the whole convolution from the spectrum, and from it what lies outside the signal.

    By Parseval the energy is a weighted sum over the squared spectrum, so nothing is transformed back. The u-th sample
    beyond the end is

    .. math:: z_{N - 1 + u} = \sum_{v \ge 0} w_{u + v}\, x_{N - 1 - v}

    and before the start likewise. These samples are many but vary in few directions: those of the
    eigendecomposition of :math:`w w^*`.
    """
    energies = _energies(x.shape[-1], x.dtype, sfreq, tuple(at), n_cycles)
    flat, power = series(x), []
    for start in range(0, len(flat), ROWS):
        block = torch.from_numpy(flat[start : start + ROWS])
        whole = torch.nn.functional.pad(block, (0, 0, 0, ROWS - len(block)))
        power.append(energies.inside(whole)[: len(block)])
    return (np.concatenate(power) / x.dtype.type(x.shape[-1])).reshape(*x.shape[:-1], len(at))


@dataclass(frozen=True)
class _Energies:
    """Weights of the energy of each wavelet's convolution.

    Parameters
    ----------
    n_fft : int
        A length at which nothing wraps round.
    gains : tensor, shape (2 n_bins, n_freqs)
        Of the squared real and imaginary parts of the spectrum, in turns.
    directions : tensor, shape (n_edge, n_directions)
        Of the samples from an end inwards.
    owners : tensor, shape (n_directions, n_freqs)
        One where a direction is of a wavelet.
    """

    n_fft: int
    gains: torch.Tensor
    directions: torch.Tensor
    owners: torch.Tensor

    def inside(self, x: torch.Tensor) -> np.ndarray:
        """Return the energy inside the signal, of (n_series, n_times): (n_series, n_freqs)."""
        parts = torch.view_as_real(torch.fft.rfft(x, self.n_fft)).flatten(1)[:, : len(self.gains)]
        n = len(self.directions)
        outside = sum((edge @ self.directions).square() @ self.owners for edge in (x[:, :n], x[:, -n:].flip(1)))
        return (parts.square() @ self.gains - outside).clamp_min(0.0).numpy()


@lru_cache(maxsize=8)
def _energies(n_times: int, dtype: np.dtype, sfreq: float, at: tuple[float, ...], n_cycles: float) -> _Energies:
    """Return the weights for signals of n_times samples."""
    halves = [half_wavelet(freq, sfreq, n_cycles) for freq in at]
    reach = max(half.size for half in halves) - 1
    n_fft = _even_faster(padded_length(n_times + reach, sfreq, at, n_cycles))
    squares = np.abs(wavelet_spectra(n_fft, sfreq, at, n_cycles)) ** 2 / n_fft
    gains = (squares[:, : n_fft // 2 + 1] + squares[:, -np.arange(n_fft // 2 + 1)]) / 2  # bins -k have those of k
    gains[:, 1 : n_fft // 2] *= 2
    edges = [_edge(half, NOTHING[dtype]) for half in halves]
    owners = np.repeat(np.eye(len(at)), [len(edge) for edge in edges], axis=0)
    directions = np.vstack([np.pad(edge, ((0, 0), (0, reach - edge.shape[1]))) for edge in edges]).T
    tensors = (
        torch.from_numpy(np.ascontiguousarray(a, dtype)) for a in (np.repeat(gains.T, 2, axis=0), directions, owners)
    )
    return _Energies(n_fft, *tensors)


def _edge(half: np.ndarray, nothing: float) -> np.ndarray:
    """Return the directions (n, reach) whose squared sums add up to the energy outside.

    The matrix of all w_{u + v} is never made: it may have thousands of rows, and its columns lie in the span of a few.
    """
    tail = half[1:]
    starts = np.unique(np.linspace(0, tail.size - 1, COLUMNS).round().astype(int))
    span, _ = np.linalg.qr(np.stack([np.pad(tail[v:], (0, v)) for v in starts], axis=1))
    spectra = fft(tail, 2 * tail.size) * fft(span.T, 2 * tail.size).conj()
    within = ifft(spectra)[:, : tail.size]  # the matrix as seen from the span, by correlation
    _, sizes, directions = np.linalg.svd(np.vstack([within.real, within.imag]), full_matrices=False)
    kept = sizes**2 > nothing * (sizes**2).sum()
    return np.asarray(sizes[kept, None] * directions[kept])


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
