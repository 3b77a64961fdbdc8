"""Why a unit has to run: the exact difference of two recipes, with the line of YAML that made it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, unknown
from .membership import IN, OUT, TOLD, failures, moves
from .plan import make_plan
from .preview import CACHED, states_of
from .sources import find_cohort, find_sources
from .units import GATHERING, SINGLE, Unit, all_units

if TYPE_CHECKING:
    from .config import Pipeline
    from .request import Request

SEQUENCE = (list, tuple)  # what was read back from JSON is a list of what is a tuple now
LISTS = {"steps": "preprocess", "features": "featurize", "model": "train.model"}


@dataclass(frozen=True)
class Difference:
    """One thing that changed between the last time and now."""

    what: str
    before: Any
    after: Any
    where: str | None

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what}: {_short(self.before)} -> {_short(self.after)}{place}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def why(request: Request, pipeline: Pipeline, unit_id: str) -> tuple[str, list[Difference]]:
    """Return the state of a unit and what changed since it last ran here; nothing changed where the list is empty.

    A recording that ran here and is selected no more is ``left out``.

    Raises
    ------
    UsageError
        If the plan has no such unit, and never had.
    """
    sources = find_sources(request, pipeline)
    plan = make_plan(pipeline, sources, request.until, find_cohort(request, sources))
    units = {unit.id: unit for phase in plan.phases for unit in all_units(phase)}
    stage, _, recording = unit_id.partition("/")
    if unit_id not in units and stage in SINGLE and unit_id in _last_recipes(request.out):
        return OUT, [Difference(recording, IN, OUT, None)]
    if unit_id not in units:
        raise UsageError(unknown("unit", unit_id, units), code="E-USAGE-UNIT")
    state = states_of(request, plan)[unit_id]
    found = [] if state == CACHED else _differences(request, pipeline, units, unit_id)
    return state, list({str(one): one for one in found}.values())  # every recording of a cohort says the same


def _differences(request: Request, pipeline: Pipeline, units: Mapping[str, Unit], unit_id: str) -> Iterator[Difference]:
    earlier = {id_: found for id_, found in _last_recipes(request.out).items() if id_ in units}
    names = {unit["key"]: unit["id"] for unit in _carried_out(request.out)} | {u.key: u.id for u in units.values()}
    if unit_id not in earlier:
        yield Difference("never run in this output folder", None, units[unit_id].key[:12], None)
        return
    code = failures(request.out).get(unit_id)
    if code and earlier[unit_id]["key"] == units[unit_id].key:
        yield Difference("its last run", f"failed: {code}", "to run", None)
    for id_ in [*_behind(units[unit_id], units), unit_id]:
        before, after = earlier.get(id_), units[id_]
        if before and before["key"] != after.key:
            if after.stage in GATHERING:
                yield from (Difference(*move, None) for move in moves(before, after, names, request.out))
            yield from _recipe_differences(pipeline, id_, before["recipe"], after.recipe)


def _behind(unit: Unit, units: Mapping[str, Unit]) -> list[str]:
    """Return the units that a unit stands on, nearest to the data first; of a cohort one recording stands for all."""
    by_key = {other.key: other for other in units.values()}
    chain: list[str] = []
    waiting = list(unit.upstream)
    while waiting:
        other = by_key.get(waiting.pop(0))
        if other and other.id not in chain:
            chain.insert(0, other.id)
            waiting += other.upstream
    return chain


def _last_recipes(out: Path) -> dict[str, dict[str, Any]]:
    """Return the latest unit of each name that a run of this output folder was to carry out."""
    return {unit["id"]: unit for unit in _carried_out(out)}


def _carried_out(out: Path) -> Iterator[dict[str, Any]]:
    """Yield every unit that a run of this output folder was to carry out, the latest last."""
    manifests = (out / ".neurocli" / "runs").glob("*/*.jsonl")
    for path in sorted(manifests, key=lambda path: (path.stat().st_mtime_ns, path.name)):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from json.loads(line).get("units", ())


def _recipe_differences(
    pipeline: Pipeline, unit_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for path, old, new in differences(before, after):
        if path[0] in ("upstream", "fits", "scores", *TOLD):
            continue  # told by the unit that it points to, or recording by recording
        address = _address(pipeline, path, after)
        mark = pipeline.mark(address) if address else None
        yield Difference(address or f"{unit_id}: {'.'.join(map(str, path))}", old, new, mark)


def _address(pipeline: Pipeline, path: Sequence[Any], recipe: Mapping[str, Any]) -> str | None:
    """Return the address of a setting: `steps.1.settings.l_freq` is `preprocess.filter.l_freq`."""
    head, *rest = path
    if head in LISTS and rest and isinstance(rest[0], int):
        uses = {"steps": pipeline.preprocess, "features": pipeline.featurize}.get(head)
        members = uses if uses is not None else (pipeline.train.model if pipeline.train else ())
        names = [use.name for use in members]
        name = recipe[head][rest[0]]["name"] if rest[0] < len(recipe[head]) else None
        base = next((use.address for use in members if use.name == name), f"{LISTS[head]}")
        return ".".join([base, *(str(part) for part in rest[2:])]) if name in names else LISTS[head]
    return {"metrics": "evaluate.metrics", "target": "target", "split": "train.split", "balance": "train.balance",
            "seed": "seed", "backend": "device"}.get(head)  # fmt: skip


def differences(before: Any, after: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """Yield every path at which two JSON documents differ, with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, SEQUENCE) and isinstance(after, SEQUENCE) and len(before) == len(after):
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, i))
    elif before != after:
        yield path, before, after
