"""The modulation index in one pass over each series: every sample adds its envelope to the bin of its phase."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..define import twin
from .phase_coupling import analytic

compiled = njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
Edges = dict[str, tuple[float, float]]


@compiled
def _bins(z, n_bins, bins):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the bin of each phase; z is (n_series, n_times)."""
    for s in range(z.shape[0]):
        for t in range(z.shape[1]):
            turn = (np.arctan2(z[s, t].imag, z[s, t].real) + np.pi) / (2 * np.pi)
            bins[s, t] = min(np.int64(turn * n_bins), n_bins - 1)


@compiled
def _indices(bins, z, n_bins, index):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the index of each series from the bins of one rhythm and the envelope of another."""
    sums, counts = np.empty(n_bins), np.empty(n_bins)
    for s in range(z.shape[0]):
        sums[:], counts[:] = 0.0, 0.0
        for t in range(z.shape[1]):
            value = z[s, t]
            sums[bins[s, t]] += np.sqrt(value.real * value.real + value.imag * value.imag)
            counts[bins[s, t]] += 1.0
        for k in range(n_bins):
            sums[k] /= max(counts[k], 1.0)
        total = sums.sum()
        entropy = 0.0
        for k in range(n_bins):
            if sums[k] > 0.0:
                entropy -= sums[k] / total * np.log(sums[k] / total)
        index[s] = 1.0 - entropy / np.log(n_bins) if total > 0.0 and n_bins > 1 else np.nan


# In float32 a sample at the edge of two bins may fall on the other side of it
@twin("pac_modulation_index", backend="cpu", tolerance={"float64": 1e-9, "float32": 2e-2})
def pac_modulation_index(x: np.ndarray, sfreq: float, *, phases: Edges, amplitudes: Edges, n_bins: int) -> np.ndarray:
    """Modulation index; the twin of `phase_amplitude.pac_modulation_index`."""
    bins = [_binned(z, n_bins) for z in _series(x, sfreq, phases)]
    fast = _series(x, sfreq, amplitudes)
    values = np.empty((len(bins) * len(fast), int(np.prod(x.shape[:-1]))))
    for row, (which, z) in zip(values, ((which, z) for which in bins for z in fast), strict=True):
        _indices(which, z, n_bins, row)
    return np.moveaxis(values.reshape(-1, *x.shape[:-1]), 0, -1)


def _series(x: np.ndarray, sfreq: float, bands: Edges) -> list[np.ndarray]:
    """Return the analytic signal of each band, as (n_series, n_times)."""
    z = np.moveaxis(analytic(x, sfreq, bands=bands), -3, 0)
    return [np.ascontiguousarray(band).reshape(-1, x.shape[-1]) for band in z]


def _binned(z: np.ndarray, n_bins: int) -> np.ndarray:
    bins = np.empty(z.shape, np.int64)
    _bins(z, n_bins, bins)
    return bins
