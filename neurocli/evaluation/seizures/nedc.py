"""The scorers of the Neural Engineering Data Consortium: any overlap, time-aligned, and by epoch."""

from __future__ import annotations

import numpy as np

from .counts import Counts, Events, union

Event = tuple[float, float]


def overlap_counts(reference: Events, detected: Events, duration: float) -> Counts:
    """Return the counts of any-overlap scoring (OVLP).

    A reference event is a hit where anything detected overlaps it; a detected one is false where it overlaps none.

    Parameters
    ----------
    reference, detected : sequence of (onset, end)
        Events, in s.
    duration : float
        Of the recording, in s.

    References
    ----------
    .. [1] Shah, V., et al. (2021). Objective evaluation metrics for automatic classification of EEG events. In Signal
       Processing in Medicine and Biology. Springer.
    """
    true, said = union(reference, duration), union(detected, duration)
    tp = sum(any(_overlap(event, other) > 0 for other in said) for event in true)
    fp = sum(all(_overlap(event, other) <= 0 for other in true) for event in said)
    return Counts(tp, len(true) - tp, fp, duration)


def taes_counts(reference: Events, detected: Events, duration: float) -> Counts:
    """Return the counts of time-aligned event scoring (TAES), which gives partial credit.

    A reference event adds the share of it that was detected to the hits, and the rest to the misses; what was detected
    outside it adds its length, relative to the reference event and at most 1, to the false alarms. Of several
    reference events under one detected event only the first can be a hit, the others are misses.

    Parameters
    ----------
    reference, detected : sequence of (onset, end)
        Events, in s.
    duration : float
        Of the recording, in s.

    References
    ----------
    .. [1] Shah, V., et al. (2021). Objective evaluation metrics for automatic classification of EEG events. In Signal
       Processing in Medicine and Biology. Springer.
    """
    true, said = union(reference, duration), union(detected, duration)
    tp = fn = fp = 0.0
    used: set[Event] = set()
    missed: set[Event] = set()
    for event in true:
        if event in missed:
            continue
        own = [other for other in said if other not in used and _overlap(event, other) > 0]
        hit, alarm = _partial(event, own)
        tp, fn, fp = tp + hit, fn + 1 - hit, fp + alarm
        used.update(own)
        missed.update(e for e in true if e > event and any(_overlap(e, other) > 0 for other in own[-1:]))
    return Counts(tp, fn + len(missed), fp + len(said) - len(used), duration)


def _partial(event: Event, detected: list[Event]) -> tuple[float, float]:
    """Return the share of a reference event that was hit, and the false alarm round it."""
    length = event[1] - event[0]
    hit = sum(_overlap(event, other) for other in detected) / length
    outside = [(other[1] - other[0] - _overlap(event, other)) / length for other in detected]
    return hit, sum(min(1.0, share) for share in outside)


def epoch_counts(reference: Events, detected: Events, duration: float, epoch: float = 0.25) -> Counts:
    """Return the counts of epoch scoring (EPOCH): labels compared at the middle of each epoch.

    Parameters
    ----------
    reference, detected : sequence of (onset, end)
        Events, in s; both ends belong to them.
    duration : float
        Of the recording, in s.
    epoch : float
        Length of an epoch, in s.
    """
    n = int(np.floor(duration / epoch - 0.5 + 1e-9)) + 1
    middle = (np.arange(max(n, 0)) + 0.5) * epoch
    true, said = _inside(middle, reference), _inside(middle, detected)
    tp, fn, fp = (int(np.sum(found)) for found in (true & said, true & ~said, ~true & said))
    return Counts(tp, fn, fp, duration)


def _inside(times: np.ndarray, events: Events) -> np.ndarray:
    inside = np.zeros(len(times), dtype=bool)
    for onset, end in events:
        inside |= (times >= onset) & (times <= end)
    return inside


def _overlap(one: Event, other: Event) -> float:
    """Return how long two events last together, in s; not positive where they do not meet."""
    return min(one[1], other[1]) - max(one[0], other[0])
