"""Delay embeddings: copies of a signal, and how many and how far apart they should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

N_BINS = 16  # of each axis of the joint histogram
SATURATED = 0.9  # Cao's E1 from which another dimension unfolds nothing more
FALSE = 0.05  # share of false neighbours from which the signal is unfolded
STRETCH = 10.0  # a neighbour is false where another dimension makes it this many times as far, as Kennel et al. do


def uniform_lags(order: int, lag: int) -> list[int]:
    """Return the delays of `order` copies."""
    return [k * lag for k in range(order)]


def delayed(x: np.ndarray, lags: Sequence[int], n_lost: int) -> np.ndarray:
    """Stack copies of a signal, the least delayed first.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
    lags : sequence of int
        Samples, ascending from 0.
    n_lost : int
        Samples that are left out at the end; the largest lag at least.

    Returns
    -------
    copies : array, shape (..., n_lags * n_channels, n_times - n_lost)
    """
    n_kept = x.shape[-1] - n_lost
    return np.concatenate([x[..., lag : lag + n_kept] for lag in lags], axis=-2)


def first_minimum_of_information(x: np.ndarray, max_lag: int) -> int:
    """Return the lag at which a signal first tells least of itself.

    Parameters
    ----------
    x : array, shape (n_signals, n_times)
    max_lag : int
        Largest lag, returned where the mutual information falls all the way.

    References
    ----------
    .. [1] Fraser, A. M., Swinney, H. L. (1986). Independent coordinates for strange attractors from mutual information.
       Phys. Rev. A 33, 1134.
    """
    found = [np.mean([_information(one[:-lag], one[lag:]) for one in x]) for lag in range(1, max_lag + 1)]
    rising = np.flatnonzero(np.diff(found) > 0)
    return int(rising[0]) + 1 if len(rising) else max_lag


def _information(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mutual information of two signals in nat, from a histogram of bins of equal frequency."""
    ranks = [np.argsort(np.argsort(v)) * N_BINS // len(v) for v in (a, b)]
    joint = np.bincount(ranks[0] * N_BINS + ranks[1], minlength=N_BINS**2) / len(a)
    independent = np.outer(joint.reshape(N_BINS, -1).sum(1), joint.reshape(N_BINS, -1).sum(0)).ravel()
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / independent[some])).sum())


def cao_order(x: np.ndarray, lag: int, max_order: int) -> int:
    """Return the embedding dimension of Cao: the first from which neighbours stay neighbours.

    Parameters
    ----------
    x : array, shape (n_signals, n_times)
    lag : int
        Between copies.
    max_order : int
        Largest dimension.

    References
    ----------
    .. [1] Cao, L. (1997). Practical method for determining the minimum embedding dimension of a scalar time series.
       Physica D 110, 43-50.
    """
    growth = np.array([[_growth(one, lag, d) for d in range(1, max_order + 2)] for one in x]).mean(axis=0)
    enough = np.flatnonzero(growth[1:] / np.maximum(growth[:-1], np.finfo(float).tiny) >= SATURATED)
    return int(enough[0]) + 1 if len(enough) else max_order


def _growth(x: np.ndarray, lag: int, order: int) -> float:
    """Return how much farther, on average, another dimension puts the nearest neighbours (maximum norm)."""
    points = delayed(x[None], uniform_lags(order + 1, lag), order * lag).T
    distance, near = _neighbours(points[:, :order], np.inf)
    farther = np.abs(points - points[near]).max(axis=1)
    return float(np.mean(farther[distance > 0] / distance[distance > 0])) if (distance > 0).any() else 1.0


def _neighbours(points: np.ndarray, norm: float) -> tuple[np.ndarray, np.ndarray]:
    distance, index = cKDTree(points).query(points, k=2, p=norm)
    own = index[:, 0] == np.arange(len(points))  # of equal points, the tree may name either first
    return distance[:, 1], np.where(own, index[:, 1], index[:, 0])


def mdop_lags(x: np.ndarray, max_lag: int, max_order: int) -> list[int]:
    """Return delays, not all alike, that maximise derivatives on the projected manifold.

    Each next delay is the one at which nearest neighbours of the embedding so far move apart fastest, in the geometric
    mean; it ends where neighbours are true ones, or at `max_order`.

    Parameters
    ----------
    x : array, shape (n_signals, n_times)
    max_lag, max_order : int
        Largest delay, and most copies.

    References
    ----------
    .. [1] Nichkawde, C. (2013). Optimal state-space reconstruction using derivatives on projected manifold. Phys. Rev.
       E 87, 022905.
    """
    lags = [0]
    while len(lags) < max_order:
        speed, false = _speeds(x, lags, max_lag)
        if false < FALSE:
            break
        speed[lags] = -np.inf
        lags.append(int(np.argmax(speed)))
    return sorted(lags)


def _speeds(x: np.ndarray, lags: list[int], max_lag: int) -> tuple[np.ndarray, float]:
    """Return the mean log derivative of each delay up to `max_lag`, and the share of false neighbours at the best."""
    logs, false = [], []
    for one in x:
        copies = delayed(one[None], range(max_lag + 1), max_lag).T
        distance, near = _neighbours(copies[:, sorted(lags)], 2.0)
        apart = np.abs(copies - copies[near])[distance > 0]
        slope = apart / distance[distance > 0, None]
        logs.append(np.log(np.maximum(slope, 1e-12)).mean(axis=0))
        false.append((slope > STRETCH).mean(axis=0))
    mean = np.mean(logs, axis=0)
    new = np.setdiff1d(np.arange(max_lag + 1), lags)
    best = new[np.argmax(mean[new])] if len(new) else 0
    return mean, float(np.mean(false, axis=0)[best])
