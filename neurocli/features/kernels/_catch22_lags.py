"""Of the 22: what is read off an autocorrelation, a spectrum, or the distances of steps a time scale apart."""

from __future__ import annotations

import numpy as np

from ._bits import exact_kernel, fast_kernel, kernel, wide
from ._catch22_values import fill_edges

LEVEL = float(np.exp(-1))


@exact_kernel
def center(z: np.ndarray, series: np.ndarray, steps: np.ndarray) -> None:
    """Write the series and their steps less their means into wider arrays, whose other columns are zero."""
    n = z.shape[1]
    for s in range(z.shape[0]):
        total, climb = z[s, 0], 0.0
        for t in range(1, n):
            total += z[s, t]
            climb += z[s, t] - z[s, t - 1]
        mean, slope = total / n, climb / (n - 1)
        for t in range(n):
            series[s, t] = z[s, t] - mean
        for t in range(n - 1):
            steps[s, t] = (z[s, t + 1] - z[s, t]) - slope


@kernel
def _crossing(acf: np.ndarray, level: float) -> float:
    """Return the lag at which the autocorrelation falls below a level, on the line between two lags; n - 1 if never."""
    for lag in range(1, acf.size):
        if acf[lag] < level:
            return lag - 1 + (acf[lag - 1] - level) / (acf[lag - 1] - acf[lag])
    return acf.size - 1.0


@kernel
def _first_min(acf: np.ndarray) -> float:
    for lag in range(1, acf.size - 1):
        if acf[lag] < acf[lag - 1] and acf[lag] < acf[lag + 1]:
            return float(lag)
    return float(acf.size)


@kernel
def _first_not_above(acf: np.ndarray, is_below: bool) -> int:
    """Return the first lag whose autocorrelation is below zero, or not above it; n - 1 or n if there is none."""
    for lag in range(1, acf.size):
        if acf[lag] < 0 or (acf[lag] == 0 and not is_below):
            return lag
    return acf.size - 1 if is_below else acf.size


