"""How `annotations_to_events` is done."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..data.recording import Recording
from ..data.samples import Samples, joined, take
from ._common import need, noted, refuse

if TYPE_CHECKING:
    from .annotations_to_events import AnnotationsToEvents


def as_events(data: Recording, settings: AnnotationsToEvents) -> Recording:
    """Return the recording whose events hold its annotations too."""
    need(data, settings.name, "recording")
    chosen = [
        (float(onset), float(duration), str(description))
        for onset, duration, description in data.annotations
        if not str(description).lower().startswith(("bad", "edge")) and _wanted(str(description), settings.only)
    ]
    if not chosen:
        there = ", ".join(sorted({str(a[2]) for a in data.annotations})) or "none"
        message = f"No annotation is {' or '.join(settings.only or ['an event'])}. There: {there}."
        raise refuse(data, "E-INPUT-EVENTS", message)
    onsets, durations, descriptions = (list(column) for column in zip(*chosen, strict=True))
    new: Samples = {"onset": onsets, "duration": durations, settings.column: descriptions}
    table = joined([data.events, new]) if data.events else new
    table = {name: ["n/a" if value is None else value for value in column] for name, column in table.items()}
    order = sorted(range(len(table["onset"])), key=lambda i: _key(table["onset"][i]))
    return noted(data, settings.name, {"n_added": len(chosen)}, events=take(table, order))


def _wanted(description: str, patterns: list[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(description, pattern) for pattern in patterns)


def _key(onset: object) -> float:
    return float(onset) if isinstance(onset, (int, float)) else float("inf")
