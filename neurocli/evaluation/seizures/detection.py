"""Detection on continuous recordings: latency, and false alarms per hour at a fixed sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from ...errors import InputError
from .counts import Counts, Events, pooled
from .nedc import overlap_counts

SHORTEST = 600.0  # s; what is shorter was cut out, and the rest of the day is unknown


@dataclass(frozen=True)
class Trace:
    """The score of a detector over one continuous recording.

    Parameters
    ----------
    score : array, shape (n_windows,)
        High where a seizure is likely.
    onset : array, shape (n_windows,)
        Start of each window, in s, ascending.
    window : float
        Length of a window, in s.
    reference : sequence of (onset, end)
        True events, in s.
    duration : float
        Of the recording, in s.
    """

    score: np.ndarray
    onset: np.ndarray
    window: float
    reference: Events
    duration: float

    def detected(self, threshold: float) -> list[tuple[float, float]]:
        """Return the windows that reach the threshold, as events."""
        return [(float(t), float(t) + self.window) for t in self.onset[self.score >= threshold]]


def require_continuous(durations: Sequence[float]) -> None:
    """Refuse to make rates of clips.

    Raises
    ------
    InputError
        ``E-INPUT-CLIPS``.
    """
    short = sum(duration < SHORTEST for duration in durations)
    if short:
        raise InputError(
            f"False alarms per hour and latencies need continuous recordings; {short} of {len(durations)} are shorter "
            f"than {SHORTEST / 60:g} min.",
            code="E-INPUT-CLIPS",
            remedy="Score clips with balanced accuracy or ROC AUC, or give the whole recordings.",
        )


def false_alarms_at(traces: Sequence[Trace], sensitivity: float) -> tuple[float, float, Counts]:
    """Return false alarms per hour at the highest threshold that finds a share of the events.

    Parameters
    ----------
    traces : sequence of Trace
        Continuous recordings.
    sensitivity : float
        Share of all events that any overlap must find.

    Returns
    -------
    rate : float
        False alarms per hour; NaN where no threshold finds that share.
    threshold : float
        The threshold.
    counts : Counts
        What was counted there.

    Raises
    ------
    InputError
        ``E-INPUT-CLIPS`` where a recording is a clip.
    """
    require_continuous([trace.duration for trace in traces])
    best = np.concatenate([_best_scores(trace) for trace in traces])
    needed = int(np.ceil(sensitivity * len(best) - 1e-9))
    if not len(best) or needed > np.sum(np.isfinite(best)):
        return nan, nan, Counts(0, len(best), 0, sum(trace.duration for trace in traces))
    threshold = float(np.sort(best)[::-1][max(needed, 1) - 1])
    counts = pooled([overlap_counts(t.reference, t.detected(threshold), t.duration) for t in traces])
    return counts.fp / (counts.duration / 3600), threshold, counts


def _best_scores(trace: Trace) -> np.ndarray:
    """Return the highest score within each true event: the threshold up to which it is found."""
    ends = trace.onset + trace.window
    inside = [(trace.onset < end) & (ends > onset) for onset, end in trace.reference]
    return np.array([trace.score[own].max() if own.any() else -np.inf for own in inside])


def latencies(reference: Events, detected: Events, duration: float) -> list[float]:
    """Return, of each event that was found, the time from its onset to the first overlapping detection, in s.

    Negative where the detection began before it.

    Raises
    ------
    InputError
        ``E-INPUT-CLIPS`` where the recording is a clip.
    """
    require_continuous([duration])
    found = []
    for onset, end in reference:
        own = [first for first, last in detected if first < end and last > onset]
        found += [min(own) - onset] if own else []
    return found
