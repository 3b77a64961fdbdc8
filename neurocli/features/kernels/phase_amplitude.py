"""The modulation index in one pass over each series: every sample adds its envelopes to the bin of its phase."""

from __future__ import annotations

import numpy as np
import torch

from ..analytic import masks
from ..define import twin
from ._angle import ATAN, angle
from ._bits import fast_kernel, kernel, wide
from .covariance import centred
from .phase_coupling import fill_band

Edges = dict[str, tuple[float, float]]


@fast_kernel
def _fill_bins(z: np.ndarray, n_bins: int, c: np.ndarray, bins: np.ndarray) -> None:
    """Write the bin of each phase; z is (n_series, 2 n_times), its parts in turns, c the terms of the angle."""
    wide()
    half, scale, last = np.float32(np.pi), np.float32(n_bins / (2 * np.pi)), np.int32(n_bins - 1)
    for s in range(z.shape[0]):
        row, into = z[s], bins[s]
        for t in range(into.size):
            into[t] = min(np.int32((angle(row[2 * t + 1], row[2 * t], c) + half) * scale), last)


@fast_kernel
def _fill_sizes(z: np.ndarray, sizes: np.ndarray) -> None:
    """Write the size of each sample; z is (n_series, 2 n_times), its parts in turns."""
    wide()
    for s in range(z.shape[0]):
        row, into = z[s], sizes[s]
        for t in range(into.size):
            into[t] = np.sqrt(row[2 * t] * row[2 * t] + row[2 * t + 1] * row[2 * t + 1])


@kernel
def _add_up(bins: np.ndarray, sizes: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Return the sum of the sizes in each bin; four stretches go to sums of their own, so that none waits for another.

    The sums of the stretches (4, n_bins) are kept in `parts`.
    """
    n = sizes.size // 4
    parts[:] = 0.0
    for t in range(n):
        for part in range(4):
            parts[part, bins[part * n + t]] += sizes[part * n + t]
    for t in range(4 * n, sizes.size):
        parts[0, bins[t]] += sizes[t]
    return parts[0] + parts[1] + parts[2] + parts[3]


@kernel
def _index(sums: np.ndarray, counts: np.ndarray) -> float:
    """Return how far the means of the bins are from all the same, 0 to 1; an empty bin counts as no amplitude."""
    means = sums / np.maximum(counts, 1.0)
    total, entropy = means.sum(), 0.0
    for mean in means:
        if mean > 0.0:
            entropy -= mean / total * np.log(mean / total)
    return 1.0 - entropy / np.log(means.size) if total > 0.0 and means.size > 1 else np.nan


@kernel
def _indices(bins: np.ndarray, sizes: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the index of each series, slow and fast band, (n_series, n_slow * n_fast).

    Takes the bins (n_slow, n_series, n_times) and the envelopes (n_fast, n_series, n_times).
    """
    n_slow, n_series, n_times = bins.shape
    n_fast, ones = sizes.shape[0], np.ones(n_times, sizes.dtype)
    index, parts = np.empty((n_series, n_slow * n_fast)), np.empty((4, n_bins))
    for s in range(n_series):
        for i in range(n_slow):
            counts = _add_up(bins[i, s], ones, parts)
            for k in range(n_fast):
                index[s, i * n_fast + k] = _index(_add_up(bins[i, s], sizes[k, s], parts), counts)
    return index


# In float32 a sample at the edge of two bins may fall on the other side of it
@twin("pac_modulation_index", backend="cpu", tolerance={"float64": 1e-9, "float32": 2e-2})
def pac_modulation_index(x: np.ndarray, sfreq: float, *, phases: Edges, amplitudes: Edges, n_bins: int) -> np.ndarray:
    """Modulation index, one epoch at a time; the twin of `phase_amplitude.pac_modulation_index`."""
    slow, fast = (masks(x.shape[-1], sfreq, bands) for bands in (phases, amplitudes))
    indices = [_of_epoch(epoch, slow, fast, n_bins) for epoch in x.reshape(-1, 1, *x.shape[-2:])]
    return np.stack(indices).reshape(*x.shape[:-1], -1)


def _of_epoch(epoch: np.ndarray, slow: np.ndarray, fast: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the indices from an epoch (1, n_channels, n_times) and the weights of the slow and of the fast bands.

    The analytic signal of one band at a time is made, read and written over, so that it stays in the cache.
    """
    half = torch.fft.rfft(torch.from_numpy(centred(epoch)))
    z = half.new_empty(epoch.shape)
    parts = torch.view_as_real(z)[0].flatten(1).numpy()
    bins = np.empty((len(slow), *epoch.shape[1:]), np.int32)
    sizes = np.empty((len(fast), *epoch.shape[1:]), epoch.dtype)
    for weights, into in zip(slow, bins, strict=True):
        fill_band(half, weights, slice(0, epoch.shape[-1]), z)
        _fill_phases(z[0].numpy(), parts, n_bins, into)
    for weights, size in zip(fast, sizes, strict=True):
        fill_band(half, weights, slice(0, epoch.shape[-1]), z)
        _fill_sizes(parts, size)
    return _indices(bins, sizes, n_bins)


def _fill_phases(z: np.ndarray, parts: np.ndarray, n_bins: int, bins: np.ndarray) -> None:
    if z.dtype == np.complex64:
        _fill_bins(parts, n_bins, ATAN, bins)
    else:
        bins[:] = np.minimum((np.angle(z) + np.pi) / (2 * np.pi) * n_bins, n_bins - 1)
