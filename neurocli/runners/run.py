"""Carry out one pipeline: plan, run what is missing phase by phase, and say what happened."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..errors import Exit, InputError
from ..pipelines import gather
from ..pipelines.channels import check_channels
from ..pipelines.config import Pipeline
from ..pipelines.manifest import Context
from ..pipelines.plan import Plan, Source, includes, make_plan, member_of
from ..pipelines.publish import published
from ..pipelines.ready import Files, ready, unread
from ..pipelines.request import Request
from ..pipelines.sources import find_cohort, find_sources
from ..pipelines.units import GATHERING, Task, Unit, all_units
from ..step import Step
from ..store import Store
from . import needs
from .events import Tally
from .keeper import Keeper

Event = dict[str, Any]
Report = Callable[[Event], None]
# a runner carries out tasks and returns the final events of their units
Carry = Callable[[Context, Sequence[Task], Report], list[Event]]


def new_id() -> str:
    """Return a name for a run that sorts by time; two runs that start together have different ones."""
    return f"{time.strftime('%Y%m%dT%H%M%S')}-{os.urandom(3).hex()}"


@dataclass
class Run:
    """One pipeline on one dataset, from the plan to the tally."""

    request: Request
    pipeline: Pipeline
    carry: Carry
    report: Report
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.store = Store(self.request.store_folder, self.request.store_from)
        self.tally = Tally()
        self.keeper = Keeper(self.store, self.request, self.pipeline, self.id)

    def execute(self) -> Tally:
        """Run the plan: the recordings, then each gathering phase over those that succeeded."""
        sources = find_sources(self.request, self.pipeline)
        cohort = find_cohort(self.request, sources)
        if includes(self.request.until, "train"):  # one person alone can be prepared, and judged only among others
            check_target(self.pipeline, sources, cohort)
        check_channels(self.pipeline, sources, self.request.bids_dir)
        self.tally.warnings += idle(self.request, self.pipeline, sources)
        plan = make_plan(self.pipeline, sources, self.request.until, cohort)
        self._check_device(plan)
        context = self.context(sources, cohort)
        self.phase(context, plan.recordings, plan)
        if not includes(self.request.until, "train"):
            return self._finished(plan)
        survivors = self._survivors(plan)
        if not survivors or (self.request.fail_fast and self.tally.failed):
            return self._finished(plan)
        self._gather(sources, plan, survivors, cohort)
        return self._finished(plan)

    def _check_device(self, plan: Plan) -> None:
        """Say that there is no GPU before hours of work, not when the networks' turn comes; of features workers do."""
        units = [unit for unit in all_units(chain.from_iterable(plan.gathering)) if needs.on_gpu(unit)]
        if self.request.executor == "local" and any(not self.store.has(unit.key) for unit in units):
            needs.check_gpus(self.pipeline.device)

    def _gather(self, sources: Sequence[Source], plan: Plan, survivors: set[str], cohort: gather.Cohort) -> None:
        members = [
            member_of(source, task)
            for source, task in zip(sources, plan.recordings, strict=True)
            if source.id in survivors
        ]
        context = self.context(sources, cohort, members)
        for phase in gather.gathering_tasks(self.pipeline, members, self.request.until, cohort):
            self.phase(context, phase)
            if any(event["event"] != "done" for event in self.tally.last):
                break  # a gathering stage that failed blocks what follows it

    def phase(self, context: Context, tasks: Sequence[Task], plan: Plan | None = None) -> None:
        """Carry out what of the tasks is not there yet, and count all of it."""
        there = self._there(tasks)
        if plan and any(unit.id not in there for unit in all_units(tasks)):
            there |= unread(self.request, plan, {*there, *self._there(chain.from_iterable(plan.gathering))})
        waiting = [task for task in tasks if any(unit.id not in there for unit in task.units)]
        ids = {task.id for task in waiting}
        cached = [unit for task in tasks if task.id not in ids for unit in task.units]
        self.tally.begin([_cached(unit) for unit in cached])
        if waiting:
            describe(self.request, self.pipeline, context)
            self.keeper.hold(tasks)
            self.report({"event": "phase", "tasks": len(waiting), "units": [u.id for t in waiting for u in t.units]})
            self.tally.add(self.carry(context, waiting, self.report))
        for task in tasks:
            for unit in task.units:
                files = published(self.request.out, unit) if task.id in ids else there[unit.id]
                self.tally.outputs += files or []

    def _there(self, tasks: Iterable[Task]) -> Files:
        """Return, of the units of which nothing is left to do, what of each is published."""
        return ready(self.request, self.store, tasks, verify=self.request.verify)

    def _survivors(self, plan: Plan) -> set[str]:
        lost = {event["unit"].split("/")[1] for event in self.tally.events if event["event"] != "done"}
        return {source.id for source in plan.sources} - lost

    def context(
        self, sources: Sequence[Source], cohort: gather.Cohort, members: Sequence[gather.Member] = ()
    ) -> Context:
        """Return what a frozen manifest says beside its tasks."""
        request, paths = self.request, {source.id: str(source.item.path) for source in sources}
        known = members or [gather.Member(source.id, source.entities, "", "") for source in sources]
        return Context(
            run=self.id,
            pipeline=self.pipeline.name,
            dataset=str(request.bids_dir.absolute()),
            out=str(request.out.absolute()),
            store=str(request.store_folder),
            store_from=tuple(str(path.absolute()) for path in request.store_from),
            seed=self.pipeline.seed,
            device=self.pipeline.device,
            force=request.force,
            cohort=tuple({**member._asdict(), "path": paths[member.id]} for member in known),
            participants=tuple(sorted(cohort.participants.items())),
            describe=gather.describe(self.pipeline),
            allow_leak=request.allow_leak,
            asked=cohort.asked,
            missing=tuple(sorted(self.tally.faults().items())),
        )

    def _finished(self, plan: Plan) -> Tally:
        """Close the tally, and have the store keep what the latest run of this pipeline refers to."""
        self.tally.n_recordings = len(plan.sources)
        done = {event["unit"]: event["key"] for event in self.tally.events if event["event"] == "done"}
        is_whole = not self.tally.failed and all(event["event"] == "done" for event in self.tally.events)
        self.keeper.close(plan, done, whole=is_whole, worked=bool(self.tally.count("executed")))
        return self.tally


