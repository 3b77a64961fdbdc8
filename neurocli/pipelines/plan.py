"""The graph of units of a run: one chain a recording, then the gathering stages over those that succeeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..bids.readers import VERSION
from ..data.entities import Entities, stem
from . import device, versions
from .gather import Cohort, Member, gathering_tasks
from .keys import Recipe, recipes
from .units import PENDING, STAGES, Task, Unit, make_unit

if TYPE_CHECKING:
    from ..bids.question import Item
    from .config import Pipeline, Use


@dataclass(frozen=True)
class Source:
    """One recording that was asked for: where it lies, who it is, and what its files hold.

    `digests` maps the role of a file (``eeg.edf``, ``events.tsv``) to the digest of its content.
    """

    id: str
    item: Item
    entities: Entities
    digests: Mapping[str, str]

    @property
    def pending(self) -> bool:
        """Whether a file was not hashed yet, so that the key is not final."""
        return PENDING in self.digests.values()


@dataclass(frozen=True)
class Plan:
    """Tasks of a run: `recordings` first, then `gathering`, a tuple of phases with a barrier between them."""

    pipeline: Pipeline
    sources: tuple[Source, ...]
    recordings: tuple[Task, ...]
    gathering: tuple[tuple[Task, ...], ...]

    @property
    def phases(self) -> tuple[tuple[Task, ...], ...]:
        """Every phase, in order."""
        return tuple(phase for phase in (self.recordings, *self.gathering) if phase)


def includes(until: str, stage: str) -> bool:
    """Whether a run up to `until` contains `stage`."""
    return STAGES.index(stage) <= STAGES.index(until)


def make_plan(pipeline: Pipeline, sources: Sequence[Source], until: str, cohort: Cohort) -> Plan:
    """Return the plan of `until` and all before it, on the assumption that every recording succeeds."""
    chain = Chain.of(pipeline, until)
    tasks = tuple(chain.task(source) for source in sources)
    if not includes(until, "train") or not tasks or not (pipeline.train or pipeline.export):
        return Plan(pipeline, tuple(sources), tasks, ())
    members = [member_of(source, task) for source, task in zip(sources, tasks, strict=True)]
    return Plan(pipeline, tuple(sources), tasks, gathering_tasks(pipeline, members, until, cohort))


def member_of(source: Source, task: Task) -> Member:
    """Return what gathering stages need to know of a recording."""
    signal = next(unit for unit in reversed(task.units) if unit.stage == "preprocess")
    return Member(source.id, source.entities, task.units[-1].key, signal.key)


@dataclass(frozen=True)
class Chain:
    """What is done to each recording; the recipes are made once and shared by all.

    Parameters
    ----------
    segments : list of (ending, recipes)
        Preprocessing, cut after each checkpoint step; the ending names the checkpoint, and is empty for the last.
    features : list of dict, or None
        Recipes of the features; None where none are asked for.
    computing : dict
        Backend and dtype of the features.
    """

    segments: tuple[tuple[str, list[Recipe]], ...]
    features: list[Recipe] | None
    computing: device.Computing = field(default_factory=lambda: device.PROCESSOR)

    @classmethod
    def of(cls, pipeline: Pipeline, until: str) -> Chain:
        """Return the chain of a pipeline up to a stage."""
        cut = segments(pipeline.preprocess)
        endings = [f"/{segment[-1].address}" for segment in cut[:-1]] + [""]
        made = tuple((ending, recipes(segment, pipeline.seed)) for ending, segment in zip(endings, cut, strict=True))
        wanted = pipeline.featurize and includes(until, "featurize")
        computing = device.of_features([use.name for use in pipeline.featurize], pipeline.device)
        return cls(made, recipes(pipeline.featurize, pipeline.seed) if wanted else None, computing)

    def task(self, source: Source) -> Task:
        """Return the units of one recording."""
        units = [self._first(source)]
        for ending, steps in self.segments[1:]:
            recipe = {"stage": "preprocess", "unit": source.id, "steps": steps, "upstream": units[-1].key}
            units.append(make_unit(f"preprocess/{source.id}{ending}", recipe, [units[-1].key], final=not ending))
        if self.features is not None:
            units.append(self._featurize(source, units[-1]))
        return Task(source.id, tuple(units))

    def _first(self, source: Source) -> Unit:
        ending, steps = self.segments[0]
        files = {"entities": dict(source.entities), "files": dict(source.digests)}
        recipe = {"stage": "preprocess", "unit": source.id, "steps": steps, "input": files, "reader": VERSION}
        return make_unit(f"preprocess/{source.id}{ending}", recipe, (), item=_item_spec(source), final=not ending)

    def _featurize(self, source: Source, before: Unit) -> Unit:
        about = {"stage": "featurize", "engine": versions.ENGINE, "upstream": before.key}
        recipe = {**about, "features": self.features, **self.computing}
        return make_unit(f"featurize/{source.id}", recipe, [before.key])


def segments(steps: Sequence[Use]) -> list[list[Use]]:
    """Cut a chain after every step that says ``checkpoint``; an empty chain is one empty segment."""
    cut: list[list[Use]] = [[]]
    for i, use in enumerate(steps):
        cut[-1].append(use)
        if getattr(use.settings, "checkpoint", False) and i < len(steps) - 1:
            cut.append([])
    return cut


def _item_spec(source: Source) -> dict[str, Any]:
    return {
        "path": str(source.item.path),
        "entities": dict(source.item.entities),
        "sidecars": [str(path) for path in source.item.sidecars],
    }


def recording_id(entities: Entities, datatype: str) -> str:
    """Return the name of a recording within a run."""
    return stem(entities) or datatype
