"""Of the 22: the spectrum in two numbers, and what follows what among low, middle and high thirds."""

from __future__ import annotations

import numpy as np
from scipy.fft import rfft

from ._catch22_common import first, pairs, thirds


def _spectrum(z: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the one-sided density over angular frequency, zero left out, and the width of its bins."""
    n = z.shape[-1]
    n_fft = 2 ** (n - 1).bit_length()
    density = np.abs(rfft(z, n_fft)[..., 1:]) ** 2 / (n * np.pi)
    return np.maximum(density, 1e-12 * density.max(axis=-1, keepdims=True)), 2 * np.pi / n_fft


def low_freq_power(z: np.ndarray) -> np.ndarray:
    """Return the power in the lowest fifth of the frequencies."""
    density, width = _spectrum(z)
    return np.asarray(np.cumsum(density, axis=-1)[..., density.shape[-1] // 5 - 1] * width)


def median_freq(z: np.ndarray) -> np.ndarray:
    """Return the frequency below which half of the power lies, in radians a sample."""
    density, width = _spectrum(z)
    cumulated = np.cumsum(density, axis=-1)
    return (first(cumulated >= 0.5 * cumulated[..., -1:], np.nan) + 1) * width


def entropy_pairs(z: np.ndarray) -> np.ndarray:
    """Return the entropy of the nine pairs of neighbouring thirds, with Miller and Madow's correction; in nats."""
    symbols, n = thirds(z), z.shape[-1] - 1
    p = pairs(symbols[..., :-1], symbols[..., 1:], 3) / n
    entropy = -(p * np.log(p, out=np.zeros_like(p), where=p > 0)).sum(axis=(-1, -2))
    free = (p > 0).sum(axis=(-1, -2)) - 5
    return entropy + np.maximum(free, 0) / (2.0 * n)


def transition_variance(z: np.ndarray, acf: np.ndarray) -> np.ndarray:
    """Return the summed variances (ddof 1) of the columns of the transitions between thirds, a time scale apart."""
    n = z.shape[-1]
    lags = np.minimum(first(acf[..., 1:] < 0, n - 2.0) + 1, n // 50).astype(int)
    found = np.empty(len(z))
    for lag in np.unique(lags):
        found[lags == lag] = _transitions(_every(z[lags == lag], int(lag)))
    return found


def _transitions(z: np.ndarray) -> np.ndarray:
    symbols = thirds(z)
    p = pairs(symbols[..., :-1], symbols[..., 1:], 3) / (z.shape[-1] - 1)
    return np.asarray(p.var(axis=-2, ddof=1).sum(axis=-1))


def _every(z: np.ndarray, step: int) -> np.ndarray:
    """Return every `step`-th sample of the series below a low-pass filter, a sinc under a Kaiser window."""
    if step <= 1:
        return z
    reach = 10 * step
    taps = np.sinc(np.arange(-reach, reach + 1) / step) * np.kaiser(2 * reach + 1, 5.0)
    taps /= taps.sum()
    filtered = [np.convolve(one, taps)[reach : reach + one.size : step] for one in z]
    return np.stack(filtered)
