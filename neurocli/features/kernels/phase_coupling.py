"""All pairs of channels at once: the phase-locking value as matrix products, both phase-lag indices in one pass."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numba import njit

from ..analytic import kept, masks
from ..define import twin
from ._bits import wide
from .covariance import centred

CLOSE = {"float64": 1e-11, "float32": 1e-5}  # products and sums in the dtype of the run
FEW = 48  # bins of a band up to which a matrix product is faster than a transform of 1,000 samples
SIGNS = {"float64": 1e-11, "float32": 2e-2}  # in float32 a few samples without lag fall on the other side of zero
# Sums may be reordered, so that they vectorise; products may not be fused, so that equal channels have lag zero.
compiled = njit(nogil=True, cache=True, forceinline=True, fastmath={"reassoc", "nsz"}, error_model="numpy")
Parts = tuple[np.ndarray, np.ndarray]


@twin("analytic", backend="cpu", tolerance={"float64": 1e-11, "float32": 1e-5})
def analytic(x: np.ndarray, sfreq: float, *, bands: dict, trim: float = 0.0) -> np.ndarray:  # type: ignore[type-arg]
    """Analytic signal, from half the transform and in the dtype of the run.

    A band of few bins is a product with their sinusoids, one epoch at a time; a wide one is transformed back.
    """
    n_times, within = x.shape[-1], kept(x.shape[-1], trim)
    half = torch.fft.rfft(torch.from_numpy(centred(x)))
    z = half.new_empty((*x.shape[:-2], len(bands), *x.shape[-2:-1], within.stop - within.start))
    for i, weights in enumerate(masks(n_times, sfreq, bands)):
        fill_band(half, weights, within, z[..., i, :, :])
    return z.numpy()


def fill_band(half: torch.Tensor, weights: np.ndarray, within: slice, z: torch.Tensor) -> None:
    """Fill z (n_epochs, n_channels, n_kept) with the analytic signal of one band, from half the transform."""
    bins = np.flatnonzero(weights)
    if bins.size <= FEW:
        _summed(half, bins, weights, within, z)
        return
    spectrum = half.new_zeros((*half.shape[:-1], len(weights)))
    scale = torch.from_numpy(weights[bins]).to(half.real.dtype)
    torch.mul(half[..., bins[0] : bins[-1] + 1], scale, out=spectrum[..., bins[0] : bins[-1] + 1])
    z[:] = torch.fft.ifft(spectrum, out=spectrum)[..., within]


def _summed(half: torch.Tensor, bins: np.ndarray, weights: np.ndarray, within: slice, z: torch.Tensor) -> None:
    """Fill z (n_epochs, n_channels, n_kept) with the sum of the sinusoids of some bins of the transform."""
    n_channels, n_kept = z.shape[1:]
    n_times = len(weights)
    real = half.real.dtype
    waves = _sinusoids(n_times, int(bins[0]), bins.size, within.start, within.stop, real)
    scaled = half[..., bins[0] : bins[-1] + 1] * torch.from_numpy(weights[bins] / n_times).to(real)
    parts = torch.view_as_real(scaled).reshape(len(half), n_channels, -1)
    for one, into in zip(parts, torch.view_as_real(z), strict=True):
        torch.mm(one, waves, out=into.view(n_channels, 2 * n_kept))


@lru_cache(maxsize=32)
def _sinusoids(n_times: int, first: int, n_bins: int, start: int, stop: int, dtype: torch.dtype) -> torch.Tensor:
    """Return what the real and the imaginary part of each bin add to those of each sample: (2 n_bins, 2 n_kept)."""
    turns = np.outer(np.arange(first, first + n_bins), np.arange(start, stop)) % n_times
    wave = np.exp(2j * np.pi / n_times * turns)
    parts = [[wave.real, wave.imag], [-wave.imag, wave.real]]
    return torch.from_numpy(np.ascontiguousarray(np.transpose(parts, (2, 0, 3, 1))).reshape(2 * n_bins, -1)).to(dtype)


@compiled
def _lags(real, imag, signs, weighted):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill both indices of each pair; real and imag (n, n_channels, n_times), the indices (n, n_pairs)."""
    wide()
    n_channels, n_times = real.shape[1], real.shape[2]
    zero, one = real.dtype.type(0), real.dtype.type(1)
    for e in range(real.shape[0]):
        pair = 0
        for i in range(n_channels):
            ri, ii = real[e, i], imag[e, i]
            for j in range(i + 1, n_channels):
                rj, ij = real[e, j], imag[e, j]
                total, size, sign = zero, zero, zero
                for t in range(n_times):
                    lag = ii[t] * rj[t] - ri[t] * ij[t]
                    total += lag
                    size += abs(lag)
                    sign += (one if lag > zero else zero) - (one if lag < zero else zero)
                signs[e, pair] = abs(sign) / n_times
                weighted[e, pair] = abs(total) / size if size > zero else zero
                pair += 1


