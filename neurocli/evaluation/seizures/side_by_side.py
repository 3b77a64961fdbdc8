"""All scorers of a detector in one table: none of them alone says how good it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...data.entities import SHORT, stem
from ...data.fitted import Fitted
from ...errors import InputError
from ..fold import recording_codes, spans
from ..metrics.define import are_probabilities
from .alarms import events_of, k_of_n
from .counts import Counts, Events, per_subject, pooled
from .detection import Trace, false_alarms_at, latencies
from .nedc import epoch_counts, overlap_counts, taes_counts
from .szcore import event_counts, sample_counts

SCORERS: dict[str, Callable[[Events, Events, float], Counts]] = {
    "SzCORE event": event_counts,
    "SzCORE sample": sample_counts,
    "NEDC OVLP": overlap_counts,
    "NEDC TAES": taes_counts,
    "NEDC EPOCH": epoch_counts,
}
RATES = ("sensitivity", "precision", "f1", "fp_per_day")


@dataclass(frozen=True)
class Recorded:
    """What was said of one recording, and what was there.

    Parameters
    ----------
    name, subject : str
        Of the recording, and whose it is.
    trace : Trace
        Score of each window, and the true events.
    detected : list of (onset, end)
        In s.
    """

    name: str
    subject: str
    trace: Trace
    detected: list[tuple[float, float]]


def side_by_side(
    fits: Sequence[Fitted], *, threshold: float = 0.5, k: int = 1, n: int = 1, sensitivity: float = 0.9
) -> dict[str, Any]:
    """Return every scorer's rates, pooled and as means over subjects, and the rates that need continuous recordings.

    Parameters
    ----------
    fits : sequence of Fitted
        Held-out predictions of windows; of two classes the last one is the seizure. True events are runs of windows
        with that label.
    threshold : float
        Probability from which a window is high.
    k, n : int
        An event is where k of the last n windows are high.
    sensitivity : float
        At which false alarms are counted.

    Returns
    -------
    document : dict
        JSON: ``scorers`` (a row each), ``false_alarms``, ``latency``, ``recordings`` (with their events).

    Raises
    ------
    InputError
        ``E-INPUT-CLASSES`` where there are not two classes; ``E-INPUT-MODEL`` where windows have no onset.
    """
    recorded = _recorded(fits, threshold, k, n)
    return {
        "threshold": threshold,
        "k_of_n": [k, n],
        "scorers": [_row(name, scorer, recorded) for name, scorer in SCORERS.items()],
        "false_alarms": _false_alarms([one.trace for one in recorded], sensitivity),
        "latency": _latency(recorded),
        "recordings": [_events(one) for one in recorded],
    }


def _recorded(fits: Sequence[Fitted], threshold: float, k: int, n: int) -> list[Recorded]:
    seeds = {int(fit.saw.get("seed", 0)) for fit in fits}
    found: dict[str, list[tuple[Fitted, np.ndarray]]] = {}
    for fit in (
        fit for fit in fits if int(fit.saw.get("seed", 0)) == min(seeds)
    ):  # events of one seed: no mean of them
        _check(fit)
        codes = recording_codes(fit.samples)
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            found.setdefault(name_of(fit, rows[0]), []).append((fit, rows))
    return [_one(name, parts, threshold, k, n) for name, parts in sorted(found.items())]


def _check(fit: Fitted) -> None:
    if len(fit.classes) != 2:
        raise InputError(
            f"Seizures are scored with two classes, and there are {len(fit.classes)}: {', '.join(fit.classes)}.",
            code="E-INPUT-CLASSES",
            remedy="Set target.positive and choose two with `only`.",
        )
    if not np.isfinite(spans(fit.samples)[0]).all():
        raise InputError(
            "Seizures are scored in time, and windows have no onset.", code="E-INPUT-MODEL",
            remedy="Cut the recordings with the step 'epoch'.",
        )  # fmt: skip


def name_of(fit: Fitted, row: int) -> str:
    """Return the name of the recording that a sample is of, as its file begins."""
    known = {name: str(fit.samples[name][row]) for name in SHORT if fit.samples.get(name)}
    return stem({name: value for name, value in known.items() if value not in ("", "None")})


def _one(name: str, parts: Sequence[tuple[Fitted, np.ndarray]], threshold: float, k: int, n: int) -> Recorded:
    onset = np.concatenate([spans(fit.samples)[0][rows] for fit, rows in parts])
    end = np.concatenate([spans(fit.samples)[1][rows] for fit, rows in parts])
    truth = np.concatenate([fit.y_true[rows] == 1 for fit, rows in parts])
    score = np.concatenate([probability(fit.y_score[rows]) for fit, rows in parts])
    order = np.argsort(onset, kind="stable")
    onset, end, truth, score = onset[order], end[order], truth[order], score[order]
    window = float(np.median(end - onset))
    trace = Trace(score, onset, window, events_of(onset, truth, window), float(end.max()))
    detected = events_of(onset, k_of_n(score >= threshold, k, n), window)
    fit, rows = parts[0]
    return Recorded(name, str(fit.samples.get("subject", [""] * len(fit.y_true))[rows[0]]), trace, detected)


def probability(score: np.ndarray) -> np.ndarray:
    """Return the probability of the second class; of decision values, what a logistic function makes of them."""
    if are_probabilities(score):
        return np.asarray(score[:, 1])
    return np.asarray(1 / (1 + np.exp(-np.clip(score[:, 1] - score[:, 0], -500, 500))))


def _row(name: str, scorer: Callable[[Events, Events, float], Counts], recorded: Sequence[Recorded]) -> dict[str, Any]:
    counts: dict[str, list[Counts]] = {}
    for one in recorded:
        counts.setdefault(one.subject, []).append(scorer(one.trace.reference, one.detected, one.trace.duration))
    return {
        "scorer": name,
        "pooled": rates([pooled([count for own in counts.values() for count in own])]),
        "per_subject": rates(list(per_subject(counts).values())),
    }


def rates(counts: Sequence[Counts]) -> dict[str, float | None]:
    """Return the mean of each rate over those for which it exists."""
    values = {rate: [getattr(count, rate) for count in counts] for rate in RATES}
    known = {rate: [value for value in found if np.isfinite(value)] for rate, found in values.items()}
    return {rate: float(np.mean(found)) if found else None for rate, found in known.items()}


def _false_alarms(traces: Sequence[Trace], sensitivity: float) -> dict[str, Any]:
    try:
        rate, threshold, _ = false_alarms_at(traces, sensitivity)
    except InputError as error:
        return {"refused": error.code, "why": str(error)}
    if not np.isfinite(rate):
        return {"sensitivity": sensitivity, "per_hour": None, "threshold": None}
    return {"sensitivity": sensitivity, "per_hour": rate, "threshold": threshold}


def _latency(recorded: Sequence[Recorded]) -> dict[str, Any]:
    try:
        found = [t for r in recorded for t in latencies(r.trace.reference, r.detected, r.trace.duration)]
    except InputError as error:
        return {"refused": error.code, "why": str(error)}
    n_events = sum(len(one.trace.reference) for one in recorded)
    return {"median_s": float(np.median(found)) if found else None, "n_found": len(found), "n_events": n_events}


def _events(one: Recorded) -> dict[str, Any]:
    return {
        "recording": one.name,
        "subject": one.subject,
        "duration": one.trace.duration,
        "reference": [list(event) for event in one.trace.reference],
        "detected": [[*event, _confidence(one.trace, event)] for event in one.detected],
    }


def _confidence(trace: Trace, event: tuple[float, float]) -> float:
    inside = (trace.onset < event[1]) & (trace.onset + trace.window > event[0])
    return float(trace.score[inside].max())
