"""Against a real SLURM: every way a job can end is one failed or requeued unit, and the others finish."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from neurocli.pipelines.manifest import Context
from neurocli.pipelines.request import Request
from neurocli.pipelines.units import Task, Unit
from neurocli.runners import slurm, slurm_run
from neurocli.runners.detached import Detached

pytestmark = [pytest.mark.slow, pytest.mark.slurm]
WORKER = Path(__file__).with_name("slurm_worker.py")


UP = Path(__file__).resolve().parents[3] / "shared" / "slurm" / "slurm-up.sh"


def answers() -> bool:
    return bool(shutil.which("sinfo")) and not subprocess.run(["sinfo"], capture_output=True, check=False).returncode


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Use the SLURM that answers, or start one on this machine and end it afterwards."""
    if answers():
        yield
        return
    if not (UP.exists() and shutil.which("slurmctld") and os.getuid() == 0):
        pytest.skip("no SLURM answers on this machine, and none can be started")
    found = subprocess.run(["bash", str(UP)], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"SLURM does not start here: {found.stderr[-300:]}")
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = found.stdout.strip().rpartition("=")[2]
    yield
    subprocess.run(["bash", str(UP.with_name("slurm-down.sh")), "--clean"], capture_output=True, check=False)
    os.environ.pop("SLURM_CONF") if before is None else os.environ.update(SLURM_CONF=before)


