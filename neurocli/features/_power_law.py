"""The exponent of a discrete power law, by maximum likelihood (Clauset, Shalizi and Newman, 2009)."""

from __future__ import annotations

from functools import cache

import numpy as np

N_SUMMED = 200  # terms of zeta that are added one by one; Euler and Maclaurin's formula has the rest, to 1e-13
N_STEPS = 30  # Newton's steps at most; five to eight are usual


def exponent(values: np.ndarray, smallest: int) -> np.ndarray:
    """Return the most likely exponent of P(v) ~ v^-a over the whole numbers from `smallest` on.

    Parameters
    ----------
    values : array of int, shape (..., n)
        Those below `smallest` do not count.
    smallest : int
        At least 1.

    Returns
    -------
    exponent : array, shape (...,)
        Above 1; NaN for fewer than two values that count, or if all are the smallest.
    """
    counted = values >= smallest
    total = np.log(np.where(counted, values, smallest) / smallest).sum(axis=-1)
    n = counted.sum(axis=-1)
    known = (n > 1) & (total > 0)
    solved = _solve(np.where(known, total, 1.0) / np.maximum(n, 1), smallest)
    return np.where(known, solved, np.nan)


def _solve(mean_log: np.ndarray, smallest: int) -> np.ndarray:
    """Return the exponent at which the mean of ln(v / smallest) is the one given.

    Its logarithm is nearly a straight line in ln(a - 1), so that Newton's steps there are safe; each value stops alone.
    """
    excess = 1 / (mean_log + np.log(smallest / (smallest - 0.5)))  # the continuous approximation
    going = np.ones(excess.shape, dtype=bool)
    for _ in range(N_STEPS):
        mean, variance = _moments(excess + 1, smallest)
        step = np.log(mean / mean_log) * mean / (variance * excess)
        excess = np.where(going, excess * np.exp(np.clip(step, -2, 2)), excess)
        going = going & (np.abs(step) > 1e-13)
        if not going.any():
            break
    return excess + 1


def _moments(exponent: np.ndarray, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the variance of ln(v / smallest) under a power law."""
    logs, last = _logs(smallest), np.log((smallest + N_SUMMED) / smallest)
    weights = np.exp(-exponent[..., None] * logs)
    sums = [(weights * logs**j).sum(axis=-1) + _rest(exponent, smallest, last, j) for j in range(3)]
    mean = sums[1] / sums[0]
    return mean, sums[2] / sums[0] - mean**2


@cache
def _logs(smallest: int) -> np.ndarray:
    return np.log((smallest + np.arange(N_SUMMED)) / smallest)


def _rest(exponent: np.ndarray, smallest: int, last: float, j: int) -> np.ndarray:
    """Return the sum of (v / smallest)^-a ln^j(v / smallest) from the first term that was not added."""
    c, term = exponent - 1, np.exp(-exponent * last)
    integral = (1 / c, last / c + 1 / c**2, last**2 / c + 2 * last / c**2 + 2 / c**3)[j]
    rise = (j * last ** (j - 1) if j else 0.0) - exponent * last**j
    return smallest * np.exp(-c * last) * integral + term * (last**j / 2 - rise / (12 * (smallest + N_SUMMED)))
