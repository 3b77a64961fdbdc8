"""What a scorer counts, and the rates that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

Events = Sequence[tuple[float, float]]  # onset and end in s from the start of the recording

DAY = 86_400.0


@dataclass(frozen=True)
class Counts:
    """Hits, misses and false alarms over some time; fractions where a scorer gives partial credit.

    Parameters
    ----------
    tp, fn, fp : float
        True positives, misses and false positives.
    duration : float
        Length of what was scored, in s.
    """

    tp: float
    fn: float
    fp: float
    duration: float

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fn + other.fn, self.fp + other.fp, self.duration + other.duration)

    @property
    def sensitivity(self) -> float:
        """Share of what there was that was found; NaN where there was nothing."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn > 0 else nan

    @property
    def precision(self) -> float:
        """Share of what was said that was true; NaN where nothing was said."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp > 0 else nan

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); NaN where there was nothing and nothing was said."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total > 0 else nan

    @property
    def fp_per_day(self) -> float:
        """False positives in 24 h; NaN for no time."""
        return self.fp / (self.duration / DAY) if self.duration > 0 else nan


def pooled(counts: Sequence[Counts]) -> Counts:
    """Return the counts of all recordings together."""
    return sum(counts, Counts(0, 0, 0, 0.0))


def per_subject(counts: Mapping[str, Sequence[Counts]]) -> dict[str, Counts]:
    """Return the pooled counts of each subject."""
    return {subject: pooled(own) for subject, own in counts.items()}


def union(events: Events, duration: float) -> list[tuple[float, float]]:
    """Return the events in the order of time, clipped to the recording, those that meet joined."""
    found: list[tuple[float, float]] = []
    for onset, end in sorted((max(0.0, a), min(duration, b)) for a, b in events if a < duration and b > 0):
        if found and onset <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((onset, end))
    return found
