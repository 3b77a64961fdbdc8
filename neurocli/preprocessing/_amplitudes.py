"""What amplitude is usual, when part of the windows hold artifacts and some hold nothing.

References
----------
The distribution and the search are those of EEGLAB's ``fit_eeg_distribution`` (Kothe, 2013).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import gamma, gammaincinv

QUANTILES = (0.022, 0.6)  # of the distribution, between which it is fitted
SHAPES = np.arange(1.7, 3.5, 0.15)  # exponents of the generalised Gaussian
LEAST_CLEAN, MOST_DROPPED, STEP = 0.25, 0.1, 0.01


def usual_amplitude(amplitudes: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of the clean windows' amplitudes.

    A truncated generalised Gaussian is fitted, by Kullback-Leibler divergence, to every interval between the order
    statistics that may hold the clean part.

    Parameters
    ----------
    amplitudes : array, shape (n_windows,)
        Root mean squares.
    """
    x = np.sort(amplitudes)
    n, span = len(x), QUANTILES[1] - QUANTILES[0]
    starts = np.round(n * np.arange(QUANTILES[0], QUANTILES[0] + MOST_DROPPED + 1e-9, STEP)).astype(int)
    best = (np.inf, 0.0, 0.0)
    for m in np.unique(np.round(n * np.arange(span, LEAST_CLEAN * span, -STEP)).astype(int)):
        if m >= 4:
            best = min(best, _best_fit(x, starts[starts + m <= n], int(m)))
    return (best[1], best[2]) if np.isfinite(best[0]) else (float(x.mean()), float(x.std()))


def _best_fit(x: np.ndarray, starts: np.ndarray, m: int) -> tuple[float, float, float]:
    """Return the least divergence over starts and shapes for intervals of `m` values, with its mean and spread."""
    n_bins = int(np.round(3 * np.log2(1 + m / 2)))
    low, high = x[starts], x[starts + m - 1]
    logs = np.log(np.stack([_histogram(x[s : s + m], n_bins) for s in starts]) + 0.01)
    p, entropy = _densities(n_bins)
    divergence = np.where(high > low, entropy[:, None] - p @ logs.T + np.log(m), np.inf)
    k, i = np.unravel_index(int(divergence.argmin()), divergence.shape)
    shape, (first, last) = SHAPES[k], _bounds(float(SHAPES[k]))
    scale = (high[i] - low[i]) / (last - first)
    spread = np.sqrt(scale**2 * gamma(3 / shape) / gamma(1 / shape))
    return float(divergence[k, i]), float(low[i] - first * scale), float(spread)


def _histogram(x: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the counts of sorted values in equal bins from the first to the last of them."""
    edges = x.searchsorted(x[0] + (x[-1] - x[0]) * np.arange(1, n_bins) / n_bins)
    ends = np.concatenate([[0], edges, [len(x)]])
    counts: np.ndarray = ends[1:] - ends[:-1]
    return counts


@cache
def _bounds(shape: float) -> np.ndarray:
    side = np.sign(np.array(QUANTILES) - 0.5)
    bounds: np.ndarray = side * gammaincinv(1 / shape, side * (2 * np.array(QUANTILES) - 1)) ** (1 / shape)
    return bounds


@cache
def _densities(n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the density of every shape in equal bins between its bounds, (n_shapes, n_bins), and its sum p log p."""
    centres = np.arange(0.5, n_bins + 0.5) / n_bins
    low, high = np.array([_bounds(float(shape)) for shape in SHAPES]).T[:, :, None]
    p = np.exp(-(np.abs(low + centres * (high - low)) ** SHAPES[:, None]))
    p /= p.sum(axis=1, keepdims=True)
    return p, (p * np.log(p)).sum(axis=1)