@pytest.fixture(autouse=True)
def _quick(cluster, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("PYTHONPATH", str(WORKER.parents[2]))
    monkeypatch.setattr(slurm_run, "POLL_S", (0.5, 2.0))
    monkeypatch.setattr(slurm_run, "PATIENCE_S", 1.0)


class Submission(slurm_run.Submission):
    """Submits the stand-in worker, `per_element` tasks an element."""

    per_element = 1

    def array(self, path, first, tasks):
        ours = super().array(path, first, tasks)
        groups = range(first, first + len(tasks), self.per_element)
        ends = tuple((start, min(start + self.per_element, first + len(tasks)) - 1) for start in groups)
        command = (sys.executable, str(WORKER), "--manifest", str(path))
        return slurm.Array(ours.name, command, ends, ours.logs, ours.limit_s, ours.mem_gb)


def task(name: str, do: str) -> Task:
    key = blake2b(name.encode(), digest_size=32).hexdigest()
    return Task(name, (Unit(name, "preprocess", key, {}, spec={"do": do}),))


@pytest.fixture
def submission(tmp_path):
    def make(per_element=1, **more) -> Submission:
        out = tmp_path / "out"
        request = Request("test", tmp_path, out, executor="slurm", **more)
        context = Context("run-1", "test", str(tmp_path), str(out), str(tmp_path / "store"))
        made = Submission(request, context, lambda event: reports.append(event))
        made.per_element = per_element
        return made

    reports: list[dict[str, object]] = []
    yield make
    jobs = [event["job"] for event in reports if event["event"] == "submitted"]
    subprocess.run(["scancel", *jobs], check=False, capture_output=True)


def counted(monkeypatch) -> list[list[str]]:
    calls, call = [], slurm._call

    def counting(command):
        calls.append(command)
        return call(command)

    monkeypatch.setattr(slurm, "_call", counting)
    return calls


def states(events) -> dict[str, str]:
    return {event["unit"]: event["event"] for event in events}


def test_200_units_finish_with_one_question_a_poll(submission, monkeypatch):
    calls, pauses = counted(monkeypatch), []
    pause = slurm_run.Submission._pause
    monkeypatch.setattr(slurm_run.Submission, "_pause", lambda *a: (pauses.append(a[1]), pause(*a))[1])
    events = submission(per_element=10).carry([task(f"u{i}", "ok") for i in range(200)])
    assert states(events) == {f"u{i}": "done" for i in range(200)}
    questions = [call for call in calls if call[0] == "squeue"]
    assert len(questions) == len(pauses) + 1
    assert len([call for call in calls if call[0] == "sbatch"]) == 1


def test_every_bad_end_is_one_failed_unit_and_the_others_of_its_job_go_on(submission):
    tasks = [task("a", "ok"), task("killed", "kill"), task("c", "ok"), task("fails", "fail"), task("e", "ok")]
    events = submission(per_element=5).carry(tasks)
    assert states(events) == {"a": "done", "killed": "failed", "c": "done", "fails": "failed", "e": "done"}
    errors = {event["unit"]: event["error"]["code"] for event in events if event["event"] == "failed"}
    assert errors == {"killed": "E-SLURM-LOST", "fails": "E-INPUT"}


def test_memory_over_the_limit_fails_that_unit(submission):
    events = submission(mem_gb=0.2).carry([task("hog", "hog"), task("b", "ok")])
    assert states(events) == {"hog": "failed", "b": "done"}
    error = next(event["error"] for event in events if event["event"] == "failed")
    assert (error["code"], error["exit"]) == ("E-RUN-KILLED", 8), error


def test_requeued_and_preempted_units_finish(submission):
    events = submission().carry([task("requeued", "requeue"), task("preempted", "preempt"), task("c", "ok")])
    assert set(states(events).values()) == {"done"}


def eventually(condition, seconds=60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def test_a_cancelled_job_fails_and_the_others_finish(submission, tmp_path):
    def cancel():
        assert eventually(lambda: any(e.state == "RUNNING" and name.endswith("_0") for name, e in queue()))
        subprocess.run(["scancel", next(name for name, _ in queue() if name.endswith("_0"))], check=True)

    def queue():
        ours = {path.stem for path in (tmp_path / "out" / ".neurocli" / "slurm").glob("*.json")}
        return [(name, e) for name, e in (slurm.queue() or {}).items() if name.partition("_")[0] in ours]

    canceller = threading.Thread(target=cancel)
    canceller.start()
    events = submission().carry([task("cancelled", "sleep"), task("b", "ok"), task("c", "ok")])
    canceller.join()
    assert states(events) == {"cancelled": "failed", "b": "done", "c": "done"}


def test_a_second_submitter_adopts_the_jobs_of_one_that_was_killed(submission, monkeypatch):
    tasks = [task(f"u{i}", "ok") for i in range(6)]
    dead = submission(per_element=2)
    pid = os.fork()
    if not pid:
        monkeypatch.setattr(slurm_run.Submission, "_wait", lambda *_: os._exit(0))
        dead.carry(tasks)
    os.waitpid(pid, 0)
    calls = counted(monkeypatch)
    events = submission(per_element=2).carry(tasks)
    n_new = sum(event.get("how") == "executed" for event in events)
    assert n_new == len(events) == 6
    assert len([call for call in calls if call[0] == "sbatch"]) <= 1, "only what had ended before is asked for again"


def has_left(jobs) -> bool:
    live = slurm.queue()
    return live is not None and not any(name.partition("_")[0] in jobs for name in live)


def test_detached_the_next_link_takes_what_ended_and_submits_nothing_twice(submission, monkeypatch):
    monkeypatch.setattr(slurm, "follow_text", lambda *_: "#!/bin/bash\n#SBATCH --output=/dev/null\ntrue\n")
    monkeypatch.delenv(slurm_run.SESSION, raising=False)
    monkeypatch.setenv(slurm_run.SESSION, "inf")
    tasks = [task("a", "ok"), task("bad", "fail"), task("killed", "kill")]
    with pytest.raises(Detached) as caught:
        submission(detach=True).carry(tasks)
    assert len(caught.value.jobs) == 2
    assert eventually(lambda: has_left(caught.value.jobs))
    calls = counted(monkeypatch)
    events = submission(detach=True).carry(tasks)
    assert states(events) == {"a": "done", "bad": "failed", "killed": "failed"}
    assert not [call for call in calls if call[0] == "sbatch"]
