"""Of the 22: where fluctuation over window length changes its slope, and when outliers come."""

from __future__ import annotations

import numpy as np


def regimes(z: np.ndarray, lag: int, is_range: bool) -> np.ndarray:
    """Return the share of window lengths before the bend of log fluctuation over log length.

    Windows of 5 to n / 2 samples of the cumulated series, detrended; the fluctuation is the root mean square of the
    residuals (detrended fluctuation analysis) or of their ranges.
    """
    walk = np.cumsum(z[..., ::lag], axis=-1)
    lengths = window_lengths(walk.shape[-1])
    found = [_fluctuation(walk, int(length), is_range) for length in lengths]
    return bent(lengths, np.stack(found, axis=-1) if found else np.zeros((*z.shape[:-1], 0)))


def bent(lengths: np.ndarray, fluctuation: np.ndarray) -> np.ndarray:
    """Return the share of the lengths before the bend; fluctuation (..., n_lengths). NaN for too few or a constant."""
    n_least = n_points(lengths.size)
    if lengths.size < 2 * n_least:
        return np.full(fluctuation.shape[:-1], np.nan)
    with np.errstate(divide="ignore"):
        share = _bend(np.log(lengths), np.log(fluctuation), n_least) / lengths.size
    return np.where(np.isnan(fluctuation).any(axis=-1), np.nan, share)


def n_points(n_lengths: int) -> int:
    """Return how many points a line needs: eight, and a quarter of them."""
    return max(8, int(np.floor(0.25 * n_lengths + 0.5)))


def window_lengths(n: int) -> np.ndarray:
    """Return up to 50 lengths from 5 to half the series, evenly spaced as logarithms."""
    if n < 10:
        return np.zeros(0, int)
    low, high = np.log(5.0), np.log(n // 2)
    lengths = np.floor(np.exp(low + np.arange(50) * (high - low) / 49) + 0.5).astype(int)
    lengths[-1] = n // 2
    return np.unique(lengths)


def _fluctuation(walk: np.ndarray, length: int, is_range: bool) -> np.ndarray:
    n_windows = walk.shape[-1] // length
    windows = walk[..., : n_windows * length].reshape(*walk.shape[:-1], n_windows, length)
    time = np.arange(length) - (length - 1) / 2
    windows = windows - windows.mean(axis=-1, keepdims=True)
    windows = windows - (windows * time).sum(axis=-1, keepdims=True) / (time**2).sum() * time
    each = np.ptp(windows, axis=-1) ** 2 if is_range else (windows**2).mean(axis=-1)
    return np.sqrt(each.mean(axis=-1))


def _bend(x: np.ndarray, y: np.ndarray, n_least: int) -> np.ndarray:
    """Return how many points the first of two lines takes that share a point and miss the least."""
    splits = np.arange(n_least, len(x) - n_least + 1)
    missed = np.stack([_missed(x[:i], y[..., :i]) + _missed(x[i - 1 :], y[..., i - 1 :]) for i in splits], axis=-1)
    known = np.isfinite(missed)
    least = np.where(known, missed, np.inf).min(axis=-1, keepdims=True)
    return splits[(known & (missed <= least * (1 + 1e-9))).argmax(axis=-1)]


def _missed(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the sum of squares that a line leaves."""
    with np.errstate(invalid="ignore"):
        x, y = x - x.mean(), y - y.mean(axis=-1, keepdims=True)
        return ((y - (y * x).sum(axis=-1, keepdims=True) / (x**2).sum() * x) ** 2).sum(axis=-1)


def outlier_median(z: np.ndarray) -> float:
    """Return the median place of what is at or above a threshold, from -1 (start) to 1, and of that over thresholds.

    Thresholds rise by 0.01 as long as more than 2 % of what is not negative, and more than one sample, are above.
    """
    if not np.isfinite(z).all():
        return np.nan
    if z.max() < 0.01:
        return 0.0
    thresholds = np.arange(int(z.max() / 0.01 + 1)) * 0.01
    counts = z.size - np.searchsorted(np.sort(z), thresholds)
    many = np.flatnonzero((counts - 1) * 100.0 / (z >= 0).sum() > 2)
    alone = np.flatnonzero(counts == 1)
    last = min(many[-1] if many.size else 0, alone[0] if alone.size else len(thresholds) - 1)
    places = [np.median(np.flatnonzero(z >= threshold) + 1) for threshold in thresholds[: last + 1]]
    return float(np.median(np.array(places) / (z.size / 2) - 1))
