"""The analytic signal on the CPU, and what is read from it, in the dtype of the signal."""

from __future__ import annotations

import numpy as np
import torch

from ..define import twin


@twin("hilbert_signal", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
def hilbert_signal(x: np.ndarray) -> np.ndarray:
    """Transform with torch: real signals forth, complex back."""
    signal = torch.from_numpy(x)
    signal = signal - signal[..., :1]
    n = x.shape[-1]
    half = torch.fft.rfft(signal)
    half[..., 0] = 0  # the mean
    half[..., 1 : (n + 1) // 2] *= 2
    whole = torch.zeros((*x.shape[:-1], n), dtype=half.dtype)
    whole[..., : half.shape[-1]] = half
    return torch.fft.ifft(whole).numpy()


@twin("instantaneous_frequency", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-4})
def instantaneous_frequency(hilbert_signal: np.ndarray, sfreq: float) -> np.ndarray:
    """Take the angle of the turn, which needs no unwrapping."""
    signal = torch.from_numpy(hilbert_signal)
    turn = torch.view_as_real(signal[..., 1:] * signal[..., :-1].conj())
    frequency = torch.atan2(turn[..., 1], turn[..., 0]).mul_(sfreq / (2 * np.pi))
    silent = ~hilbert_signal.any(axis=-1)
    found = frequency.numpy()
    found[silent] = np.nan
    return found


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
