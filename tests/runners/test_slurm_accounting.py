"""Against a real SLURM with accounting: sacct tells how jobs ended, and costs no more questions than needed."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator

import pytest

from neurocli.runners import slurm, slurm_run

from .clusters import started
from .slurm_lab import errors, eventually, running, states, task

pytestmark = [pytest.mark.slow, pytest.mark.slurm]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[None]:
    """Start a SLURM with accounting."""
    with started(tmp_path_factory.mktemp("slurm"), accounting=True):
        yield


@pytest.mark.usefixtures("cluster", "quick")
def test_accounting_tells_how_every_job_ended(submission, calls, monkeypatch, tmp_path):
    """Time, memory, scancel, a crash and a requeue in one array, in which everything else finishes."""
    pauses, pause = [], slurm_run.Submission._pause
    monkeypatch.setattr(slurm_run.Submission, "_pause", lambda *a: (pauses.append(a[1]), pause(*a))[1])

    def cancel():
        assert eventually(lambda: running(tmp_path / "out", 1))
        subprocess.run(["scancel", *running(tmp_path / "out", 1)], check=True)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    bad = {"endless": "stubborn", "cancelled": "stubborn", "hog": "hog 4000", "killed": "kill"}
    good = {"requeued": "requeue", "preempted": "preempt", "a": "ok", "b": "ok"}
    events = submission(mem_gb=0.2, slurm_args=("--time=1",)).carry([task(*pair) for pair in (bad | good).items()])
    canceller.join()
    assert states(events) == dict.fromkeys(bad, "failed") | dict.fromkeys(good, "done")
    assert errors(events) == {
        "endless": ("E-RUN-TIMEOUT", 8),
        "cancelled": ("E-SLURM-LOST", 9),
        "hog": ("E-RUN-KILLED", 8),
        "killed": ("E-SLURM-LOST", 9),
    }
    job = next(str(event["job"]) for event in submission.reports if event["event"] == "submitted")
    told = slurm.accounting([job])
    assert [told[f"{job}_{i}"] for i in (0, 1, 6, 7)] == ["TIMEOUT", "CANCELLED", "COMPLETED", "COMPLETED"]
    asked = [call[0] for call in calls]
    assert asked.count("squeue") == len(pauses) + 1
    assert asked.count("sacct") <= len(bad) + 1
