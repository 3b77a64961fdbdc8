"""Of the 22: time scales of the autocorrelation and of mutual information, forecasts, and periods."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import irfft, rfft

from ._catch22_common import autocorrelation, binned, crossing, edges, first, mean, pairs


def acf_first_min(acf: np.ndarray) -> np.ndarray:
    """Return the first lag at which the autocorrelation is less than at both neighbours; n if none is."""
    middle = acf[..., 1:-1]
    found = (middle < acf[..., :-2]) & (middle < acf[..., 2:])
    return first(found, acf.shape[-1] - 1.0) + 1.0


def whiten_timescale(z: np.ndarray, acf: np.ndarray) -> np.ndarray:
    """Return the first zero of the autocorrelation of the steps over that of the series."""
    own = crossing(acf, 0.0)
    steps = crossing(autocorrelation(np.diff(z, axis=-1)), 0.0)
    return np.where(own > 0, steps / np.where(own > 0, own, 1.0), np.nan)


def forecast_error(z: np.ndarray) -> np.ndarray:
    """Return the standard deviation (ddof 1) of what the mean of three samples misses of the next."""
    missed = z[..., 3:] - (z[..., :-3] + z[..., 1:-2] + z[..., 2:-1]) / 3
    away = missed - mean(missed)[..., None]
    return np.sqrt((away**2).sum(axis=-1) / (missed.shape[-1] - 1))


def ami2(z: np.ndarray) -> np.ndarray:
    """Return the mutual information of samples two apart, in five bins, less the bias of Miller and Madow; in nats."""
    bins = binned(z, edges(z, 5))
    joint = pairs(bins[..., :-2], bins[..., 2:], 5)
    n = z.shape[-1] - 2
    p = joint / n
    rows, columns = p.sum(axis=-1, keepdims=True), p.sum(axis=-2, keepdims=True)
    ratio = np.divide(p, rows * columns, out=np.ones_like(p), where=p > 0)
    known = (p > 0).sum(axis=(-1, -2)) - (rows > 0).sum(axis=(-1, -2)) - (columns > 0).sum(axis=(-1, -2)) + 1
    return (p * np.log(ratio)).sum(axis=(-1, -2)) - known / (2.0 * n)


def ami_timescale(z: np.ndarray, acf: np.ndarray) -> np.ndarray:
    """Return the first lag with a minimum of the mutual information of a Gaussian; the largest of 40 lags if none."""
    n = z.shape[-1]
    lags = np.arange(1, min(40, (n + 1) // 2) + 1)
    information = -0.5 * np.log(np.maximum(1 - _correlation(z, acf, lags) ** 2, 1e-12))
    middle = information[..., 1:-1]
    found = (middle < information[..., :-2]) & (middle < information[..., 2:])
    return first(found, lags[-1] - 2.0) + 2.0


def _correlation(z: np.ndarray, acf: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of the series without its last and without its first samples, by sums of both."""
    sums = np.cumsum(z, axis=-1), np.cumsum(z**2, axis=-1)
    total, square = (one[..., -1:] for one in sums)
    m = z.shape[-1] - lags
    early, early_square = (one[..., m - 1] for one in sums)
    late, late_square = total - sums[0][..., lags - 1], square - sums[1][..., lags - 1]
    shared = acf[..., lags] * square - early * late / m
    size = np.sqrt(np.maximum((early_square - early**2 / m) * (late_square - late**2 / m), 0.0))
    return np.divide(shared, size, out=np.zeros_like(size), where=size > 0)


def embedding_dist(z: np.ndarray, acf: np.ndarray) -> np.ndarray:
    """Return how far the steps between points (z_t, z_{t + tau}) are from exponentially distributed."""
    n = z.shape[-1]
    lags = np.minimum(first(acf <= 0, n), n // 10)
    return np.array([_from_exponential(one, int(lag)) for one, lag in zip(z, lags, strict=True)])


def _from_exponential(z: np.ndarray, lag: int) -> float:
    steps = z[1:] - z[:-1]
    ordered = np.sort(np.sqrt(steps[: len(steps) - lag] ** 2 + steps[lag:] ** 2))
    if not ordered.size or ordered[-1] - ordered[0] <= 1e-12 * ordered[-1]:
        return np.nan
    bounds = edges(ordered[[0, -1]], _n_bins(ordered))
    density = np.diff(ordered.searchsorted(bounds)) / (ordered.size * np.diff(bounds))
    level = ordered.mean()
    expected = np.exp(-(bounds[:-1] + bounds[1:]) / (2 * level)) / level
    return float(np.abs(density - expected).mean())


def _n_bins(ordered: np.ndarray) -> int:
    """Return the larger of what Sturges and what Freedman and Diaconis say, at most one a sample."""
    n = ordered.size
    sturges = np.ceil(np.log2(n) + 1)
    places = np.clip(n * np.array([0.25, 0.75]) - 0.5, 0, n - 1)
    low = np.minimum(places.astype(int), max(0, n - 2))
    quartiles = ordered[low] + (places - low) * (ordered[np.minimum(low + 1, n - 1)] - ordered[low])
    spread = quartiles[1] - quartiles[0]
    width = 2 * spread * n ** (-1 / 3) if spread > 1e-12 * ordered[-1] else 0.0
    return int(max(1, min(max(sturges, np.ceil((ordered[-1] - ordered[0]) / width)) if width > 0 else sturges, n)))


@lru_cache(maxsize=8)
def _spline_basis(n: int) -> np.ndarray:
    """Return an orthonormal basis of the cubic splines with one knot near the middle, shape (5, n)."""
    t, knot = np.linspace(-1, 1, n), n // 2 - 1
    bent = np.maximum(t - t[knot], 0.0) ** 3
    return np.ascontiguousarray(np.linalg.qr(np.stack([t**0, t, t**2, t**3, bent], axis=-1))[0].T)


def periodicity(z: np.ndarray) -> np.ndarray:
    """Return the first lag at which the detrended series' autocorrelation peaks 0.01 above a trough; 0 if none."""
    n = z.shape[-1]
    for wave in _spline_basis(n):
        z = z - (z * wave).sum(axis=-1, keepdims=True) * wave
    n_lags = -(-n // 3)
    covariance = irfft(np.abs(rfft(z, 2 ** (2 * n - 1).bit_length())) ** 2)[..., 1 : n_lags + 1]
    return np.array([_first_peak(one) for one in covariance / (n - np.arange(1, n_lags + 1))])


def _first_peak(acf: np.ndarray) -> float:
    slope = np.diff(acf)
    troughs = np.flatnonzero((slope[:-1] < 0) & (slope[1:] > 0)) + 1
    peaks = np.flatnonzero((slope[:-1] > 0) & (slope[1:] < 0)) + 1
    before = np.searchsorted(troughs, peaks) - 1
    peaks, before = peaks[before >= 0], before[before >= 0]
    good = (acf[peaks] - acf[troughs[before]] >= 0.01) & (acf[peaks] >= 0)
    return float(peaks[good.argmax()] + 1) if good.any() else 0.0
