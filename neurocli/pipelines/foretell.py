"""Windows ahead of an event, and windows far from any: the labels of a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..data.samples import Samples
from ..evaluation.fold import recording_codes, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .protocols import Ahead

CLASSES = ("interictal", "preictal")
TOUCH = 1e-6  # s; windows this far apart follow each other


@dataclass(frozen=True)
class Foretold:
    """The windows that take part.

    Parameters
    ----------
    y : array of int, shape (n_kept,)
        1 where an event begins between the horizon and the end of the occurrence period after the window.
    kept : array of int, shape (n_kept,)
        Rows of the sample table: neither within an event, nor nearer to the next than the horizon, nor recovering.
    onset : list of float or None
        When the next event of the recording begins, in s; as exactly as a window is long.
    """

    y: np.ndarray
    kept: np.ndarray
    onset: list[float | None]


def foretell(samples: Samples, within: Sequence[bool], ahead: Ahead) -> Foretold:
    """Return which windows lie ahead of an event.

    Parameters
    ----------
    samples : dict of lists
        The sample table, with onsets.
    within : sequence of bool, shape (n_samples,)
        Which windows lie in an event.
    ahead : Ahead
        ``horizon``, ``occurrence`` and ``recovery``, in s.
    """
    start, end = spans(samples)
    codes, inside = recording_codes(samples), np.asarray(within, dtype=bool)
    wait, since = np.full(len(start), np.inf), np.full(len(start), np.inf)
    following = np.full(len(start), np.nan)
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        for first, last in _events(start, end, own[inside[own]]):
            earlier, later = own[end[own] <= first + TOUCH], own[start[own] >= last - TOUCH]
            nearer = earlier[first - end[earlier] < wait[earlier]]
            wait[nearer], following[nearer] = first - end[nearer], first
            since[later] = np.minimum(since[later], start[later] - last)
    taking_part = ~inside & (wait >= ahead.horizon - TOUCH) & (since >= ahead.recovery - TOUCH)
    kept = np.flatnonzero(taking_part)
    y = (wait[kept] <= ahead.horizon + ahead.occurrence + TOUCH).astype(np.int64)
    return Foretold(y, kept, [None if np.isnan(t) else float(t) for t in following[kept]])


def _events(start: np.ndarray, end: np.ndarray, rows: np.ndarray) -> list[tuple[float, float]]:
    """Return runs of windows that follow each other as (onset, end)."""
    found: list[tuple[float, float]] = []
    for i in rows[np.argsort(start[rows], kind="stable")]:
        if found and start[i] <= found[-1][1] + TOUCH:
            found[-1] = (found[-1][0], max(found[-1][1], float(end[i])))
        else:
            found.append((float(start[i]), float(end[i])))
    return found
