"""Forecasts of seizures: alarms against onsets, beside what alarms at random moments would have got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, nan

import numpy as np

from .counts import union


@dataclass(frozen=True)
class Forecast:
    """How alarms foretell onsets.

    Parameters
    ----------
    sensitivity : float
        Share of onsets within a warning; NaN without onsets.
    time_in_warning : float
        Share of the time under warning: the sensitivity of a warning that knows nothing.
    alarms_per_day : float
        Alarms in 24 h.
    chance : float
        Sensitivity of a Poisson predictor with the same rate of alarms, 1 - exp(-rate SOP).
    improvement : float
        Sensitivity above `chance`.
    p : float
        (b + 1) / (m + 1), b of m surrogates (onsets rotated in time, their intervals kept) faring as well.
    n_onsets : int
        Number of onsets.
    """

    sensitivity: float
    time_in_warning: float
    alarms_per_day: float
    chance: float
    improvement: float
    p: float
    n_onsets: int


def forecast(
    alarms: Sequence[float], onsets: Sequence[float], duration: float, rng: np.random.Generator, *,
    horizon: float = 300.0, occurrence: float = 1800.0, n_surrogates: int = 999,
) -> Forecast:  # fmt: skip
    """Return how alarms foretell onsets on one continuous recording.

    Parameters
    ----------
    alarms, onsets : sequence of float
        Moments, in s from the start.
    duration : float
        Of the recording, in s.
    rng : Generator
        Rotates the onsets.
    horizon : float
        Seizure prediction horizon (SPH): time after an alarm in which no seizure is foretold yet, in s.
    occurrence : float
        Seizure occurrence period (SOP): time after the horizon in which one is foretold, in s.
    n_surrogates : int
        Number of surrogates.

    References
    ----------
    .. [1] Winterhalder, M., et al. (2003). The seizure prediction characteristic. Epilepsy Behav. 4(3), 318-325.
    .. [2] Snyder, D. E., et al. (2008). The statistics of a practical seizure warning system. J. Neural Eng. 5(4).
    .. [3] Andrzejak, R. G., et al. (2003). Testing the null hypothesis of the nonexistence of a preseizure state.
       Phys. Rev. E 67, 010901.
    """
    warnings = union([(a + horizon, a + horizon + occurrence) for a in alarms], duration)
    found = np.asarray(onsets, dtype=float)
    sensitivity = float(_shares(found, warnings))
    turned = (found + rng.uniform(0, duration, size=(n_surrogates, 1))) % duration
    surrogates = _shares(turned, warnings)
    rate = len(alarms) / duration
    chance = 1 - exp(-rate * occurrence)
    return Forecast(
        sensitivity, float(sum(b - a for a, b in warnings)) / duration, rate * 86_400, chance, sensitivity - chance,
        (int(np.sum(surrogates >= sensitivity)) + 1) / (n_surrogates + 1) if len(found) else nan, len(found),
    )  # fmt: skip


def _shares(onsets: np.ndarray, warnings: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return the share of onsets, shape (..., n_onsets), within a warning; NaN where there are none."""
    if not onsets.shape[-1]:
        return np.full(onsets.shape[:-1], nan)
    return np.asarray(covered(onsets, warnings).mean(axis=-1))


def covered(onsets: np.ndarray, warnings: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return which moments lie within a warning.

    Parameters
    ----------
    onsets : array, shape (...,)
        In s.
    warnings : sequence of (start, end)
        In s, in the order of time, none meeting another.
    """
    starts, ends = np.array([*warnings, (np.inf, np.inf)]).T
    latest = np.searchsorted(starts, onsets, side="left") - 1  # the last warning that began before
    return np.asarray((latest >= 0) & (onsets <= ends[latest]))


def brier_skill(probability: np.ndarray, came: np.ndarray, base_rate: float | None = None) -> float:
    """Return 1 - B / B_ref: how much better forecasts are than always saying the base rate.

    Parameters
    ----------
    probability : array, shape (n_windows,)
        Forecast of each window.
    came : array of bool, shape (n_windows,)
        Whether a seizure came.
    base_rate : float, optional
        What the reference says; by default the share of windows in which one came.

    Returns
    -------
    skill : float
        1 is perfect, 0 no better than the base rate; NaN where the reference is perfect.
    """
    base_rate = float(np.mean(came)) if base_rate is None else base_rate
    reference = float(np.mean((base_rate - came) ** 2))
    return 1 - float(np.mean((probability - came) ** 2)) / reference if reference > 0 else nan
