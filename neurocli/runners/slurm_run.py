"""Carry tasks out as SLURM arrays: submit what nobody computes yet, wait with one question a poll, trust the ledger."""

from __future__ import annotations

import os
import select
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

from ..errors import TemporaryError
from ..pipelines import manifest
from ..pipelines.manifest import Context
from ..pipelines.request import Request
from ..pipelines.units import Task
from ..store import ledger
from ..store._files import write_whole
from . import needs, provenance, slurm
from .detached import Detached
from .run import Carry, Report
from .slurm_jobs import Event, Jobs, Place, ending_of, error_of
from .stopping import Stop
from .workers import run_folder, worker_command

POLL_S = (1.0, 30.0)  # the first pause between two questions, and the longest
PATIENCE_S = 5.0  # how long a network file system may take to show the last line of a ledger
MAX_SILENCE = 20  # questions without an answer, after which we give up
SESSION = "NEUROCLI_SLURM_SESSION"  # when the chain of jobs began of which this process is a link


@contextmanager
def carrier(request: Request) -> Iterator[Carry]:
    """Yield a function that carries tasks out on a cluster."""

    def carry(context: Context, waiting: Sequence[Task], report: Report) -> list[Event]:
        return Submission(request, context, report).carry(waiting)

    yield carry


class Submission:
    """One phase of a run: its tasks, the jobs that compute them, and what became of them."""

    def __init__(self, request: Request, context: Context, report: Report) -> None:
        self.request, self.context, self.report = request, context, report
        self.jobs = Jobs(Path(context.out))
        self.folder = run_folder(context)
        self.since = float(os.environ.get(SESSION, "inf"))
        self.places: dict[str, Place] = {}
        self.events: list[Event] = []
        self.more_gb: dict[str, float] = {}  # of tasks that ran out of memory and are tried again
        self.n_tries: Counter[str] = Counter()

    def carry(self, waiting: Sequence[Task]) -> list[Event]:
        """Submit, wait and return the final events of all units."""
        provenance.write(self.folder, self.context.describe or {}, self.request)
        with self.jobs.submitting():
            left = self._place(waiting)
            if left:
                self._submit(left)
        if self.request.detach and self.places:
            raise self._leave_behind()
        pending = [task for task in waiting if task.id in self.places]
        with Stop() as stop:
            self._wait(pending, stop)
        return self.events

    # submitting

    def _place(self, waiting: Sequence[Task]) -> list[Task]:
        """Find the tasks that a job of ours still computes, or that this chain of jobs has tried; return the rest."""
        known, left, guilty = self.jobs.known(), list[Task](), set[str]()
        live = self._live() if known and not self.request.dry_run else {}
        endings = self.jobs.endings() if self.since < float("inf") else {}
        for task in waiting:
            place, ended = known.get(task.units[-1].key), ending_of(task, endings, self.since)
            if place and place.element in live:
                self.places[task.id] = place
            elif ended:
                self._end(ended)
            elif place and place.time >= self.since and place.element not in guilty:
                guilty.add(place.element)  # of a group, the first without an end is where its job ended
                self._lost(task, place, slurm.state_in_log(self.jobs.last_words(place)))
            else:
                left.append(task)
        return left

    def _submit(self, tasks: Sequence[Task]) -> None:
        path = self.folder / "tasks.jsonl"
        first = manifest.append(path, self.context, tasks)
        array = self.array(path, first, tasks)
        batch = self.folder / f"array-{first}.sh"
        write_whole(batch, slurm.batch_text(array).encode())
        if self.request.dry_run:
            raise Detached(f"Nothing was submitted; `sbatch {shlex.quote(str(batch))}` would.", [batch])
        job = slurm.submit(batch, self.request.slurm_args)
        elements = [tasks[start - first : last - first + 1] for start, last in array.ranges]
        places = self.jobs.note(job, elements, array.mem_gb)
        self.places |= {task.id: places[task.units[-1].key] for task in tasks}
        self.report({"event": "submitted", "job": job, "tasks": len(tasks), "elements": len(elements)})

    def array(self, path: Path, first: int, tasks: Sequence[Task]) -> slurm.Array:
        """Return the array that computes tasks of a manifest, short ones grouped."""
        stage = tasks[0].units[-1].stage
        estimates = needs.Estimates(self.context)
        found = [estimates.of(task) for task in tasks]
        walls = [need.wall_s for need in found if need.wall_s is not None]
        return slurm.Array(
            name=f"neurocli-{self.context.pipeline}-{stage}".replace(" ", "_"),
            command=tuple(worker_command(path)),
            ranges=slurm.ranges(first, len(tasks), fmean(walls) if walls else None),
            logs=self.jobs.folder,
            limit_s=self.request.time_limit,
            mem_gb=max(self._mem_gb(task, need) for task, need in zip(tasks, found, strict=True)),
            gpu=any(need.gpu for need in found),
        )

    def _mem_gb(self, task: Task, need: needs.Needs) -> float:
        given = self.request.mem_gb or need.memory_bytes / 1e9
        return max(given, self.more_gb.get(task.id, 0.0))

    def _leave_behind(self) -> Detached:
        """Submit the short job that goes on when these have ended, whichever way."""
        session = min(self.since, time.time() - 1.0)
        command = [sys.executable, "-m", "neurocli", "attach", "-o", self.context.out, "--detach"]
        batch = self.folder / "follow.sh"
        text = slurm.follow_text(f"neurocli-{self.context.pipeline}-next", command, self.jobs.folder)
        write_whole(batch, text.encode())
        after = sorted({place.job for place in self.places.values()})
        os.environ[SESSION] = repr(session)  # sbatch hands it to the job
        follower = slurm.submit(batch, after=after)
        jobs, out = [*after, follower], shlex.quote(self.context.out)
        message = f"Submitted as {', '.join(jobs)}; follow them with `neurocli attach -o {out}` or `neurocli status`."
        return Detached(message, [batch], jobs)

    # waiting

    def _wait(self, pending: list[Task], stop: Stop) -> None:
        pause, silence, gone = POLL_S[0], 0, dict[str, float]()
        while pending:
            n_before = len(pending)
            live = slurm.queue()
            silence = silence + 1 if live is None else 0
            if silence >= MAX_SILENCE:
                raise slurm.busy("squeue failed too often")
            pending = self._gather(pending)
            if live is not None:
                pending = self._mourn(pending, live, gone)
            if pending:
                pause = POLL_S[0] if len(pending) < n_before or gone else min(1.5 * pause, POLL_S[1])
                self._pause(pause, stop)

    def _pause(self, seconds: float, stop: Stop) -> None:
        select.select([stop], [], [], seconds)
        if not stop.seen():
            return
        jobs = " ".join(sorted({place.job for place in self.places.values()}))
        remedy = f"The jobs go on: `neurocli attach -o {self.context.out}` waits for them, `scancel {jobs}` ends them."
        error = TemporaryError("We were asked to stop waiting.", code="E-SLURM-LEFT", remedy=remedy)
        error.exit_status = stop.exit_status
        raise error

    def _gather(self, pending: list[Task]) -> list[Task]:
        """Take the tasks whose units have all ended, in the words of the ledger; return the others."""
        endings, left, hungry = self.jobs.endings(), list[Task](), list[Task]()
        for task in pending:
            events = ending_of(task, endings, self.places[task.id].time)
            if not events:
                left.append(task)
            elif any(e.get("error", {}).get("code") == "E-RUN-MEMORY" for e in events) and self._may_have_more(task):
                hungry.append(task)
            else:
                self._end(events)
        self._resubmit(hungry)
        return left + hungry

    def _may_have_more(self, task: Task) -> bool:
        """Whether a task that ran out of memory is tried again; then it gets twice as much."""
        self.n_tries[task.id] += 1
        self.more_gb[task.id] = 2 * (self.places[task.id].mem_gb or 1.0)
        return self.n_tries[task.id] <= self.request.retries

    def _resubmit(self, tasks: Sequence[Task]) -> None:
        if tasks:
            with self.jobs.submitting():
                self._submit(tasks)

    def _mourn(self, pending: list[Task], live: dict[str, slurm.Element], gone: dict[str, float]) -> list[Task]:
        """Give up tasks whose job has left the queue, or never starts, without a word in the ledger."""
        dead = {task.id for task in pending if not _runs(live.get(self.places[task.id].element))}
        now = time.monotonic()
        for name in [*gone.keys() - dead]:
            del gone[name]  # it was requeued, or ended with a word
        overdue = [task for task in pending if task.id in dead and now - gone.setdefault(task.id, now) >= PATIENCE_S]
        if not overdue:
            return pending
        slurm.cancel([self.places[t.id].element for t in overdue if self.places[t.id].element in live])
        again = self._judge(overdue)
        for task in overdue:
            del gone[task.id]
        self._resubmit(again)
        return [task for task in pending if task not in overdue or task in again]

    def _judge(self, overdue: Sequence[Task]) -> list[Task]:
        """Fail the tasks at which jobs ended, and all of those that a person cancelled; return what is to run again."""
        states = slurm.accounting([self.places[task.id].job for task in overdue])
        again, guilty = list[Task](), set[str]()
        for task in overdue:
            place = self.places[task.id]
            state = states.get(place.element, "FAILED")
            if state == "FAILED":  # without cgroups, accounting says this of a job that took too much memory
                state = slurm.state_in_log(self.jobs.last_words(place))
            if place.element in guilty and state != "CANCELLED":
                again.append(task)  # it never began
                continue
            guilty.add(place.element)
            if state == "OUT_OF_MEMORY" and self._may_have_more(task):
                again.append(task)
            else:
                self._lost(task, place, state)
        return again

    def _live(self) -> dict[str, slurm.Element]:
        live = slurm.queue()
        if live is None:
            raise slurm.busy("squeue failed")
        return live

    # ends

    def _end(self, events: list[Event]) -> None:
        self.events += events
        for event in events:
            self.report(event)

    def _lost(self, task: Task, place: Place, state: str) -> None:
        words = self.jobs.last_words(place)
        error = error_of(task, place, state, words)
        endings = self.jobs.endings()
        events = []
        for unit in task.units:
            said = endings.get((unit.id, unit.key))
            if said and said["time"] >= place.time:
                events.append(said)
                continue
            event = {"event": "failed", "unit": unit.id, "key": unit.key, "stage": unit.stage, "error": error}
            events.append({**event, "run": self.context.run, "time": time.time()})
            ledger.Ledger(Path(self.context.out) / ".neurocli" / "ledger").append(events[-1])
            break  # what follows it in the task never began
        self._end(events)


def _runs(element: slurm.Element | None) -> bool:
    return element is not None and not element.is_dead
