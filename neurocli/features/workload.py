"""The fixed workload of the benchmark: 200 epochs of 64 channels, 4 s at 250 Hz, about microvolts."""

from __future__ import annotations

from typing import Any

import numpy as np

SFREQ = 250.0
N_SOURCES = 6


def make(n_epochs: int = 200, n_channels: int = 64, n_times: int = 1000, seed: int = 0, dtype: Any = np.float64) -> Any:
    """Return 1/f noise (slope -1 to -2 a channel), six lagged alpha sources with bursts, and white sensor noise.

    Parameters
    ----------
    n_epochs, n_channels, n_times : int
        Shape.
    seed : int
        Of the random numbers.
    dtype : dtype
        Of the result.

    Returns
    -------
    x : array, shape (n_epochs, n_channels, n_times)
        Microvolts, about.
    """
    rng = np.random.default_rng(seed)
    x = _coloured(rng, n_epochs, n_channels, n_times)
    x += _rhythms(rng, n_epochs, n_channels, n_times)
    x += 0.1 * rng.standard_normal(x.shape)
    return np.ascontiguousarray((x * 10.0).astype(dtype))


def _coloured(rng: np.random.Generator, n_epochs: int, n_channels: int, n_times: int) -> np.ndarray:
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ)
    freqs[0] = freqs[1]
    exponent = rng.uniform(1.0, 2.0, n_channels)
    amplitude = freqs[None, :] ** (-exponent[:, None] / 2)
    shape = (n_epochs, n_channels, freqs.size)
    noise = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    x = np.fft.irfft(noise * amplitude, n=n_times, axis=-1)
    return x / x.std(axis=-1, keepdims=True)


def _rhythms(rng: np.random.Generator, n_epochs: int, n_channels: int, n_times: int) -> np.ndarray:
    times = np.arange(n_times) / SFREQ
    mixing = np.abs(rng.standard_normal((n_channels, N_SOURCES))) * 0.4
    freq = rng.uniform(8.5, 11.5, (n_epochs, N_SOURCES))
    phase = rng.uniform(0, 2 * np.pi, (n_epochs, N_SOURCES))
    rate = rng.uniform(0.2, 0.6, (n_epochs, N_SOURCES))[..., None]
    start = rng.uniform(0, 6.28, (n_epochs, N_SOURCES))[..., None]
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * rate * times + start)
    angle = 2 * np.pi * freq[..., None] * times + phase[..., None]
    lag = rng.uniform(0, 0.6, (n_channels, N_SOURCES))  # phase lags, so that wPLI is not trivial
    in_phase = np.einsum("cs,est->ect", mixing * np.cos(lag), envelope * np.sin(angle))
    return in_phase + np.einsum("cs,est->ect", mixing * np.sin(lag), envelope * np.cos(angle))
