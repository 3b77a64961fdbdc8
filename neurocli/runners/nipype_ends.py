"""What became of tasks that nipype was given: the words of the ledger, and the exit status each node wrote down."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..pipelines.manifest import Context
from ..pipelines.units import Task, Unit
from ..store.ledger import Ledger
from . import deaths, tasks
from .run import Event, Report
from .tail import Tail

FINAL = ("done", "failed", "blocked")
PATIENCE_S = 5.0  # how long a network file system may take to show the last line of a ledger
TIMED_OUT = 124  # what `timeout` answers


class Ends:
    """The final events of the units of some tasks, as they come in.

    Parameters
    ----------
    context : Context
        Of the tasks.
    by_index : mapping of int to Task
        By their line in the manifest.
    folder : Path
        Where each node leaves ``INDEX.exit`` and ``INDEX.out``.
    report : callable
        Told every event, once.
    """

    def __init__(self, context: Context, by_index: Mapping[int, Task], folder: Path, report: Report) -> None:
        self._context, self._tasks, self._folder, self._report = context, by_index, folder, report
        self._ledger = Path(context.out) / ".neurocli" / "ledger"
        self._tail, self._began = Tail(self._ledger), time.time()
        self._wanted = {(unit.id, unit.key) for task in by_index.values() for unit in task.units}
        self._started: dict[tuple[str, str], float] = {}
        self._found: dict[tuple[str, str], Event] = {}

    def hear(self) -> None:
        """Take what is new in the ledger."""
        for event in self._tail.new():
            name = (event.get("unit", ""), event.get("key", ""))
            if name not in self._wanted or event.get("run", self._context.run) != self._context.run:
                continue
            if event["event"] == "started":
                self._started[name] = event["time"]
            elif event["event"] in FINAL:
                self._found[name] = event
                self._report(event)

    def collect(self, complaint: str) -> list[Event]:
        """Return the final events of all tasks; a task that ended without a word is one failed unit."""
        self._settle()
        return [event for index, task in self._tasks.items() for event in self._of(index, task, complaint)]

    def _settle(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        self.hear()
        while time.monotonic() < deadline and any(self._is_late(index) for index in self._tasks):
            time.sleep(0.1)
            self.hear()

    def _is_late(self, index: int) -> bool:
        said = all((unit.id, unit.key) in self._found for unit in self._tasks[index].units)
        return not said and self._exit_status(index) == 0

    def _exit_status(self, index: int) -> int | None:
        try:
            return int((self._folder / f"{index}.exit").read_text())
        except (OSError, ValueError):
            return None

    def _of(self, index: int, task: Task, complaint: str) -> list[Event]:
        events: list[Event] = []
        for unit in task.units:
            event = self._found.get((unit.id, unit.key))
            if event is None:
                return [*events, self._lost(index, task, unit, complaint)]
            events.append(event)
        return events

    def _lost(self, index: int, task: Task, unit: Unit, complaint: str) -> Event:
        status = self._exit_status(index)
        wall_s = self._wall_s(index, unit)
        death = deaths.Death(_wait_status(status or 0), last_words=self._last_words(index))
        event: dict[str, Any] = {
            "event": "failed",
            "unit": unit.id,
            "key": unit.key,
            "stage": unit.stage,
            "run": self._context.run,
            "error": _error(tasks.Task(index, task.id), status, death, wall_s, complaint),
            "signal": deaths.signal_name(death.status),
            "wall_s": round(wall_s, 6),
            "time": time.time(),
        }
        Ledger(self._ledger).append(event)
        self._report(event)
        return event

    def _wall_s(self, index: int, unit: Unit) -> float:
        began = self._started.get((unit.id, unit.key), self._began)
        try:
            ended = (self._folder / f"{index}.exit").stat().st_mtime
        except OSError:
            ended = time.time()
        return max(0.0, ended - began)

    def _last_words(self, index: int) -> str:
        try:
            return (self._folder / f"{index}.out").read_text(errors="replace")[-deaths.TAIL :]
        except OSError:
            return ""


def _wait_status(shell: int) -> int:
    """Return the wait status behind what a shell calls ``$?``."""
    return shell - 128 if 128 < shell < 128 + signal.NSIG else shell << 8


def _error(task: tasks.Task, status: int | None, death: deaths.Death, wall_s: float, complaint: str) -> dict[str, Any]:
    if status == TIMED_OUT:
        return deaths.timeout_error(task.id, wall_s)
    if status is not None:
        return deaths.error_of(task, death, wall_s, out_of_memory=False)
    said = f" nipype says: {complaint[-500:]}" if complaint else ""
    remedy = "Run the same command again; if a scheduler ended the job, ask it for more memory or time."
    message = f"nipype came back, but this task had not ended.{said}"
    return dict(deaths.WorkerError(message, code="E-NIPYPE-LOST", where=task.id, remedy=remedy).to_dict())
