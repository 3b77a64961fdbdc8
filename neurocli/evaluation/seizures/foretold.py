"""Forecasts of held-out recordings: alarms against onsets, beside surrogates and random alarms of the same rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from ...data.fitted import Fitted
from ...errors import InputError
from ..fold import recording_codes, spans
from .alarms import alarms, k_of_n
from .counts import union
from .detection import require_continuous
from .forecasting import brier_skill, covered
from .side_by_side import name_of, probability

DAY = 86_400.0
BINS = 10


@dataclass(frozen=True)
class Warned:
    """The alarms of one recording, and the events that came.

    Parameters
    ----------
    name, subject : str
        Of the recording, and whose it is.
    alarms, onsets : list of float
        Moments, in s.
    duration : float
        Of the recording, in s.
    """

    name: str
    subject: str
    alarms: list[float]
    onsets: list[float]
    duration: float


def foretold(
    fits: Sequence[Fitted], *, threshold: float = 0.5, k: int = 1, n: int = 1, refractory: float | None = None,
    surrogates: int = 999, horizon: float = 300.0, occurrence: float = 1800.0, seed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Return how the alarms of all held-out recordings foretell onsets.

    Parameters
    ----------
    fits : sequence of Fitted
        Held-out predictions of windows, the last class lying ahead of an event; ``target/onset`` in the sample table.
    threshold : float
        Probability from which a window is high.
    k, n : int
        An alarm is raised where k of the last n windows are high.
    refractory : float, optional
        Time after an alarm without another, in s; by default horizon and occurrence together.
    surrogates : int
        Number of rotated onsets, and of random alarms.
    horizon, occurrence : float
        A warning begins so long after its alarm, and lasts so long, in s.
    seed : int
        Of surrogates and random alarms.

    Returns
    -------
    document : dict
        JSON: ``sensitivity``, ``time_in_warning``, ``alarms_per_day``, ``false_alarms_per_hour`` (outside warnings that
        came true), ``chance`` (a Poisson predictor of the same rate), ``improvement``, ``p_surrogate`` (onsets rotated
        in each recording), ``p_rate`` (as many alarms at random moments), ``brier_skill``, ``reliability``,
        ``recordings``; or ``refused`` and ``why`` where recordings are clips.
    """
    settings = {"threshold": threshold, "k_of_n": [k, n], "horizon": horizon, "occurrence": occurrence}
    pause = horizon + occurrence if refractory is None else refractory
    warned = list(_warned(fits, threshold, k, n, pause))
    try:
        require_continuous([one.duration for one in warned])
    except InputError as error:
        return {**settings, "refused": error.code, "why": str(error)}
    return {
        **settings,
        **_rates(warned, horizon, occurrence, surrogates, np.random.default_rng(seed)),
        **_probabilities(fits),
        "recordings": [vars(one) for one in warned],
    }


def _warned(fits: Sequence[Fitted], threshold: float, k: int, n: int, refractory: float) -> Iterator[Warned]:
    first = min(int(fit.saw.get("seed", 0)) for fit in fits)  # alarms of one seed: there is no mean of them
    for fit in (fit for fit in fits if int(fit.saw.get("seed", 0)) == first):
        codes = recording_codes(fit.samples)
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            start, end = (edge[rows] for edge in spans(fit.samples))
            rows, start, end = (x[np.argsort(start, kind="stable")] for x in (rows, start, end))
            high = _high(probability(fit.y_score[rows]) >= threshold, start, k, n)
            raised = alarms(start, high, window=float(np.median(end - start)), refractory=refractory)
            onsets = {fit.samples["target/onset"][i] for i in rows} - {None}
            subject = str(fit.samples.get("subject", [""] * len(codes))[rows[0]])
            yield Warned(name_of(fit, int(rows[0])), subject, raised, sorted(onsets), float(end.max()))


def _high(high: np.ndarray, start: np.ndarray, k: int, n: int) -> np.ndarray:
    """Return where k of the last n windows are high; after a gap in time the count begins anew."""
    hop = np.diff(start)
    edges = np.flatnonzero(hop > 1.5 * np.median(hop)) + 1 if len(hop) else np.zeros(0, dtype=int)
    return np.concatenate([k_of_n(part, k, n) for part in np.split(high, edges)])


def _rates(
    warned: Sequence[Warned], horizon: float, occurrence: float, n: int, rng: np.random.Generator
) -> dict[str, Any]:
    spans_of = [_warnings(one.alarms, one.duration, horizon, occurrence) for one in warned]
    total = sum(one.duration for one in warned)
    n_alarms, n_onsets = sum(len(one.alarms) for one in warned), sum(len(one.onsets) for one in warned)
    hits = sum(int(covered(np.array(one.onsets), own).sum()) for one, own in zip(warned, spans_of, strict=True))
    turned, random = np.zeros(n, int), np.zeros(n, int)
    for one, own in zip(warned, spans_of, strict=True):
        onsets = np.array(one.onsets)
        turned += covered((onsets + rng.uniform(0, one.duration, (n, 1))) % one.duration, own).sum(axis=1)
        drawn = rng.uniform(0, one.duration, (n, len(one.alarms)))
        random += [int(covered(onsets, _warnings(d, one.duration, horizon, occurrence)).sum()) for d in drawn]
    chance = 1 - exp(-n_alarms / total * occurrence)
    sensitivity = hits / n_onsets if n_onsets else None
    return {
        "n_onsets": n_onsets,
        "n_alarms": n_alarms,
        "hours": total / 3600,
        "sensitivity": sensitivity,
        "time_in_warning": sum(b - a for own in spans_of for a, b in own) / total,
        "alarms_per_day": n_alarms / total * DAY,
        "false_alarms_per_hour": sum(_false(one, horizon, occurrence) for one in warned) / total * 3600,
        "chance": chance,
        "improvement": None if sensitivity is None else sensitivity - chance,
        "p_surrogate": (int(np.sum(turned >= hits)) + 1) / (n + 1) if n_onsets else None,
        "p_rate": (int(np.sum(random >= hits)) + 1) / (n + 1) if n_onsets else None,
        "random_sensitivity": float(random.mean()) / n_onsets if n_onsets else None,
    }


def _warnings(
    raised: Sequence[float] | np.ndarray, duration: float, horizon: float, occurrence: float
) -> list[tuple[float, float]]:
    return union([(float(a) + horizon, float(a) + horizon + occurrence) for a in raised], duration)


def _false(one: Warned, horizon: float, occurrence: float) -> int:
    """Return how many alarms were followed by no event in their time."""
    return sum(not any(horizon <= t - a <= horizon + occurrence for t in one.onsets) for a in one.alarms)


def _probabilities(fits: Sequence[Fitted]) -> dict[str, Any]:
    """Return the Brier skill, and how often an event came where a probability was said."""
    said = np.concatenate([probability(fit.y_score) for fit in fits])
    came = np.concatenate([fit.y_true == 1 for fit in fits])
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    rows = [
        {"said": float(said[own].mean()), "came": float(came[own].mean()), "n_windows": int(own.sum())}
        for own in (place == i for i in range(BINS))
        if own.any()
    ]
    return {"brier_skill": brier_skill(said, came), "reliability": rows}
