"""Sums of cross-spectra in one pass: each pair's cross-spectrum is made in registers, added up and forgotten."""

from __future__ import annotations

import numpy as np
import torch
from numba import njit

from ..define import twin
from ..spectral_connectivity import (
    IMAG,
    N_SUMS,
    PAIRS,
    POWER,
    REAL,
    SIGN,
    SIZE,
    SIZE_PAIRS,
    UNIT_IMAG,
    UNIT_REAL,
    bins_of,
    segment_length,
    weighted_tapers,
)
from ._bits import wide

# Sums may be reordered, so that they vectorise; products may not be fused, so that equal channels have no lag.
compiled = njit(nogil=True, cache=True, forceinline=True, fastmath={"reassoc", "nsz"}, error_model="numpy")
Edges = dict[str, tuple[float, float]]
SEGMENTS = 8  # transformed at once: 8 x 64 x 7 x 1,000 values are 14 MiB
TILE = 8  # channels: twice 8 x 8 segments x 7 tapers x 177 frequencies are 1.2 MiB


@compiled
def _cross(ar, ai, br, bi, even, odd):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the cross-spectrum of two channels, each (n_tapers, n_freqs)."""
    wide()
    even[:], odd[:] = even.dtype.type(0), even.dtype.type(0)
    for k in range(ar.shape[0]):
        for f in range(even.size):
            even[f] += ar[k, f] * br[k, f] + ai[k, f] * bi[k, f]
            odd[f] += ai[k, f] * br[k, f] - ar[k, f] * bi[k, f]


@compiled
def _directions(even, odd, real, imag):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    wide()
    zero, one = even.dtype.type(0), even.dtype.type(1)
    for f in range(even.size):
        size = np.sqrt(even[f] * even[f] + odd[f] * odd[f])
        scale = one / size if size > zero else zero
        real[f] += even[f] * scale
        imag[f] += odd[f] * scale


@compiled
def _lags(odd, imag, pairs, sign):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    wide()
    zero, one = odd.dtype.type(0), odd.dtype.type(1)
    for f in range(odd.size):
        pairs[f] += odd[f] * imag[f]
        imag[f] += odd[f]
        sign[f] += (one if odd[f] > zero else zero) - (one if odd[f] < zero else zero)


@compiled
def _sizes(even, odd, real, size, pairs):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    wide()
    for f in range(odd.size):
        weight = abs(odd[f])
        pairs[f] += weight * size[f]
        size[f] += weight
        real[f] += even[f]


@compiled
def _add(re, im, sums):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Add segments (n_segments, n_channels, n_tapers, n_freqs) to the sums (n_pairs, 9, n_freqs)."""
    n, n_freqs = re.shape[1], re.shape[3]
    even, odd = np.empty(n_freqs, re.dtype), np.empty(n_freqs, re.dtype)
    for rows in range(0, n, TILE):
        for columns in range(rows, n, TILE):  # of two tiles of channels, all segments stay in the cache
            for i in range(rows, min(rows + TILE, n)):
                for j in range(max(columns, i + 1), min(columns + TILE, n)):
                    total = sums[i * (2 * n - i - 1) // 2 + j - i - 1]
                    for s in range(re.shape[0]):
                        _cross(re[s, i], im[s, i], re[s, j], im[s, j], even, odd)
                        _directions(even, odd, total[UNIT_REAL], total[UNIT_IMAG])
                        _sizes(even, odd, total[REAL], total[SIZE], total[SIZE_PAIRS])
                        _lags(odd, total[IMAG], total[PAIRS], total[SIGN])


@twin("cross_spectra", backend="cpu", tolerance={"float64": 1e-10, "float32": 1e-3})
def cross_spectra(
    x: np.ndarray, sfreq: float, *, segment: float, bandwidth: float, bands: Edges
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Transform some segments at once; the twin of `spectral_connectivity.cross_spectra`."""
    length = segment_length(sfreq, segment)
    bins, cross_bins = bins_of(length, sfreq, bands)
    tapers = torch.from_numpy(weighted_tapers(length, sfreq, bandwidth).astype(x.dtype))
    n_epochs, n_channels, n_times = x.shape
    sums = np.zeros((n_epochs, n_channels * (n_channels - 1) // 2, N_SUMS, bins.size), x.dtype)
    for one, total in zip(x, sums, strict=True):
        _sum_up(one[:, : n_times // length * length].reshape(n_channels, -1, length), tapers, bins, total)
    return np.moveaxis(sums, 2, 1), cross_bins


def _sum_up(cuts: np.ndarray, tapers: torch.Tensor, bins: np.ndarray, total: np.ndarray) -> None:
    """Fill the means over segments (n_pairs, 9, n_freqs) of one epoch; cuts (n_channels, n_segments, length)."""
    n_channels, n = cuts.shape[:2]
    power = np.zeros((n_channels, bins.size), cuts.dtype)
    for start in range(0, n, SEGMENTS):
        real, imag = _spectra(cuts[:, start : start + SEGMENTS], tapers, bins)
        _add(real, imag, total)
        power += (real**2 + imag**2).sum(axis=(0, 2))
    scale = np.full(N_SUMS, 1 / n)
    scale[[PAIRS, SIZE_PAIRS]] = 2 / (n * (n - 1))
    total *= scale.astype(total.dtype)[:, None]
    a, b = np.triu_indices(n_channels, 1)
    total[:, POWER] = np.sqrt(power[a]) * np.sqrt(power[b]) / cuts.dtype.type(n)


def _spectra(cuts: np.ndarray, tapers: torch.Tensor, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of the transforms, each (n_segments, n_channels, n_tapers, n_freqs)."""
    cuts = cuts - cuts[..., :1]
    cuts -= cuts.mean(axis=-1, keepdims=True)
    tapered = torch.from_numpy(cuts.swapaxes(0, 1)[:, :, None]) * tapers
    first, last = bins[0], bins[-1] + 1
    spectrum = torch.view_as_real(torch.fft.rfft(tapered)[..., first:last]).numpy()
    if len(bins) < last - first:  # bands with a gap between them
        spectrum = spectrum[..., bins - first, :]
    return np.ascontiguousarray(spectrum[..., 0]), np.ascontiguousarray(spectrum[..., 1])
