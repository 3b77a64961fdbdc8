"""Sample and approximate entropy: how often patterns that agree so far agree for one sample more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .define import feature

if TYPE_CHECKING:
    from pydantic import PositiveFloat, PositiveInt


@feature(unit="1", cost="quadratic", source="Richman and Moorman (2000)", min_times=lambda given: given["order"] + 2)
def sample_entropy(x: np.ndarray, *, order: PositiveInt = 2, tolerance: PositiveFloat = 0.2) -> np.ndarray:
    r"""Negative logarithm of the chance that templates near for m samples stay near for one more.

    .. math:: \mathrm{SampEn} = -\ln (A / B)

    B counts the pairs i < j of the N - m templates whose first m samples differ by less than r everywhere (strictly),
    A those that do so for m + 1 samples; r is `tolerance` times the standard deviation (ddof 0).

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    order : int
        Length m of a template, in samples.
    tolerance : float
        Radius, as a fraction of the signal's standard deviation.

    Returns
    -------
    entropy : array, shape (...,)
        In nats. Inf where no pair stays near (A = 0); NaN where no pair is near at all (B = 0), as for a constant.

    Notes
    -----
    As antropy below 5,000 samples; for longer signals antropy counts differences equal to r as near, we never do.

    References
    ----------
    .. [1] Richman, J. S. and Moorman, J. R. (2000). Physiological time-series analysis using approximate entropy and
       sample entropy. Am. J. Physiol. Heart Circ. Physiol. 278(6), H2039-H2049.
    """
    x, r = x.astype(np.float64), radius(x, tolerance)
    n_short, n_long = np.zeros(x.shape[:-1], np.int64), np.zeros(x.shape[:-1], np.int64)
    for _, distance in _distances(x):
        near = distance < r[..., None]
        short, long = _runs(near, order)
        n_short += short[..., : near.shape[-1] - order].sum(axis=-1)
        n_long += long.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n_short > 0, -np.log(n_long / n_short), np.nan)


@feature(unit="1", cost="quadratic", source="Pincus (1991)", min_times=lambda given: given["order"] + 2)
def approximate_entropy(x: np.ndarray, *, order: PositiveInt = 2, tolerance: PositiveFloat = 0.2) -> np.ndarray:
    r"""Difference of the mean log frequency of templates of m and of m + 1 samples.

    .. math:: \mathrm{ApEn} = \Phi^m - \Phi^{m+1},\quad
        \Phi^m = \frac{1}{N - m + 1} \sum_i \ln \frac{C_i^m}{N - m + 1}

    :math:`C_i^m` counts the templates of m samples within r of template i (differences equal to r and the template
    itself included); r is `tolerance` times the standard deviation (ddof 0).

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    order : int
        Length m of a template, in samples.
    tolerance : float
        Radius, as a fraction of the signal's standard deviation.

    Returns
    -------
    entropy : array, shape (...,)
        In nats; about 0 for a constant, whose templates are all alike.

    References
    ----------
    .. [1] Pincus, S. M. (1991). Approximate entropy as a measure of system complexity. PNAS 88(6), 2297-2301.
    """
    x, r = x.astype(np.float64), radius(x, tolerance)
    n = x.shape[-1] - order
    short, long = np.ones((*x.shape[:-1], n + 1)), np.ones((*x.shape[:-1], n))  # each is near to itself
    for lag, distance in _distances(x):
        near = _runs(distance <= r[..., None], order)
        for counts, runs in zip((short, long), near, strict=True):
            counts[..., : runs.shape[-1]] += runs
            counts[..., lag : lag + runs.shape[-1]] += runs
    return np.log(short / (n + 1)).mean(axis=-1) - np.log(long / n).mean(axis=-1)


def radius(x: np.ndarray, tolerance: float) -> np.ndarray:
    """Return a fraction of the standard deviation; exactly 0 for a constant."""
    return tolerance * (x - x[..., :1]).std(axis=-1, dtype=np.float64)


def _distances(x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each lag and the distance of every sample from the one that far behind it."""
    for lag in range(1, x.shape[-1]):
        yield lag, np.abs(x[..., lag:] - x[..., :-lag])


def _runs(near: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Mark where `order` samples in a row are near, and where one more is: one and two fewer than there are samples."""
    n = near.shape[-1] - order
    short = np.ones((*near.shape[:-1], max(0, n + 1)), bool)
    for step in range(order if n >= 0 else 0):
        short &= near[..., step : step + n + 1]
    return short, short[..., :-1] & near[..., order:] if n > 0 else short[..., :0]
