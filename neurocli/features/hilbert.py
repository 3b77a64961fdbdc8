"""Envelope and instantaneous frequency, from the analytic signal of the whole epoch."""

from __future__ import annotations

import numpy as np
from scipy.signal import hilbert

from .define import feature, quantity

SOURCE = "Boashash (1992); scipy.signal.hilbert"


@quantity()
def hilbert_signal(x: np.ndarray) -> np.ndarray:
    """Analytic signal of the epoch as it is: its mean removed, no padding, no filter.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.

    Returns
    -------
    hilbert_signal : array, shape (..., n_times)
        Complex, in V.

    References
    ----------
    .. [1] Boashash, B. (1992). Estimating and interpreting the instantaneous frequency of a signal. Proc. IEEE 80(4),
       520-538.
    """
    x = x - x[..., :1]  # a constant becomes exactly zero
    return np.asarray(hilbert(x - x.mean(axis=-1, keepdims=True)))


@quantity()
def instantaneous_frequency(hilbert_signal: np.ndarray, sfreq: float) -> np.ndarray:
    """Turn of the analytic signal from each sample to the next, between minus and plus half a turn.

    Parameters
    ----------
    hilbert_signal : array, shape (..., n_times)
        Analytic signal.
    sfreq : float
        Sampling frequency, in Hz.

    Returns
    -------
    frequency : array, shape (..., n_times - 1)
        Hz; the same as differences of the unwrapped phase. NaN where the signal is zero throughout.
    """
    turn = hilbert_signal[..., 1:] * hilbert_signal[..., :-1].conj()
    silent = ~hilbert_signal.any(axis=-1, keepdims=True)
    return np.where(silent, np.nan, np.angle(turn) * (sfreq / (2 * np.pi)))


@feature(unit="V", cost="spectral", source=SOURCE, min_times=2)
def envelope_mean(hilbert_signal: np.ndarray) -> np.ndarray:
    """Mean of the envelope.

    Parameters
    ----------
    hilbert_signal : array, shape (..., n_times)
        Analytic signal, in V.

    Returns
    -------
    mean : array, shape (...,)
        V; 0 for a constant.
    """
    return np.abs(hilbert_signal).mean(axis=-1)


@feature(unit="V", cost="spectral", source=SOURCE, min_times=2)
def envelope_std(hilbert_signal: np.ndarray) -> np.ndarray:
    """Standard deviation (ddof 0) of the envelope.

    Parameters
    ----------
    hilbert_signal : array, shape (..., n_times)
        Analytic signal, in V.

    Returns
    -------
    std : array, shape (...,)
        V; 0 for a constant.
    """
    return np.abs(hilbert_signal).std(axis=-1)


@feature(unit="Hz", cost="spectral", source=SOURCE, min_times=2)
def instantaneous_frequency_median(instantaneous_frequency: np.ndarray) -> np.ndarray:
    """Median of the instantaneous frequency.

    Parameters
    ----------
    instantaneous_frequency : array, shape (..., n_times - 1)
        Hz.

    Returns
    -------
    median : array, shape (...,)
        Hz; NaN for a constant.
    """
    return np.asarray(np.median(instantaneous_frequency, axis=-1))


@feature(unit="Hz", cost="spectral", source=SOURCE, min_times=2)
def instantaneous_frequency_iqr(instantaneous_frequency: np.ndarray) -> np.ndarray:
    """Distance of the quartiles of the instantaneous frequency.

    Parameters
    ----------
    instantaneous_frequency : array, shape (..., n_times - 1)
        Hz.

    Returns
    -------
    spread : array, shape (...,)
        Hz, between linearly interpolated quartiles; NaN for a constant.
    """
    low, high = np.quantile(instantaneous_frequency, [0.25, 0.75], axis=-1)
    return np.asarray(high - low)
