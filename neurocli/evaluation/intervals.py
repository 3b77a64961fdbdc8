"""Confidence intervals by the bootstrap, whole groups drawn at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

FEWEST = 3  # groups; of two there are only three different draws


@dataclass(frozen=True)
class Interval:
    """An interval, or why there is none.

    Parameters
    ----------
    bounds : (low, high), or None
        Of the given level.
    method : str
        ``BCa``, ``percentile``, or ``none: one subject``.
    """

    bounds: tuple[float, float] | None
    method: str


def interval(
    statistic: Callable[[np.ndarray], float], n_groups: int, rng: np.random.Generator, *,
    n_draws: int = 2000, level: float = 0.95, what: str = "subject",
) -> Interval:  # fmt: skip
    """Return the bias-corrected and accelerated bootstrap interval of a statistic of groups.

    Parameters
    ----------
    statistic : callable
        Takes how often each group was drawn, shape (n_groups,), and returns the value.
    n_groups : int
        Number of groups.
    rng : Generator
        Draws them.
    n_draws : int
        Number of draws.
    level : float
        Coverage.
    what : str
        What a group is, for the word where there is no interval.

    References
    ----------
    .. [1] Efron, B. (1987). Better bootstrap confidence intervals. J. Am. Stat. Assoc. 82(397), 171-185.
    """
    if n_groups < FEWEST:
        return Interval(None, f"none: {'one' if n_groups == 1 else n_groups} {what}{'' if n_groups == 1 else 's'}")
    counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_draws)
    draws = np.array([statistic(row) for row in counts])
    draws = draws[np.isfinite(draws)]
    left_out = np.array([statistic(row) for row in 1 - np.eye(n_groups, dtype=np.int64)])
    value = statistic(np.ones(n_groups, dtype=np.int64))
    if not len(draws) or not np.isfinite(value):
        return Interval(None, "none: the score is not defined for most draws")
    tails = _bca(value, draws, left_out, level)
    method = "percentile" if tails is None else "BCa"
    low, high = np.quantile(draws, tails or ((1 - level) / 2, (1 + level) / 2))
    return Interval((float(low), float(high)), method)


def _bca(value: float, draws: np.ndarray, left_out: np.ndarray, level: float) -> tuple[float, float] | None:
    """Return the quantiles of the draws that bound the interval; None where acceleration is not defined."""
    spread = left_out.mean() - left_out
    power = float((spread**2).sum())
    if not np.isfinite(power) or power <= 1e-24:
        return None
    acceleration = float((spread**3).sum()) / (6 * power**1.5)
    below = (np.sum(draws < value) + np.sum(draws <= value)) / (2 * len(draws))
    bias = norm.ppf(np.clip(below, 1 / (len(draws) + 1), len(draws) / (len(draws) + 1)))
    z = bias + norm.ppf([(1 - level) / 2, (1 + level) / 2])
    low, high = norm.cdf(bias + z / (1 - acceleration * z))
    return float(low), float(high)
