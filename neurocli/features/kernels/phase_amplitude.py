"""The modulation index in one pass over each series: every sample adds its envelopes to the bin of its phase."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ._angle import ATAN, angle
from ._bits import fast_kernel, kernel, wide
from .phase_coupling import analytic

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
    wide()
    for t in range(sizes.size):
        sizes[t] = np.sqrt(z[2 * t] * z[2 * t] + z[2 * t + 1] * z[2 * t + 1])


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
def _indices(bins: np.ndarray, fast: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the index of each series, slow and fast band, (n_series, n_slow * n_fast).

    Takes the bins (n_slow, n_series, n_times) and the parts of the fast signals (n_fast, n_series, 2 n_times).
    """
    n_slow, n_series, n_times = bins.shape
    n_fast = fast.shape[0]
    index, parts = np.empty((n_series, n_slow * n_fast)), np.empty((4, n_bins))
    sizes = np.ones((n_fast + 1, n_times), fast.dtype)  # the last row counts
    for s in range(n_series):
        for k in range(n_fast):
            _fill_sizes(fast[k, s], sizes[k])
        for i in range(n_slow):
            counts = _add_up(bins[i, s], sizes[n_fast], parts)
            for k in range(n_fast):
                index[s, i * n_fast + k] = _index(_add_up(bins[i, s], sizes[k], parts), counts)
    return index


# In float32 a sample at the edge of two bins may fall on the other side of it
@twin("pac_modulation_index", backend="cpu", tolerance={"float64": 1e-9, "float32": 2e-2})
def pac_modulation_index(x: np.ndarray, sfreq: float, *, phases: Edges, amplitudes: Edges, n_bins: int) -> np.ndarray:
    """Modulation index, one epoch at a time; the twin of `phase_amplitude.pac_modulation_index`."""
    bands = dict(enumerate([*phases.values(), *amplitudes.values()]))
    epochs = x.reshape(-1, *x.shape[-2:])
    indices = [_of_epoch(analytic(one[None], sfreq, bands=bands)[0], len(phases), n_bins) for one in epochs]
    return np.stack(indices).reshape(*x.shape[:-1], -1)


def _of_epoch(z: np.ndarray, n_slow: int, n_bins: int) -> np.ndarray:
    """Return the indices from the analytic signals (n_bands, n_channels, n_times), the slow bands first."""
    slow, parts = z[:n_slow], z.view(z.real.dtype)  # real and imaginary parts in turns
    bins = np.empty(slow.shape, np.int32)
    if z.dtype == np.complex64:
        _fill_bins(parts[:n_slow].reshape(-1, parts.shape[-1]), n_bins, ATAN, bins.reshape(-1, bins.shape[-1]))
    else:
        bins[:] = np.minimum((np.angle(slow) + np.pi) / (2 * np.pi) * n_bins, n_bins - 1)
    return _indices(bins, parts[n_slow:], n_bins)