@exact_kernel
def of_lags(covariance: np.ndarray, of_steps: np.ndarray, acf: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return acf_timescale, acf_first_min and whiten_timescale; fill the autocorrelation and the two lags it gives.

    Those lags (n_series, 2) are of the transitions between thirds, and of the points (z_t, z_{t + lag}).
    """
    n = acf.shape[1]
    found, steps = np.empty((acf.shape[0], 3)), np.empty(n - 1)
    for s in range(acf.shape[0]):
        for lag in range(n):
            acf[s, lag] = covariance[s, lag] / covariance[s, 0]
        for lag in range(n - 1):
            steps[lag] = of_steps[s, lag] / of_steps[s, 0]
        own = _crossing(acf[s], 0.0)
        found[s, 0], found[s, 1] = _crossing(acf[s], LEVEL), _first_min(acf[s])
        found[s, 2] = _crossing(steps, 0.0) / own if own > 0 else np.nan
        lags[s, 0] = min(_first_not_above(acf[s], True), n // 50)
        lags[s, 1] = min(_first_not_above(acf[s], False), n // 10)
    return found


@exact_kernel
def unexplained(z: np.ndarray, acf: np.ndarray, n_lags: int) -> np.ndarray:
    """Return 1 - r^2 at lags 1 to n_lags, at least 1e-12; r is Pearson's correlation of the overlapping parts."""
    n = z.shape[1]
    found, sums, squares = np.empty((z.shape[0], n_lags)), np.empty(n), np.empty(n)
    for s in range(z.shape[0]):
        total, square = 0.0, 0.0
        for t in range(n):
            total += z[s, t]
            square += z[s, t] * z[s, t]
            sums[t], squares[t] = total, square
        for lag in range(1, n_lags + 1):
            m = n - lag
            early, late = sums[m - 1], total - sums[lag - 1]
            shared = acf[s, lag] * square - early * late / m
            spreads = (squares[m - 1] - early * early / m) * (square - squares[lag - 1] - late * late / m)
            size = np.sqrt(max(spreads, 0.0))
            r = shared / size if size > 0 else 0.0
            found[s, lag - 1] = max(1 - r * r, 1e-12)
    return found


@exact_kernel
def of_spectrum(magnitude: np.ndarray, n: int, width: float) -> np.ndarray:
    """Return low_freq_power and median_freq; magnitude (n_series, n_freqs) of the transform, zero included."""
    n_freqs = magnitude.shape[1] - 1
    found, cumulated = np.empty((magnitude.shape[0], 2)), np.empty(n_freqs)
    for s in range(magnitude.shape[0]):
        top, total = 0.0, 0.0
        for k in range(n_freqs):
            cumulated[k] = magnitude[s, k + 1] * magnitude[s, k + 1] / (n * np.pi)
            top = max(top, cumulated[k])
        for k in range(n_freqs):
            total += max(cumulated[k], 1e-12 * top)
            cumulated[k] = total
        half = 0
        while cumulated[half] < 0.5 * total:
            half += 1
        found[s, 0], found[s, 1] = cumulated[n_freqs // 5 - 1] * width, (half + 1) * width
    return found


@exact_kernel
def take_away(
    rest: np.ndarray, levels: np.ndarray, wave: np.ndarray, following: np.ndarray, product: np.ndarray
) -> None:
    """Take a wave at its level out of each series, and write the products of the rest with the wave that follows."""
    wide()
    for s in range(product.shape[0]):
        level = levels[s]
        for t in range(wave.size):
            left = rest[s, t] - level * wave[t]
            rest[s, t], product[s, t] = left, left * following[t]


@exact_kernel
def first_peaks(covariance: np.ndarray, n: int, n_lags: int) -> np.ndarray:
    """Return the first lag, of n_lags, with a peak that is not negative and 0.01 above the trough before; 0 if none."""
    found, acf = np.zeros(covariance.shape[0]), np.empty(n_lags)
    for s in range(covariance.shape[0]):
        for i in range(n_lags):
            acf[i] = covariance[s, i + 1] / (n - (i + 1))
        trough = np.nan
        for i in range(1, n_lags - 1):
            if acf[i] < acf[i - 1] and acf[i + 1] > acf[i]:
                trough = acf[i]
            elif acf[i] > acf[i - 1] and acf[i + 1] < acf[i] and acf[i] - trough >= 0.01 and acf[i] >= 0:
                found[s] = i + 1
                break
    return found


@exact_kernel
def fill_distances(z: np.ndarray, lags: np.ndarray, distances: np.ndarray) -> None:
    """Write how far each point (z_t, z_{t + lag}) is from the next; infinite behind the last."""
    n = z.shape[1]
    for s in range(z.shape[0]):
        lag = lags[s, 1]
        size = n - 1 - lag
        for t in range(size):
            here, there = z[s, t + 1] - z[s, t], z[s, t + lag + 1] - z[s, t + lag]
            distances[s, t] = np.sqrt(here * here + there * there)
        distances[s, size:] = np.inf


@kernel
def _quartile(ordered: np.ndarray, share: float) -> float:
    n = ordered.size
    place = min(max(n * share - 0.5, 0.0), n - 1.0)
    low = min(int(place), max(0, n - 2))
    return ordered[low] + (place - low) * (ordered[min(low + 1, n - 1)] - ordered[low])


@exact_kernel
def _n_bins(ordered: np.ndarray, sturges: float, narrow: float) -> int:
    """Return the larger of what Sturges and what Freedman and Diaconis say, at most one a sample."""
    n = ordered.size
    spread = _quartile(ordered, 0.75) - _quartile(ordered, 0.25)
    width = 2 * spread * narrow if spread > 1e-12 * ordered[n - 1] else 0.0
    wanted = max(sturges, np.ceil((ordered[n - 1] - ordered[0]) / width)) if width > 0 else sturges
    return int(max(1.0, min(wanted, float(n))))


@fast_kernel
def _average(x: np.ndarray) -> float:
    total = 0.0
    for one in x:
        total += one
    return total / x.size


@exact_kernel
def _from_exponential(ordered: np.ndarray, n_bins: int, bounds: np.ndarray) -> float:
    """Return the mean distance of the density from that of an exponential distribution of the same mean."""
    size, level = ordered.size, _average(ordered)
    fill_edges(ordered[0], ordered[size - 1], n_bins, bounds)
    here, missed = 0, 0.0
    while here < size and ordered[here] < bounds[0]:
        here += 1
    for k in range(n_bins):
        start, low, high = here, bounds[k], bounds[k + 1]
        while here < size and ordered[here] < high:
            here += 1
        missed += abs((here - start) / (size * (high - low)) - np.exp(-(low + high) / (2 * level)) / level)
    return missed / n_bins


@exact_kernel
def of_distances(ordered: np.ndarray, lags: np.ndarray, sturges: np.ndarray, narrow: np.ndarray) -> np.ndarray:
    """Return embedding_dist; of what there is for each lag, sturges is a number of bins and narrow its cube root's."""
    n = ordered.shape[1]
    found, bounds = np.empty(ordered.shape[0]), np.empty(n + 1)
    for s in range(ordered.shape[0]):
        lag = lags[s, 1]
        one, found[s] = ordered[s, : n - 1 - lag], np.nan
        if one[one.size - 1] - one[0] > 1e-12 * one[one.size - 1]:
            found[s] = _from_exponential(one, _n_bins(one, sturges[lag], narrow[lag]), bounds)
    return found