def describe(request: Request, pipeline: Pipeline, context: Context) -> None:
    """Make OUT a BIDS derivative dataset; what is equal already is left alone."""
    from ..bids import write

    subjects = sorted({member["entities"].get("subject", "") for member in context.cohort} - {""})
    write.describe(request.out, pipeline=pipeline.name, dataset=request.bids_dir, subjects=subjects)


def idle(request: Request, pipeline: Pipeline, sources: Sequence[Source]) -> list[str]:
    """Return a warning for each setting that is about no recording, where the whole dataset was asked for."""
    narrowed = (request.participants, request.sessions, request.tasks, request.exclude, request.filter_file)
    if any(narrowed):
        return []
    recordings = [source.entities for source in sources]
    steps = [(use.address, use.settings) for use in pipeline.preprocess if isinstance(use.settings, Step)]
    return [f"{address}: {said}" for address, step in steps for said in step.idle(recordings)]


def check_target(pipeline: Pipeline, sources: Sequence[Source], cohort: gather.Cohort) -> None:
    """Refuse, before anything is computed, what can be seen to fail: no target, one class, one group, a leak.

    Raises
    ------
    NeurocliError
        As `pipelines.precheck` says.
    """
    from ..pipelines.precheck import precheck

    if pipeline.train and pipeline.target:
        precheck(pipeline, [source.entities for source in sources], cohort.participants)
    elif pipeline.train:
        raise InputError(
            f"Pipeline {pipeline.name!r} trains a model but names no target.",
            code="E-INPUT-TARGET",
            remedy="Add `target: {entity: task}`, `{events: trial_type}` or `{participants: age, as: number}`.",
        )


def _cached(unit: Unit) -> Event:
    return {"event": "done", "how": "cached", "unit": unit.id, "key": unit.key}


def exit_of(tally: Tally, *, fail_fast: bool = False) -> Exit:
    """Return the exit status that the events of a run amount to."""
    failed = tally.failed
    if not failed:
        return Exit.OK
    statuses = {event["error"]["exit"] for event in failed}
    if fail_fast and int(Exit.INPUT) in statuses:
        return Exit.INPUT
    gathering = [e for e in failed if e["unit"].split("/")[0] in GATHERING]
    if statuses == {int(Exit.RESOURCES)}:
        return Exit.RESOURCES
    if len(statuses) == 1 and statuses <= {int(Exit.STORE), int(Exit.ENVIRONMENT), int(Exit.CONFIG)}:
        return Exit(statuses.pop())
    if gathering or len({e["unit"].split("/")[1] for e in failed}) >= tally.n_recordings:
        return Exit.FAILED
    return Exit.PARTIAL
