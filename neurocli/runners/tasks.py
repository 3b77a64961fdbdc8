"""What may start now: dependencies, cores, memory and GPUs, without any process in sight."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

WINDOW = 64  # how many ready tasks are looked at for one that fits
PATIENCE = 16  # how often a task that does not fit is overtaken before the others wait for it


@dataclass(frozen=True)
class Task:
    """One piece of work for a worker.

    Parameters
    ----------
    index : int
        What the worker is told.
    id : str
        What people are told: the unit.
    depends_on : tuple of int
        Indices of tasks that must have succeeded.
    after : tuple of int
        Indices of tasks that must have ended, one way or the other.
    memory_bytes : int
        The estimate of its peak.
    n_retries : int
        How often it may run again, with more memory and at last alone on the machine, after it was killed or ran out of
        memory.
    timeout_s : float or None
        Its own time limit, before that of the run.
    gpu : bool
        Whether it needs one.
    """

    index: int
    id: str
    depends_on: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    memory_bytes: int = 0
    n_retries: int = 0
    timeout_s: float | None = None
    gpu: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Parameters
    ----------
    task : Task
        Which.
    status : str
        ``done``, ``failed``, ``blocked`` (something it depends on failed), ``lost`` (killed with the run) or
        ``unstarted``.
    result : dict
        What the worker answered.
    error : dict or None
        As `NeurocliError.to_dict` gives it.
    signal : str or None
        The name of the signal that ended the worker.
    wall_s, cpu_s : float
        What it took.
    peak_rss_bytes : int
        Its peak memory.
    attempts : int
        How often it was started.
    """

    task: Task
    status: str
    result: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    signal: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_bytes: int = 0
    attempts: int = 1

    def event(self) -> dict[str, Any]:
        """Return the line for the ledger."""
        cost = {"wall_s": self.wall_s, "cpu_s": self.cpu_s, "peak_rss_bytes": self.peak_rss_bytes}
        event = {"event": self.status, "unit": self.task.id, "index": self.task.index, "attempts": self.attempts}
        if self.status == "done":
            return event | {"how": "executed"} | cost | self.result
        return event | {"error": self.error, "signal": self.signal} | cost


