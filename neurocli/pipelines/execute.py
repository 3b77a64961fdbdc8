"""Carry out one task on this process: look up, claim, compute, keep, publish; the ledger says what happened."""

from __future__ import annotations

import time
import traceback
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import Exit, NeurocliError
from ..store import Store
from ..store.ledger import Ledger, writer
from . import device, publish
from .costs import kind, size_of, what
from .manifest import Context
from .progress import Tell, silent
from .stages import STAGE_WORK, Inputs
from .units import Task, Unit
from .usage import memory_error, peak_gpu_bytes, peak_rss_bytes, reset_gpu_peak

Event = dict[str, Any]


def run_task(context: Context, task: Task, ledger: Ledger, tell: Tell = silent) -> list[Event]:
    """Run the units of a task in a row; the first that fails blocks the rest.

    Parameters
    ----------
    context : Context
        Where data and results are.
    task : Task
        What to run.
    ledger : Ledger
        Is given every event.
    tell : callable, optional
        Is given those that tell of progress, as they happen.

    Returns
    -------
    events : list of dict
        One final event a unit: ``done`` (with ``how``: ``executed`` or ``cached``), ``failed`` or ``blocked``.
    """
    store = Store(Path(context.store), [Path(path) for path in context.store_from])
    inputs = Inputs(context, store, tell=lambda event: _told(event, ledger, tell))
    events: list[Event] = []
    idle = _idle(task, inputs)
    for unit in task.units:
        blocked = events and events[-1]["event"] != "done"
        if unit.id in idle:
            event = {"event": "done", "how": "cached", "unit": unit.id, "stage": unit.stage, "key": unit.key}
        else:
            event = _blocked(unit, events[-1]) if blocked else _run_unit(unit, task, inputs, ledger)
        ledger.append(event)
        events.append(event)
    return events


def _idle(task: Task, inputs: Inputs) -> set[str]:
    """Return the checkpoints that nobody would read: what they lead to is there."""
    force = inputs.context.force
    pairs = [(unit, after) for unit, after in pairwise(task.units) if not publish.publishes(unit)]
    idle: set[str] = set()
    for unit, after in reversed(pairs):
        if not {unit.stage, after.stage} & {*force} and (after.id in idle or inputs.store.has(after.key)):
            idle.add(unit.id)
    return idle


def _told(event: Event, ledger: Ledger, tell: Tell) -> None:
    ledger.append(event)
    tell(event)


def _blocked(unit: Unit, before: Event) -> Event:
    return {"event": "blocked", "unit": unit.id, "key": unit.key, "by": before["unit"]}


def _run_unit(unit: Unit, task: Task, inputs: Inputs, ledger: Ledger) -> Event:
    ledger.append({"event": "started", "unit": unit.id, "key": unit.key, "run": inputs.context.run, **writer()})
    clock = _Clock()
    try:
        event: Event = {"event": "done", **_keep(unit, inputs)}
        publish.publish(unit, inputs)
    except Exception as error:  # one failed unit, whatever it was; the others go on
        event = {"event": "failed", "error": describe(error)}
    named = {"unit": unit.id, "stage": unit.stage, "key": unit.key, "run": inputs.context.run}
    like = {"what": what(unit), "kind": kind(unit), "size": size_of(inputs.context.dataset, task.units, unit)}
    return {**event, **named, **like, **clock.read()}


def _keep(unit: Unit, inputs: Inputs) -> Event:
    forced = unit.stage in inputs.context.force
    if inputs.store.has(unit.key) and not forced:
        return {"how": "cached"}
    with inputs.store.claim(unit.key):
        if inputs.store.has(unit.key) and not forced:  # another run was faster
            return {"how": "cached"}
        started = time.perf_counter()
        with device.told(unit.recipe, inputs.context.device):
            made = STAGE_WORK[unit.stage](unit, inputs)
        wall = round(time.perf_counter() - started, 6)
        cost = {"wall_s": wall}
        try:
            inputs.store.write(unit.key, made.arrays, made.meta, unit.recipe, made.files, cost, replace=forced)
            made.kept()
        finally:
            made.close()
    return {"how": "executed", **made.facts}


def describe(error: Exception) -> dict[str, Any]:
    """Return an error as the ledger keeps it; an unforeseen one with its traceback."""
    if isinstance(error, NeurocliError):
        return error.to_dict()
    if starved := memory_error(error):
        return starved.to_dict()
    text = "".join(traceback.format_exception(error))
    return {
        "code": "E-INTERNAL",
        "exit": int(Exit.INTERNAL),
        "message": f"{type(error).__name__}: {error}",
        "remedy": "Please report it with the traceback in the unit's log.",
        "traceback": text,
    }


class _Clock:
    """Wall and processor time since it was made, and the peak memory of the process."""

    def __init__(self) -> None:
        reset_gpu_peak()
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float | int]:
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        gpu = peak_gpu_bytes()
        used = {"peak_rss_bytes": peak_rss_bytes()} | ({} if gpu is None else {"peak_gpu_bytes": gpu})
        return {"wall_s": round(wall, 6), "cpu_s": round(cpu, 6), **used}
