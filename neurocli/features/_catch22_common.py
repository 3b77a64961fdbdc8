"""What several of the 22 share: sums in order, autocorrelations, histograms and symbols. Series are the rows."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft


def mean(x: np.ndarray) -> np.ndarray:
    """Return the mean over time, summed in order: what equals it to the last digit is neither above nor below."""
    return np.cumsum(x, axis=-1)[..., -1] / x.shape[-1]


def zscored(x: np.ndarray) -> np.ndarray:
    """Return series of mean 0 and standard deviation 1 (ddof 1); NaN for a constant."""
    x = x.astype(np.float64)
    away = x - mean(x)[..., None]
    spread = np.sqrt(np.cumsum(away**2, axis=-1)[..., -1] / (x.shape[-1] - 1))
    usable = (x != x[..., :1]).any(axis=-1) & (spread > 0)
    return np.where(usable[..., None], away / np.where(usable, spread, 1.0)[..., None], np.nan)


def autocorrelation(z: np.ndarray) -> np.ndarray:
    """Return the autocorrelation at lags 0 to n - 1, of the mean removed and over n, not n - lag, products."""
    n = z.shape[-1]
    power = np.abs(rfft(z - mean(z)[..., None], 2 ** (2 * n - 1).bit_length())) ** 2
    covariance = irfft(power)[..., :n]
    return np.asarray(covariance / covariance[..., :1])


def first(found: np.ndarray, otherwise: float) -> np.ndarray:
    """Return the index of the first True along the last axis, or another value."""
    return np.where(found.any(axis=-1), found.argmax(axis=-1), otherwise)


def crossing(correlation: np.ndarray, level: float) -> np.ndarray:
    """Return the lag at which the autocorrelation falls below a level, on the line between two lags; n - 1 if never."""
    n = correlation.shape[-1]
    lag = first(correlation[..., 1:] < level, n - 2.0).astype(int) + 1
    here = np.take_along_axis(correlation, lag[..., None], -1)[..., 0]
    before = np.take_along_axis(correlation, lag[..., None] - 1, -1)[..., 0]
    falls = here < level
    return np.where(falls, lag - 1 + (before - level) / np.where(falls, before - here, 1.0), n - 1.0)


def edges(x: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the edges of bins of equal width over the range of each series, all a millionth of a bin too low."""
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    width = (high - low) / n_bins
    found = low + np.arange(n_bins + 1) * width - 1e-6 * width
    found[..., -1:] = high + 1e-6 * width
    return np.asarray(found)


def binned(x: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return the bin of each sample, from 0."""
    bins = np.zeros(x.shape, np.int64)
    for k in range(1, bounds.shape[-1] - 1):
        bins += x >= bounds[..., k : k + 1]
    return bins


def thirds(x: np.ndarray) -> np.ndarray:
    """Return for each sample whether it is in the lowest (0), middle (1) or highest (2) third of its series."""
    ordered, n = np.sort(x, axis=-1), x.shape[-1]
    labels = np.zeros(x.shape, np.int64)
    for share in (1 / 3, 1 / 3 + 1 / 3):
        place = n * share - 0.5
        low = int(np.floor(place))
        step = ordered[..., low + 1] - ordered[..., low]
        labels += x > (ordered[..., low] + (place - low) * step)[..., None]
    return labels


def pairs(left: np.ndarray, right: np.ndarray, n_symbols: int) -> np.ndarray:
    """Count how often each symbol meets each: (..., n) twice to (..., n_symbols, n_symbols)."""
    joint = left * n_symbols + right
    counts = np.stack([(joint == k).sum(axis=-1) for k in range(n_symbols**2)], axis=-1)
    return counts.reshape(*left.shape[:-1], n_symbols, n_symbols)
