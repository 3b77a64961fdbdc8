"""Against a real SLURM: every way a job can end is one failed or requeued unit, and the others finish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurocli.runners import slurm, slurm_run
from neurocli.runners.detached import Detached
from neurocli.store.ledger import Ledger, read

from .clusters import started
from .slurm_lab import errors, eventually, running, states, task

pytestmark = [pytest.mark.slow, pytest.mark.slurm]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[None]:
    """Start a SLURM without accounting."""
    with started(tmp_path_factory.mktemp("slurm")):
        yield


@pytest.fixture(autouse=True)
def _ready(cluster, quick):
    """Have a SLURM, and little patience."""


def test_200_short_units_are_grouped_and_finish_with_one_question_a_poll(submission, calls, monkeypatch, tmp_path):
    pauses, pause = [], slurm_run.Submission._pause
    monkeypatch.setattr(slurm_run.Submission, "_pause", lambda *a: (pauses.append(a[1]), pause(*a))[1])
    before = {"event": "done", "how": "executed", "what": "preprocess:", "wall_s": 1.0, "unit": "earlier"}
    Ledger(tmp_path / "out" / ".neurocli" / "ledger").append(before)
    events = submission(per_element=None).carry([task(f"u{i}", f"write {i * i}") for i in range(200)])
    assert states(events) == {f"u{i}": "done" for i in range(200)}
    assert {path.name: int(path.read_text()) for path in (tmp_path / "out").glob("u*")} == {
        f"u{i}": i * i for i in range(200)
    }
    assert [event["elements"] for event in submission.reports if event["event"] == "submitted"] == [slurm.MIN_ELEMENTS]
    assert len([call for call in calls if call[0] == "squeue"]) == len(pauses) + 1
    assert len([call for call in calls if call[0] == "sbatch"]) == 1


def test_every_bad_end_is_one_failed_unit_and_the_others_of_its_job_go_on(submission):
    tasks = [task("a", "ok"), task("killed", "kill"), task("c", "ok"), task("fails", "fail"), task("e", "ok")]
    events = submission(per_element=5).carry(tasks)
    assert states(events) == {"a": "done", "killed": "failed", "c": "done", "fails": "failed", "e": "done"}
    assert errors(events) == {"killed": ("E-SLURM-LOST", 9), "fails": ("E-INPUT", 4)}


def test_memory_over_the_limit_fails_that_unit(submission):
    events = submission(mem_gb=0.2).carry([task("hog", "hog 4000"), task("b", "ok")])
    assert states(events) == {"hog": "failed", "b": "done"}
    assert errors(events) == {"hog": ("E-RUN-KILLED", 8)}, events
    error = next(event["error"] for event in events if event["event"] == "failed")
    assert "--mem-gb 1" in error["remedy"]


def test_a_unit_killed_for_memory_succeeds_with_twice_as_much(submission):
    """What SLURM counts is polled each second, so the unit holds what it has taken for a while."""
    events = submission(mem_gb=0.2, retries=1).carry([task("hungry", "hog 250"), task("b", "ok")])
    assert states(events) == {"hungry": "done", "b": "done"}
    asked = [path.read_text() for path in sorted(submission(1).folder.glob("array-*.sh"))]
    assert ["--mem=200M" in asked[0], "--mem=400M" in asked[1], len(asked)] == [True, True, 2]


def test_slurm_ends_a_job_at_its_own_time_limit_and_the_others_finish(submission):
    """A minute is the least that SLURM knows; the unit does not heed the notice that comes before."""
    tasks = [task("endless", "stubborn"), *[task(f"u{i}", "ok") for i in range(3)]]
    events = submission(slurm_args=("--time=1",)).carry(tasks)
    assert states(events) == {"endless": "failed", "u0": "done", "u1": "done", "u2": "done"}
    assert errors(events) == {"endless": ("E-RUN-TIMEOUT", 8)}, events


def test_requeued_and_preempted_units_finish(submission):
    events = submission().carry([task("requeued", "requeue"), task("preempted", "preempt"), task("c", "ok")])
    assert set(states(events).values()) == {"done"}


@pytest.mark.parametrize("manner", ["sleep", "stubborn"])
def test_a_cancelled_job_fails_and_the_others_finish(submission, tmp_path, manner):
    """It is not put back into the queue, even if it takes the end for a wish to leave at its last checkpoint."""

    def cancel():
        assert eventually(lambda: running(tmp_path / "out", 0))
        subprocess.run(["scancel", *running(tmp_path / "out", 0)], check=True)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    events = submission().carry([task("cancelled", manner), task("b", "ok"), task("c", "ok")])
    canceller.join()
    assert states(events) == {"cancelled": "failed", "b": "done", "c": "done"}
    assert errors(events) == {"cancelled": ("E-SLURM-LOST", 9)}


SUBMITTER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from slurm_lab import submission_of, task
submission_of(Path(sys.argv[2]), print, 2).carry([task(f"u{i}", "wait 3" if i < 2 else "ok") for i in range(6)])
"""


def test_a_second_submitter_adopts_the_jobs_of_one_that_was_killed(submission, calls, tmp_path):
    tasks = [task(f"u{i}", "wait 3" if i < 2 else "ok") for i in range(6)]
    command = [sys.executable, "-c", SUBMITTER, str(Path(__file__).parent), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert "submitted" in first.stdout.readline()
        first.send_signal(signal.SIGKILL)
    events = submission(per_element=2).carry(tasks)
    assert states(events) == {f"u{i}": "done" for i in range(6)}
    assert len([call for call in calls if call[0] == "sbatch"]) <= 1, "only what had ended before is asked for again"
    began = [e["unit"] for e in read(tmp_path / "out" / ".neurocli" / "ledger") if e["event"] == "started"]
    assert began.count("u0") == began.count("u1") == 1, "what was running went on, and was not started twice"


def has_left(jobs) -> bool:
    live = slurm.queue()
    return live is not None and not any(name.partition("_")[0] in jobs for name in live)


def test_detached_the_next_link_takes_what_ended_and_submits_nothing_twice(submission, calls, monkeypatch):
    monkeypatch.setattr(slurm, "follow_text", lambda *_: "#!/bin/bash\n#SBATCH --output=/dev/null\ntrue\n")
    monkeypatch.setenv(slurm_run.SESSION, "inf")
    tasks = [task("a", "ok"), task("bad", "fail"), task("killed", "kill")]
    with pytest.raises(Detached) as caught:
        submission(detach=True).carry(tasks)
    assert len(caught.value.jobs) == 2
    assert eventually(lambda: has_left(caught.value.jobs))
    calls.clear()
    events = submission(detach=True).carry(tasks)
    assert states(events) == {"a": "done", "bad": "failed", "killed": "failed"}
    assert not [call for call in calls if call[0] == "sbatch"]
    assert os.environ[slurm_run.SESSION] != "inf"
