"""What work will cost, learned from the ledger: a line over the size of what is read, for every kind of work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from .keys import digest_of
from .units import Unit

COSTS = ("wall_s", "peak_rss_bytes")
DOING = ("steps", "features", "model", "metrics", "exporter")  # what of a recipe says how dear the work is
N_POINTS = 48  # of which every pair gives a slope
SIDECARS = (".json", ".tsv", ".bval", ".bvec")  # small whatever the recording
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A cost over a size.

    Parameters
    ----------
    fixed, slope : float
        ``fixed + slope * size``; neither is negative, so that more is never cheaper.
    worst : float
        The largest ratio of what was seen to what the line says.
    """

    fixed: float
    slope: float
    worst: float = 1.0

    def at(self, size: float) -> float:
        """Return the cost of a size."""
        return self.fixed + self.slope * size


def fit(points: Sequence[Point]) -> Line:
    """Return the line through (size, cost) that a few outliers do not bend (Theil and Sen).

    The first unit of a worker imports its libraries, so outliers are the rule.
    """
    few = _thinned(sorted(points))
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(few, 2) if b[0] > a[0]]
    slope = max(0.0, median(slopes)) if slopes else 0.0
    fixed = median(cost - slope * size for size, cost in few)
    if fixed < 0:
        fixed, slope = 0.0, median(cost / size for size, cost in few if size > 0)
    line = Line(fixed, slope)
    return Line(fixed, slope, max([1.0, *(cost / line.at(size) for size, cost in points if line.at(size) > 0)]))


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    n = len(points)
    return points if n <= N_POINTS else [points[i * (n - 1) // (N_POINTS - 1)] for i in range(N_POINTS)]


class Costs:
    """What units cost in earlier runs.

    A unit is compared with those that did the same work (the same steps and settings); where there are none, with
    those of the same stage and role.

    Parameters
    ----------
    events : iterable of dict
        Of a ledger.
    """

    def __init__(self, events: Iterable[Mapping[str, Any]]) -> None:
        self._seen: dict[tuple[str, str], list[tuple[float | None, float]]] = {}
        self._lines: dict[tuple[str, str, bool], Line | None] = {}
        self._kinds: dict[tuple[int, ...], str] = {}
        self._alive: list[Any] = []  # what was known by its id stays, so that no other thing gets the id
        for event in events:
            if event.get("event") == "done" and event.get("how") == "executed":
                self._learn(event)

    def _learn(self, event: Mapping[str, Any]) -> None:
        size = event.get("size")
        for name in {str(event[of]) for of in ("kind", "what") if of in event}:
            for cost in COSTS:
                if isinstance(event.get(cost), (int, float)):
                    self._seen.setdefault((name, cost), []).append((size, float(event[cost])))

    @property
    def known(self) -> bool:
        """Whether anything was learned at all."""
        return bool(self._seen)

    def wall_s(self, unit: Unit, size: int | None) -> float | None:
        """Return the seconds that a unit is expected to take, or None where nothing like it ever ran."""
        line = self._line(unit, "wall_s", sized=size is not None)
        return None if line is None else line.at(size or 0)

    def peak_rss_bytes(self, unit: Unit, size: int | None) -> float | None:
        """Return the peak memory that a unit will hardly exceed, or None where nothing like it ever ran."""
        line = self._line(unit, "peak_rss_bytes", sized=size is not None)
        return None if line is None else line.at(size or 0) * line.worst

    def likely_rss_bytes(self, unit: Unit, size: int | None) -> float | None:
        """Return the peak memory that a unit mostly takes, or None where nothing like it ever ran."""
        line = self._line(unit, "peak_rss_bytes", sized=size is not None)
        return None if line is None else line.at(size or 0)

    def _line(self, unit: Unit, cost: str, *, sized: bool) -> Line | None:
        for name in (self._kind(unit), what(unit)):
            if (name, cost) in self._seen:
                if (name, cost, sized) not in self._lines:
                    self._lines[name, cost, sized] = self._fitted(name, cost, sized=sized)
                return self._lines[name, cost, sized]
        return None

    def _fitted(self, name: str, cost: str, *, sized: bool) -> Line:
        seen = self._seen[name, cost]
        points = [(float(size), value) for size, value in seen if size is not None]
        return fit(points) if sized and points else fit([(0.0, value) for _, value in seen])

    def _kind(self, unit: Unit) -> str:
        parts = [unit.recipe.get(name) for name in DOING]  # shared by all recordings, so each is hashed once
        known = (*map(id, parts), hash(what(unit)))
        if known not in self._kinds:
            self._alive.append(parts)
            self._kinds[known] = kind(unit)
        return self._kinds[known]


def what(unit: Unit) -> str:
    """Return the stage and role of a unit, to learn its cost from others of the sort."""
    return f"{unit.stage}:{unit.recipe.get('role') or unit.recipe.get('exporter', {}).get('name', '')}"


def kind(unit: Unit) -> str:
    """Return a name for the work of a unit, whatever it is done to."""
    return f"{what(unit)}:{digest_of([unit.recipe.get(name) for name in DOING])[:12]}"


def size_of(dataset: str | os.PathLike[str], units: Sequence[Unit], unit: Unit) -> int | None:
    """Return how much a unit of a task reads: bytes of the recording, or the number of payloads it gathers.

    Parameters
    ----------
    dataset : path
        Where recordings lie.
    units : sequence of Unit
        The task; its first unit names the recording.
    unit : Unit
        One of them.

    Returns
    -------
    size : int or None
        None where a file is not there.
    """
    item = units[0].spec.get("item")
    if item is None:
        return len(unit.upstream)
    parts = [item["path"], *(path for path in item["sidecars"] if not path.endswith(SIDECARS))]
    try:
        return sum(_bytes(f"{os.fspath(dataset)}/{part}") for part in parts)
    except OSError:
        return None


def _bytes(path: str) -> int:
    if os.path.isdir(path):  # noqa: PTH112  a Path object a file would cost more than the question
        return sum(found.stat().st_size for found in Path(path).rglob("*") if found.is_file())
    return os.stat(path).st_size  # noqa: PTH116