@twin("split_signal", backend="cpu", tolerance=CLOSE)
def split_signal(analytic: np.ndarray) -> Parts:
    """Real and imaginary part of the analytic signal, each contiguous: (n_epochs, n_bands, n_channels, n_times)."""
    return np.ascontiguousarray(analytic.real), np.ascontiguousarray(analytic.imag)


@twin("lag_indices", backend="cpu", tolerance=CLOSE)
def lag_indices(split_signal: Parts) -> Parts:
    """Phase-lag index and weighted phase-lag index: (n_epochs, n_pairs, n_bands)."""
    real, imag = split_signal
    *leading, n_channels, n_times = real.shape
    shape = (int(np.prod(leading)), n_channels, n_times)
    signs = np.empty((shape[0], n_channels * (n_channels - 1) // 2), real.dtype)
    weighted = np.empty_like(signs)
    _lags(real.reshape(shape), imag.reshape(shape), signs, weighted)
    return tuple(values.reshape(*leading, -1).swapaxes(-1, -2) for values in (signs, weighted))  # type: ignore[return-value]


@compiled
def _unit_vectors(real, imag, both):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the parts of the vectors of length one, side by side; NaN for series that are zero throughout."""
    wide()
    n_times = real.shape[1]
    zero, one = real.dtype.type(0), real.dtype.type(1)
    for s in range(real.shape[0]):
        total = zero
        for t in range(n_times):
            size = np.sqrt(real[s, t] * real[s, t] + imag[s, t] * imag[s, t])
            scale = one / size if size > zero else zero
            both[s, t], both[s, n_times + t] = real[s, t] * scale, imag[s, t] * scale
            total += scale
        if total == zero:
            both[s] = np.nan


@twin("plv", backend="cpu", tolerance=CLOSE)
def plv(split_signal: Parts) -> np.ndarray:
    """Phase-locking value, from two real products of the vectors of length one."""
    real, imag = split_signal
    n_channels, n_times = real.shape[-2:]
    both = np.empty((*real.shape[:-1], 2 * n_times), real.dtype)
    _unit_vectors(real.reshape(-1, n_times), imag.reshape(-1, n_times), both.reshape(-1, 2 * n_times))
    even, odd = _product(both, both), _product(both[..., :n_times], both[..., n_times:])
    rows, columns = np.triu_indices(n_channels, 1)
    turned = odd[..., rows, columns] - odd[..., columns, rows]
    aligned = even[..., rows, columns]
    value: np.ndarray = np.sqrt(aligned * aligned + turned * turned) / real.dtype.type(n_times)
    return value.swapaxes(-1, -2)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return torch.matmul(torch.from_numpy(a), torch.from_numpy(b).transpose(-1, -2)).numpy()


@twin("pli", backend="cpu", tolerance=SIGNS)
def pli(lag_indices: Parts) -> np.ndarray:
    """Phase-lag index."""
    return lag_indices[0]


@twin("wpli", backend="cpu", tolerance={"float64": 1e-11, "float32": 1e-4})
def wpli(lag_indices: Parts) -> np.ndarray:
    """Weighted phase-lag index."""
    return lag_indices[1]