class Schedule:
    """The tasks that wait and the room there is; the order of the tasks is kept where room allows.

    Parameters
    ----------
    tasks : sequence of Task
        A task may depend on any other; a circle is refused.
    n_workers : int
        How many may run at a time.
    memory_bytes : int or None
        The most that the estimates of running tasks may add up to; a task above it runs alone.
    gpus : sequence of str
        Devices such as ``cuda:0``, one task each.
    """

    def __init__(
        self, tasks: Sequence[Task], n_workers: int, memory_bytes: int | None = None, gpus: Sequence[str] = ()
    ) -> None:
        if not gpus and any(task.gpu for task in tasks):
            raise ValueError("Some tasks need a GPU, and there is none to give.")
        self._tasks = {task.index: task for task in tasks}
        self._rank = {task.index: rank for rank, task in enumerate(tasks)}
        self._n_workers, self._memory, self._gpus = n_workers, memory_bytes, list(gpus)
        self._waits_for = {task.index: self._known(task) for task in tasks}
        self._waiting: dict[int, list[int]] = defaultdict(list)
        for index, others in self._waits_for.items():
            for other in others:
                self._waiting[other].append(index)
        self._ready: list[tuple[int, int]] = []
        self._overtaken: dict[int, int] = defaultdict(int)
        self._alone: set[int] = set()
        self._devices: dict[int, str] = {}
        self.running: dict[int, Task] = {}
        self.outcomes: dict[int, Outcome] = {}
        for index, others in self._waits_for.items():
            if not others:
                self._make_ready(index)
        self._refuse_circles()

    def _known(self, task: Task) -> set[int]:
        wanted = {*task.depends_on, *task.after}
        # not `wanted - self._tasks.keys()`, which walks all the keys each time
        if missing := {index for index in wanted if index not in self._tasks}:
            raise ValueError(f"Task {task.id!r} waits for {sorted(missing)}, which are no tasks.")
        return wanted

    def _refuse_circles(self) -> None:
        open_ends = {index: len(others) for index, others in self._waits_for.items()}
        free = [index for index, n in open_ends.items() if n == 0]
        for index in free:  # grows while it is walked
            for other in self._waiting[index]:
                open_ends[other] -= 1
                if open_ends[other] == 0:
                    free.append(other)
        if len(free) < len(self._tasks):
            circle = [self._tasks[index].id for index, n in open_ends.items() if n]
            raise ValueError(f"These tasks wait for each other: {', '.join(circle[:5])}.")

    def _make_ready(self, index: int) -> None:
        heappush(self._ready, (self._rank[index], index))

    @property
    def waiting(self) -> bool:
        """Whether a task could still start, now or later."""
        return len(self.outcomes) + len(self.running) < len(self._tasks)

    def start(self) -> tuple[Task, str | None] | None:
        """Take the next task that there is room for, with its device; None where there is none."""
        if len(self.running) >= self._n_workers or any(index in self._alone for index in self.running):
            return None
        seen: list[tuple[int, int]] = []
        found = None
        while self._ready and found is None and len(seen) < WINDOW:
            entry = heappop(self._ready)
            if self._fits(self._tasks[entry[1]]):
                found = self._tasks[entry[1]]
            else:
                seen.append(entry)
                if self._overtaken[entry[1]] >= PATIENCE:
                    break
        for entry in seen:
            heappush(self._ready, entry)
            self._overtaken[entry[1]] += found is not None
        return self._occupy(found) if found else None

    def _fits(self, task: Task) -> bool:
        if not self.running:
            return True
        if task.index in self._alone or (task.gpu and not self._gpus):
            return False
        used = sum(other.memory_bytes for other in self.running.values())
        return self._memory is None or used + task.memory_bytes <= self._memory

    def _occupy(self, task: Task) -> tuple[Task, str | None]:
        self.running[task.index] = task
        if task.gpu:
            self._devices[task.index] = self._gpus.pop(0)
        return task, self._devices.get(task.index)

    def _free(self, task: Task) -> None:
        self.running.pop(task.index, None)
        if device := self._devices.pop(task.index, None):
            self._gpus.append(device)

    def again(self, task: Task, *, alone: bool) -> None:
        """Put a running task back, maybe with other needs, so that it starts once more."""
        self._free(task)
        self._tasks[task.index] = task
        if alone:
            self._alone.add(task.index)
            self._overtaken[task.index] = PATIENCE  # it needs an empty machine, so the others must wait
        self._make_ready(task.index)

    def finish(self, outcome: Outcome) -> list[Outcome]:
        """Note how a task ended; return it and the tasks that are blocked by it."""
        self._free(outcome.task)
        ended = [outcome]
        for one in ended:  # grows while it is walked
            self.outcomes[one.task.index] = one
            for index in self._waiting[one.task.index]:
                ended += self._inform(index, one)
        return ended

    def _inform(self, index: int, ended: Outcome) -> list[Outcome]:
        task = self._tasks[index]
        self._waits_for[index].discard(ended.task.index)
        if index in self.outcomes:
            return []
        if ended.status != "done" and ended.task.index in task.depends_on:
            blocked = Outcome(task, "blocked", error=_blocked(task, ended), attempts=0)
            self.outcomes[index] = blocked
            return [blocked]
        if not self._waits_for[index]:
            self._make_ready(index)
        return []

    def abandon(self) -> list[Outcome]:
        """Give up what has not started; return one outcome each."""
        left = [index for index in self._tasks if index not in self.outcomes and index not in self.running]
        outcomes = [Outcome(self._tasks[index], "unstarted", attempts=0) for index in left]
        self.outcomes |= {outcome.task.index: outcome for outcome in outcomes}
        self._ready.clear()
        return outcomes


def _blocked(task: Task, cause: Outcome) -> dict[str, Any]:
    return {
        "code": "E-RUN-BLOCKED",
        "exit": (cause.error or {}).get("exit", 6),
        "where": task.id,
        "message": f"It needs {cause.task.id}, which {'failed' if cause.status == 'failed' else 'did not run'}.",
        "remedy": "Mend that one and run again.",
    }
