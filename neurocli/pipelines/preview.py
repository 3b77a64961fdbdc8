"""What a run would do, and what it would cost, without reading a recording."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from ..store import Store, ledger
from .costs import Costs, size_of
from .plan import Plan, make_plan
from .ready import ready, unread
from .sources import find_cohort, find_sources
from .units import GATHERING, Task, Unit, all_units

if TYPE_CHECKING:
    from .config import Pipeline
    from .request import Request

CACHED, TO_RUN, PENDING = "cached", "to run", "not hashed yet"
CONTROLS = ("null", "majority", "linear", "drift")


class Line(NamedTuple):
    """One unit of a preview."""

    unit: Unit
    state: str
    wall_s: float | None  # learned from earlier runs; None where nothing like it ever ran, or where it is cached
    peak_rss_bytes: float | None


@dataclass(frozen=True)
class Preview:
    """Every unit of a run with its state and price."""

    pipeline: str
    lines: tuple[Line, ...]
    n_workers: int
    device: str = "cpu"

    @property
    def stale(self) -> bool:
        """Whether anything is left to do."""
        return any(line.state != CACHED for line in self.lines)

    def stages(self) -> dict[str, dict[str, Any]]:
        """Return, a stage, how many units are in each state and the seconds that are left."""
        table: dict[str, dict[str, Any]] = defaultdict(
            lambda: {CACHED: 0, TO_RUN: 0, PENDING: 0, "cuda": 0, "wall_s": 0.0}
        )
        for line in self.lines:
            row = table[line.unit.stage]
            row[line.state] += 1
            row["cuda"] += line.unit.recipe.get("backend") == "cuda"
            if line.state != CACHED:
                row["wall_s"] = None if None in (row["wall_s"], line.wall_s) else row["wall_s"] + line.wall_s
        return dict(table)

    def price(self) -> dict[str, float | None]:
        """Return the seconds of one core that the answer and its controls would take; None where unknown."""
        waiting = [line for line in self.lines if line.state != CACHED]
        split = {
            "answer": [line.wall_s for line in waiting if line.unit.recipe.get("role") not in CONTROLS],
            "controls": [line.wall_s for line in waiting if line.unit.recipe.get("role") in CONTROLS],
        }
        return {name: _sum(values) for name, values in split.items()}

    def peak_rss_bytes(self) -> int | None:
        """Return the memory of the largest unit that is left to do; None where unknown."""
        peaks = [line.peak_rss_bytes for line in self.lines if line.state != CACHED]
        known = [peak for peak in peaks if peak is not None]
        return round(max(known)) if len(known) == len(peaks) and known else None

    def to_dict(self) -> dict[str, Any]:
        """Return the preview as one JSON document."""
        return {
            "schema_version": 1,
            "pipeline": self.pipeline,
            "stale": self.stale,
            "units": dict(Counter(line.state for line in self.lines)),
            "stages": self.stages(),
            "price_core_s": self.price(),
            "peak_rss_bytes": self.peak_rss_bytes(),
            "n_workers": self.n_workers,
            "device": self.device,
            "plan": [_described(line) for line in self.lines],
        }


def _described(line: Line) -> dict[str, str]:
    """Return a unit of the plan as JSON, with its backend where it has one."""
    known = {"backend": line.unit.recipe["backend"]} if "backend" in line.unit.recipe else {}
    return {"unit": line.unit.id, "state": line.state, "key": line.unit.key, **known}


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else round(sum(value or 0.0 for value in values), 3)


def preview(request: Request, pipeline: Pipeline) -> Preview:
    """Return what running the request would do."""
    sources = find_sources(request, pipeline, hashing=False)
    plan = make_plan(pipeline, sources, request.until, find_cohort(request, sources))
    costs = Costs(ledger.read(request.out / ".neurocli" / "ledger"))
    states = states_of(request, plan)
    lines = (line for phase in plan.phases for task in phase for line in _lines(task, states, request, costs))
    return Preview(pipeline.name, tuple(lines), request.workers, pipeline.device)


def _lines(task: Task, states: Mapping[str, str], request: Request, costs: Costs) -> Iterator[Line]:
    """Yield the units of a task; its files are asked for their size only where that tells a price."""
    is_priced = costs.known and any(states[unit.id] != CACHED for unit in task.units)
    size = size_of(request.bids_dir, task.units, task.units[0]) if is_priced else None
    for unit in task.units:
        if states[unit.id] == CACHED or not costs.known:
            yield Line(unit, states[unit.id], None, None)
        else:
            yield Line(unit, states[unit.id], costs.wall_s(unit, size), costs.peak_rss_bytes(unit, size))


def states_of(request: Request, plan: Plan) -> dict[str, str]:
    """Return the state of each unit of a plan: cached, to run, or not hashed yet."""
    unsure = {source.id for source in plan.sources if source.pending}
    there = _there(request, plan)

    def state(unit: Unit, task: Task) -> str:
        if task.id in unsure or (unsure and unit.stage in GATHERING):
            return PENDING
        return CACHED if unit.id in there else TO_RUN

    return {unit.id: state(unit, task) for phase in plan.phases for task in phase for unit in task.units}


def _there(request: Request, plan: Plan) -> set[str]:
    """Return the ids of units with payload and published files, or whose payload nobody reads any more."""
    tasks = [*chain.from_iterable(plan.phases)]
    there = {*ready(request, Store(request.store_folder, request.store_from), tasks)}
    is_partial = there and any(unit.id not in there for unit in all_units(tasks))
    return there | {*unread(request, plan, there)} if is_partial else there
