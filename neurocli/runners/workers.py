"""Carry tasks out with local workers: write the section of the manifest, supervise, translate outcomes into events."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import TemporaryError
from ..pipelines import manifest
from ..pipelines.manifest import Context
from ..pipelines.request import Request
from ..pipelines.units import Task
from ..store.ledger import Ledger
from . import local, machine, needs, provenance, tasks
from .crew import Crew
from .run import Carry, Event, Report
from .stopping import Level, Stop


def run_folder(context: Context) -> Path:
    """Return where the manifest and the settings of a run are kept."""
    return Path(context.out) / ".neurocli" / "runs" / context.run


def worker_command(manifest: Path) -> list[str]:
    """Return the command that runs tasks of a manifest, whoever carries it out."""
    return [sys.executable, "-m", "neurocli", "worker", "--manifest", str(manifest)]


def jobs_of(waiting: Sequence[Task], first: int, context: Context, request: Request) -> list[tasks.Task]:
    """Return tasks as the local runner takes them, with what they need; `first` is the line of the first.

    Raises
    ------
    MissingError
        If one needs a GPU and there is none (``E-RUN-GPU``).
    ResourceError
        If one needs more memory than there is (``E-RUN-TOO-BIG``).
    """
    estimates = needs.Estimates(context)
    found = [estimates.of(task) for task in waiting]
    if any(need.gpu for need in found):
        needs.check_gpus(context.device)
    needs.check_memory(waiting, found, int(request.mem_gb * 1e9) if request.mem_gb else machine.total_bytes())
    return [
        tasks.Task(first + i, task.id, memory_bytes=need.memory_bytes, n_retries=request.retries, gpu=need.gpu)
        for i, (task, need) in enumerate(zip(waiting, found, strict=True))
    ]


@contextmanager
def carrier(request: Request) -> Iterator[Carry]:
    """Yield a function that carries tasks out on this machine, with workers that live as long as the block."""
    crews: dict[Path, Crew] = {}
    stop = Stop()

    def carry(context: Context, waiting: Sequence[Task], report: Report) -> list[Event]:
        path = run_folder(context) / "tasks.jsonl"
        crew = crews.setdefault(path, Crew(worker_command(path)))
        provenance.write(path.parent, context.describe or {}, request)
        context = replace(context, threads=max(1, request.workers // len(waiting)))  # cores that no task would fill
        jobs = jobs_of(waiting, manifest.append(path, context, waiting), context, request)
        first = jobs[0].index
        outcomes = local.run_tasks(
            jobs,
            crew,
            n_workers=request.workers,
            memory_bytes=int(request.mem_gb * 1e9) if request.mem_gb else machine.free_bytes(),
            hold=bool(request.mem_gb),
            gpus=machine.gpus(context.device),
            timeout_s=request.time_limit,
            fail_fast=request.fail_fast,
            on_event=lambda event: _tell(event, report),
            stop=stop,
        )
        ledger = Ledger(Path(context.out) / ".neurocli" / "ledger")
        if stop.level > Level.GO:
            raise _stopped(stop, [(task, outcomes[first + i]) for i, task in enumerate(waiting)], context, ledger)
        return [e for i, task in enumerate(waiting) for e in _events(task, outcomes[first + i], context, ledger)]

    with stop:
        try:
            yield carry
        finally:
            for crew in crews.values():
                crew.close()


def _stopped(
    stop: Stop, ended: Sequence[tuple[Task, tasks.Outcome]], context: Context, ledger: Ledger
) -> TemporaryError:
    """Note what was cut off, and return the error that says how to go on."""
    lost = [(task, outcome) for task, outcome in ended if outcome.status == "lost"]
    for task, outcome in lost:
        unit = _guilty(task, context)
        ledger.append({**outcome.event(), "unit": unit.id, "key": unit.key, "run": context.run})
    done = sum(outcome.status == "done" for _, outcome in ended)
    message = f"Stopped: {done} of {len(ended)} tasks were done, {len(lost)} cut off; what is done is kept."
    remedy = f"To resume: {shlex.join(['neurocli', *sys.argv[1:]])}"
    error = TemporaryError(message, code="E-RUN-STOPPED", remedy=remedy)
    error.exit_status = stop.exit_status
    return error


def _tell(event: Event, report: Report) -> None:
    """Pass on each unit of a task that has ended, or the task itself where its worker died."""
    for one in event.get("events") or [event]:
        report(one)


def _events(task: Task, outcome: tasks.Outcome, context: Context, ledger: Ledger) -> list[Event]:
    if outcome.status == "done":
        events: list[Event] = outcome.result["events"]
        return events
    unit = _guilty(task, context)
    event: dict[str, Any] = {
        "event": "failed",
        "unit": unit.id,
        "key": unit.key,
        "stage": unit.stage,
        "run": context.run,
        "error": outcome.error or {"code": "E-RUN-LOST", "exit": 75, "message": "The run was stopped before it ended."},
        "signal": outcome.signal,
        "wall_s": outcome.wall_s,
        "peak_rss_bytes": outcome.peak_rss_bytes,
    }
    ledger.append(event)
    return [event]


def _guilty(task: Task, context: Context) -> Any:
    """Return the unit at which a worker died: the first of the task that is not in the store."""
    from ..store import Store

    store = Store(Path(context.store), [Path(path) for path in context.store_from])
    return next((unit for unit in task.units if not store.has(unit.key)), task.units[-1])
