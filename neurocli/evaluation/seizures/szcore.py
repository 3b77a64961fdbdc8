"""SzCORE: sample and event scores as the `timescoring` package 0.0.7 computes them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from .counts import Counts, Events, union

EVENT_RATE = 10  # Hz; time resolution of event scores
SLACK = 1e-6  # an overlap must exceed the minimum by this


@dataclass(frozen=True)
class Tolerance:
    """Settings of event scores, all in s but `min_overlap`, a share of the extended reference event.

    References
    ----------
    .. [1] Dan, J., et al. (2024). SzCORE: Seizure Community Open-Source Research Evaluation framework for the
       validation of EEG-based automated seizure detection algorithms. Epilepsia.
    """

    before: float = 30.0
    after: float = 60.0
    min_overlap: float = 0.0
    max_duration: float = 300.0
    min_gap: float = 90.0


def sample_counts(reference: Events, detected: Events, duration: float, sfreq: float = 1.0) -> Counts:
    """Return the counts sample by sample.

    Parameters
    ----------
    reference, detected : sequence of (onset, end)
        Events, in s.
    duration : float
        Of the recording, in s.
    sfreq : float
        Labels a second.
    """
    n = round(duration * sfreq)
    true, said = _mask(reference, n, sfreq), _mask(detected, n, sfreq)
    tp, fn, fp = (int(np.sum(found)) for found in (true & said, true & ~said, ~true & said))
    return Counts(tp, fn, fp, n / sfreq)


def event_counts(reference: Events, detected: Events, duration: float, tolerance: Tolerance | None = None) -> Counts:
    """Return the counts event by event.

    Events of either side that are less than `min_gap` apart are one, and longer ones are cut at `max_duration`. A
    reference event is found where something was detected between `before` its onset and `after` its end; a detected
    one is false where it touches no such span of a found event.

    Parameters
    ----------
    reference, detected : sequence of (onset, end)
        Events, in s.
    duration : float
        Of the recording, in s.
    tolerance : Tolerance, optional
        The community's values by default.
    """
    tolerance = tolerance or Tolerance()
    n = round(duration * EVENT_RATE)
    true = _cut(_merged(union(reference, duration), tolerance.min_gap), tolerance.max_duration)
    said = _cut(_merged(union(detected, duration), tolerance.min_gap), tolerance.max_duration)
    said_mask = _mask(said, n, EVENT_RATE)
    found = np.zeros(n, dtype=bool)
    tp = 0
    for onset, end in true:
        first, last = max(0, onset - tolerance.before), min(n / EVENT_RATE, end + tolerance.after)
        span = _span(first, last)
        if np.sum(said_mask[span]) / EVENT_RATE / (last - first) > tolerance.min_overlap + SLACK:
            tp += 1
            found[span] = True
    fp = sum(not found[_span(*event)].any() for event in said)
    return Counts(tp, len(true) - tp, fp, n / EVENT_RATE)


def _span(onset: float, end: float, sfreq: float = EVENT_RATE) -> slice:
    return slice(round(onset * sfreq), round(end * sfreq))


def _mask(events: Events, n: int, sfreq: float) -> np.ndarray:
    mask = np.zeros(n, dtype=bool)
    for onset, end in events:
        mask[_span(max(0.0, onset), end, sfreq)] = True
    return mask


def _merged(events: Events, min_gap: float) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for onset, end in events:
        if found and onset - found[-1][1] < min_gap:
            found[-1] = (found[-1][0], end)
        else:
            found.append((onset, end))
    return found


def _cut(events: Events, max_duration: float) -> list[tuple[float, float]]:
    pieces = []
    for onset, end in events:
        n = max(1, ceil((end - onset) / max_duration - 1e-9))
        edges = [onset + i * max_duration for i in range(n)]
        pieces += list(zip(edges, [*edges[1:], end], strict=True))
    return pieces
