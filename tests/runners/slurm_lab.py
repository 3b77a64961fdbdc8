"""Submissions of a stand-in worker to a real SLURM."""

from __future__ import annotations

import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path

from neurocli.pipelines.manifest import Context
from neurocli.pipelines.request import Request
from neurocli.pipelines.units import Task, Unit
from neurocli.runners import slurm, slurm_run

WORKER = Path(__file__).with_name("slurm_worker.py")


class Submission(slurm_run.Submission):
    """Submits the stand-in worker, `per_element` tasks an element; None for as many as the product would."""

    per_element: int | None = 1

    def array(self, path, first, tasks):
        ours = super().array(path, first, tasks)
        command = (sys.executable, str(WORKER), "--manifest", str(path))
        if self.per_element is None:
            ends = ours.ranges
        else:
            groups = range(first, first + len(tasks), self.per_element)
            ends = tuple((start, min(start + self.per_element, first + len(tasks)) - 1) for start in groups)
        return slurm.Array(ours.name, command, ends, ours.logs, ours.limit_s, ours.mem_gb)


def submission_of(folder: Path, report, per_element: int | None = 1, **more) -> Submission:
    """Return a submission whose output folder is ``folder/out``; `more` is what a person asks for."""
    out = folder / "out"
    request = Request("test", folder, out, executor="slurm", **{"mem_gb": 0.5, **more})
    made = Submission(request, Context("run-1", "test", str(folder), str(out), str(folder / "store")), report)
    made.per_element = per_element
    return made


def task(name: str, do: str) -> Task:
    key = blake2b(name.encode(), digest_size=32).hexdigest()
    return Task(name, (Unit(name, "preprocess", key, {}, spec={"do": do}),))


def states(events) -> dict[str, str]:
    return {event["unit"]: event["event"] for event in events}


def errors(events) -> dict[str, tuple[str, int]]:
    return {e["unit"]: (e["error"]["code"], e["error"]["exit"]) for e in events if e["event"] == "failed"}


def eventually(condition, seconds=60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def running(out: Path, index: int) -> list[str]:
    """Return the elements of that index, of the jobs of an output folder, that run now."""
    ours = {path.stem for path in (out / ".neurocli" / "slurm").glob("*.json")}
    answer = subprocess.run(["squeue", "-h", "-r", "-o", "%i|%T|%r"], capture_output=True, text=True, check=True)
    live = slurm.parse_queue(answer.stdout).items()  # not `slurm.queue`, whose calls are counted
    return [name for name, e in live if e.state == "RUNNING" and name.split("_") in [[job, str(index)] for job in ours]]
