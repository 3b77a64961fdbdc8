"""The analytic signal on the CPU, and what is read from it, in the dtype of the signal."""

from __future__ import annotations

import numpy as np
import torch
from numba import njit

from ..define import twin
from ._angle import ATAN, angle
from ._bits import wide
from .covariance import centred

compiled = njit(nogil=True, cache=True, forceinline=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")


@twin("hilbert_signal", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def hilbert_signal(x: np.ndarray) -> np.ndarray:
    """Transform with torch: real signals forth, complex back."""
    n = x.shape[-1]
    half = torch.fft.rfft(torch.from_numpy(centred(x)))
    whole = half.new_zeros((*x.shape[:-1], n))
    whole[..., : half.shape[-1]] = half
    whole[..., 1 : (n + 1) // 2] *= 2
    return torch.fft.ifft(whole, out=whole).numpy()


@compiled
def _turns(z, scale, c, frequency):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the angle from each sample to the next times `scale`; z (n_series, 2 n_times), c the terms of atan."""
    wide()
    for s in range(z.shape[0]):
        row, into = z[s], frequency[s]
        for t in range(into.size):
            re = row[2 * t + 2] * row[2 * t] + row[2 * t + 3] * row[2 * t + 1]
            im = row[2 * t + 3] * row[2 * t] - row[2 * t + 2] * row[2 * t + 1]
            into[t] = angle(im, re, c) * scale


@twin("instantaneous_frequency", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-4})
def instantaneous_frequency(hilbert_signal: np.ndarray, sfreq: float) -> np.ndarray:
    """Take the angle of the turn, which needs no unwrapping; in single precision by a polynomial that vectorises."""
    if hilbert_signal.dtype == np.complex64:
        found = np.empty((*hilbert_signal.shape[:-1], hilbert_signal.shape[-1] - 1), np.float32)
        parts = hilbert_signal.view(np.float32).reshape(-1, 2 * hilbert_signal.shape[-1])
        _turns(parts, np.float32(sfreq / (2 * np.pi)), ATAN, found.reshape(-1, found.shape[-1]))
    else:
        turn = hilbert_signal[..., 1:] * hilbert_signal[..., :-1].conj()
        found = np.angle(turn) * (sfreq / (2 * np.pi))
    found[~hilbert_signal.any(axis=-1)] = np.nan
    return found


@compiled
def _moments(z, moments):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill mean and standard deviation of the size; z (n_series, 2 n_times)."""
    wide()
    size = np.empty(z.shape[1] // 2, z.dtype)
    for s in range(z.shape[0]):
        row, total, spread = z[s], 0.0, 0.0
        for t in range(size.size):
            size[t] = np.sqrt(row[2 * t] * row[2 * t] + row[2 * t + 1] * row[2 * t + 1])
            total += size[t]
        mean = total / size.size
        for t in range(size.size):
            away = size[t] - mean
            spread += away * away
        moments[s, 0], moments[s, 1] = mean, np.sqrt(spread / size.size)


@twin("envelope_moments", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def envelope_moments(hilbert_signal: np.ndarray) -> np.ndarray:
    """Return mean and standard deviation of the envelope, (..., 2), from one pass."""
    real = hilbert_signal.real.dtype
    moments = np.empty((*hilbert_signal.shape[:-1], 2), real)
    _moments(hilbert_signal.view(real).reshape(-1, 2 * hilbert_signal.shape[-1]), moments.reshape(-1, 2))
    return moments


@twin("envelope_mean", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def envelope_mean(envelope_moments: np.ndarray) -> np.ndarray:
    """Mean of the envelope."""
    return envelope_moments[..., 0]


@twin("envelope_std", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def envelope_std(envelope_moments: np.ndarray) -> np.ndarray:
    """Spread of the envelope."""
    return envelope_moments[..., 1]


@twin("ordered_frequency", backend="cpu", tolerance={"float64": 0.0, "float32": 0.0})
def ordered_frequency(instantaneous_frequency: np.ndarray) -> np.ndarray:
    """Sort once for all quantiles; NumPy's vectorised sort is faster than a partition at several ranks."""
    return np.sort(instantaneous_frequency, axis=-1)


@twin("instantaneous_frequency_median", backend="cpu", tolerance={"float64": 1e-14, "float32": 1e-6})
def instantaneous_frequency_median(ordered_frequency: np.ndarray) -> np.ndarray:
    """Read it from the sorted values."""
    return _quantile(ordered_frequency, 0.5)


@twin("instantaneous_frequency_iqr", backend="cpu", tolerance={"float64": 1e-14, "float32": 1e-6})
def instantaneous_frequency_iqr(ordered_frequency: np.ndarray) -> np.ndarray:
    """Read it from the sorted values."""
    return _quantile(ordered_frequency, 0.75) - _quantile(ordered_frequency, 0.25)


def _quantile(ordered: np.ndarray, share: float) -> np.ndarray:
    rank = share * (ordered.shape[-1] - 1)
    low = int(rank)
    high = min(low + 1, ordered.shape[-1] - 1)
    value: np.ndarray = ordered[..., low] + (ordered[..., high] - ordered[..., low]) * (rank - low)
    return value
