"""Carry tasks out on this machine: supervised workers, driven by events, and nothing that can hang or lie.

A worker that dies is exactly one failed task, and a fresh worker takes its place.
"""

from __future__ import annotations

import math
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .crew import Crew, leave
from .deaths import Death, cannot_start, error_of, lost_error, oom_kills, signal_name, timeout_error
from .stopping import Level, Stop
from .supervise import Worker
from .tasks import Outcome, Schedule, Task
from .worker import Order

START_S = 120.0  # the most that a new worker may need to get ready, where tasks have a time limit
GRACE_S = 10.0  # between SIGTERM and SIGKILL
STILLBORN = 3  # workers in a row that end before they are ready: then the command is at fault, not the task
NEARLY = 0.8  # of a limit
OnEvent = Callable[[dict[str, Any]], None]


def run_tasks(
    tasks: Sequence[Task],
    command: Sequence[str] | Crew,
    *,
    n_workers: int,
    memory_bytes: int | None = None,
    hold: bool = False,
    gpus: Sequence[str] = (),
    timeout_s: float | None = None,
    grace_s: float = GRACE_S,
    fail_fast: bool = False,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> dict[int, Outcome]:
    """Run every task in a worker and return how each ended, by index.

    Parameters
    ----------
    tasks : sequence of Task
        In the order in which they start where room and dependencies allow.
    command : sequence of str, or Crew
        The worker; started as ``command --pipe FD`` (see `neurocli.runners.worker.serve`). A crew outlives the call.
    n_workers : int
        How many processes, one core each.
    memory_bytes : int, optional
        What the estimates of running tasks may add up to.
    hold : bool
        Refuse a task more memory than was kept for it: its estimate, or an equal share where that is more; and at its
        last attempt all of `memory_bytes`.
    gpus : sequence of str
        Devices, one task each.
    timeout_s : float, optional
        The limit of a task that has none of its own: SIGTERM, and SIGKILL `grace_s` later.
    fail_fast : bool
        Start nothing more after the first failure.
    on_event : callable
        Is given each event of the ledger: ``started``, ``done``, ``failed``, ``blocked``, ``lost``, and ``progress`` as
        workers tell of it.
    stop : Stop, optional
        How to be stopped.

    Raises
    ------
    WorkerError
        If workers end before they can take any work (``E-RUN-START``).
    """
    ration = memory_bytes if hold else None
    if ration is not None:
        tasks = [replace(task, memory_bytes=max(task.memory_bytes, ration // max(1, n_workers))) for task in tasks]
    schedule = Schedule(tasks, max(1, n_workers), memory_bytes, gpus)
    with Stop() if stop is None else _kept(stop) as stop:
        crew = command if isinstance(command, Crew) else Crew(command)
        pool = _Pool(schedule, crew, timeout_s, grace_s, on_event or _ignore, stop, fail_fast=fail_fast, ration=ration)
        try:
            return pool.run()
        finally:
            pool.close()
            if crew is not command:
                crew.close(grace_s)


def _ran_out(answer: dict[str, Any]) -> bool:
    """Whether a task, or a unit of it that says so itself, wanted more memory than it got."""
    said = [answer, *(answer.get("result") or {}).get("events", [])]
    return any((one.get("error") or {}).get("code") == "E-RUN-MEMORY" for one in said)


def _ignore(event: dict[str, Any]) -> None:
    """Do without the events."""
    del event


class _kept:
    """A context that leaves somebody else's `Stop` open."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def __enter__(self) -> Stop:
        return self._stop

    def __exit__(self, *_: object) -> None:
        pass


class _Job:
    """A task in a worker."""

    def __init__(self, task: Task, worker: Worker, limit_s: float | None) -> None:
        self.task, self.worker, self.limit_s = task, worker, limit_s
        self.deadline: float | None = None
        self.overdue = False
        self.begin(0.0 if worker.ready else START_S)

    def begin(self, before_s: float = 0.0) -> None:
        """Let the time of the task run from now on; what a new worker needs to get ready is not the task's."""
        self.worker.started = time.monotonic()
        self.deadline = None if self.limit_s is None else self.worker.started + before_s + self.limit_s

    @property
    def wall_s(self) -> float:
        return time.monotonic() - self.worker.started


class _Pool:
    def __init__(
        self,
        schedule: Schedule,
        crew: Crew,
        timeout_s: float | None,
        grace_s: float,
        on_event: OnEvent,
        stop: Stop,
        *,
        fail_fast: bool,
        ration: int | None,
    ) -> None:
        self._ration = ration
        self._schedule, self._crew, self._timeout_s, self._grace_s = schedule, crew, timeout_s, grace_s
        self._on_event, self._stop, self._fail_fast = on_event, stop, fail_fast
        self._selector = selectors.DefaultSelector()
        self._selector.register(stop, selectors.EVENT_READ, None)
        self._idle: list[Worker] = []
        self._jobs: dict[Worker, _Job] = {}
        self._workers: set[Worker] = set()
        self._attempts: dict[int, int] = {}
        self._level = Level.GO
        self._kill_at: float | None = None
        self._stillborn, self._oom_kills = 0, oom_kills()

    def run(self) -> dict[int, Outcome]:
        while True:
            self._obey()
            self._fill()
            if not self._jobs:
                break
            self._wait()
        self._schedule.abandon()
        return self._schedule.outcomes

    # starting

    def _fill(self) -> None:
        while self._level == Level.GO and (found := self._schedule.start()):
            task, device = found
            worker = self._idle.pop() if self._idle else self._hire()
            self._attempts[task.index] = self._attempts.get(task.index, 0) + 1
            self._on_event({"event": "started", "unit": task.id, "index": task.index, "worker": worker.pid})
            limit = task.timeout_s if task.timeout_s is not None else self._timeout_s
            worker.give(Order(task.index, device, self._share(task)))
            self._jobs[worker] = _Job(task, worker, limit)

    def _share(self, task: Task) -> int | None:
        """Return how much memory a task may take at this attempt."""
        if self._ration is None or task.gpu:  # drivers of GPUs reserve more than they use
            return None
        is_last = self._attempts[task.index] > task.n_retries
        return self._ration if is_last else min(task.memory_bytes, self._ration)

    def _hire(self) -> Worker:
        worker = self._crew.take()
        self._workers.add(worker)
        self._crew.watch(list(self._workers))
        self._selector.register(worker.pipe, selectors.EVENT_READ, worker)
        self._selector.register(worker.end, selectors.EVENT_READ, worker)
        return worker

    # waiting

    def _wait(self) -> None:
        times = [job.deadline for job in self._jobs.values() if job.deadline is not None]
        times += [self._kill_at] if self._kill_at is not None else []
        timeout = max(0.0, min(times) - time.monotonic()) if times else None
        ready: dict[Worker, bool] = {}
        for key, _ in self._selector.select(timeout):
            worker = key.data
            if worker is not None:
                ready[worker] = ready.get(worker, False) or key.fd == worker.end
        for worker, is_dead in ready.items():
            self._listen(worker)
            if is_dead:
                self._mourn(worker)
        self._enforce()

    def _listen(self, worker: Worker) -> None:
        for answer in worker.answers():
            if not worker.ready:
                worker.ready, self._stillborn = True, 0
                if worker in self._jobs:
                    self._jobs[worker].begin()
            if "event" in answer:
                self._on_event(answer["event"])
            if answer.get("index") is not None and worker in self._jobs:
                self._answered(self._jobs.pop(worker), answer)
                self._idle.append(worker)
        if worker.is_silent and worker.pipe in self._selector.get_map():
            self._selector.unregister(worker.pipe)

    def _answered(self, job: _Job, answer: dict[str, Any]) -> None:
        ok, error = bool(answer.get("ok")), answer.get("error")
        if not ok and job.overdue:
            error = timeout_error(job.task.id, job.limit_s or 0.0)
        stopped = self._level >= Level.TERMINATE
        outcome = Outcome(
            job.task,
            "done" if ok else "lost" if stopped else "failed",
            result=answer.get("result") or {},
            error=error,
            wall_s=float(answer.get("wall_s", job.wall_s)),
            cpu_s=float(answer.get("cpu_s", 0.0)),
            peak_rss_bytes=int(answer.get("peak_rss_bytes", 0)),
        )
        self._settle(outcome, memory=_ran_out(answer))

    # ends

    def _mourn(self, worker: Worker) -> None:
        for descriptor in (worker.pipe, worker.end):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        job = self._jobs.pop(worker, None)
        death = worker.bury()
        self._crew.watch(list(self._workers))
        if job is not None:
            self._died(job, death)

    def _died(self, job: _Job, death: Death) -> None:
        if not job.worker.ready and not job.overdue and self._level < Level.TERMINATE:
            return self._died_unborn(job, death)
        name, kills = signal_name(death.status), oom_kills()
        starved, self._oom_kills = kills > self._oom_kills, kills
        wall_s, unit, status = job.wall_s, job.task.id, "failed"
        if self._level >= Level.TERMINATE:
            error, status = lost_error(unit), "lost"
        elif job.overdue:
            error = timeout_error(unit, job.limit_s or 0.0)
        else:
            error = error_of(job.task, death, wall_s, out_of_memory=starved)
        peak = death.peak_rss_bytes
        outcome = Outcome(job.task, status, error=error, signal=name, wall_s=wall_s, peak_rss_bytes=peak)
        starving = peak > NEARLY * (self._share(job.task) or math.inf)  # native code crashes when it is refused memory
        return self._settle(outcome, memory=(name == "SIGKILL" or starving) and not job.overdue)

    def _died_unborn(self, job: _Job, death: Death) -> None:
        self._stillborn += 1
        if self._stillborn >= STILLBORN:
            raise cannot_start(" ".join(self._crew.command), death.last_words)
        self._schedule.again(job.task, alone=False)

    def _settle(self, outcome: Outcome, *, memory: bool) -> None:
        task, attempts = outcome.task, self._attempts[outcome.task.index]
        outcome = replace(outcome, attempts=attempts)
        if outcome.status != "lost" and memory and attempts <= task.n_retries and self._level == Level.GO:
            self._on_event(outcome.event() | {"event": "retried"})
            more = replace(task, memory_bytes=max(2 * task.memory_bytes, 3 * outcome.peak_rss_bytes // 2))
            return self._schedule.again(more, alone=attempts == task.n_retries)
        for each in self._schedule.finish(outcome):
            self._on_event(each.event())
        if outcome.status == "failed" and self._fail_fast:
            self._level = max(self._level, Level.FINISH)
        return None

    # stopping

    def _obey(self) -> None:
        wish = self._stop.seen()
        if wish <= self._level:
            return
        self._level = wish
        if wish == Level.FINISH and self._jobs:
            self._on_event({"event": "stopping", "running": len(self._jobs)})
        if wish >= Level.TERMINATE:
            self._signal_all(signal.SIGKILL if wish == Level.KILL else signal.SIGTERM)
            self._kill_at = time.monotonic() + self._grace_s

    def _signal_all(self, number: int) -> None:
        for worker in self._jobs:
            worker.signal(number)

    def _enforce(self) -> None:
        now = time.monotonic()
        if self._kill_at is not None and now >= self._kill_at:
            self._signal_all(signal.SIGKILL)
            self._kill_at = None
        for job in self._jobs.values():
            if job.deadline is not None and now >= job.deadline:
                job.worker.signal(signal.SIGKILL if job.overdue else signal.SIGTERM)
                job.deadline = None if job.overdue else now + self._grace_s
                job.overdue = True

    def close(self) -> None:
        """Give idle workers back to the crew, and end those that still have a task."""
        self._selector.close()
        deadline = time.monotonic() + self._grace_s
        for worker in self._workers:
            if worker in self._jobs:
                worker.signal(signal.SIGKILL)
                leave(worker, deadline)
            else:
                self._crew.give_back(worker)
        self._workers.clear()
