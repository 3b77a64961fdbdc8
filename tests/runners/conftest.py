"""A runner over the fake worker, and submissions to a real SLURM."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from neurocli.runners import slurm, slurm_run
from neurocli.runners.local import run_tasks
from neurocli.runners.tasks import Task

WORKER = Path(__file__).with_name("fake_worker.py")


class Runner:
    """Runs rows of the table; keeps the events."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.events = folder, []

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(WORKER), str(self.folder)]

    def __call__(self, rows, n_workers=2, tasks=None, **more):
        (self.folder / "table.json").write_text(json.dumps(rows))
        tasks = tasks or [Task(index, f"unit-{index}") for index in range(len(rows))]
        more = {"on_event": self.events.append, "grace_s": 0.5} | more
        return run_tasks(tasks, self.command, n_workers=n_workers, **more)


@pytest.fixture
def runner(tmp_path, monkeypatch) -> Runner:
    monkeypatch.setenv("PYTHONPATH", str(WORKER.parents[2]))
    return Runner(tmp_path)


@pytest.fixture
def quick(monkeypatch) -> None:
    """Ask a real SLURM often, and do not wait long for a file system that is local."""
    monkeypatch.setenv("PYTHONPATH", str(WORKER.parents[2]))
    monkeypatch.setattr(slurm_run, "POLL_S", (0.5, 2.0))
    monkeypatch.setattr(slurm_run, "PATIENCE_S", 1.0)


@pytest.fixture
def calls(monkeypatch) -> list[list[str]]:
    """Return the commands that SLURM was asked, as they are asked."""
    found, call = [], slurm._call

    def counting(command):
        found.append(command)
        return call(command)

    monkeypatch.setattr(slurm, "_call", counting)
    return found


@pytest.fixture
def submission(tmp_path):
    """Return a function that makes submissions (`slurm_lab.submission_of`); their jobs are cancelled in the end."""
    from .slurm_lab import submission_of

    reports: list[dict[str, object]] = []

    def make(per_element=1, **more):
        return submission_of(tmp_path, reports.append, per_element, **more)

    make.reports = reports
    yield make
    jobs = [str(event["job"]) for event in reports if event["event"] == "submitted"]
    if jobs:
        subprocess.run(["scancel", *jobs], check=False, capture_output=True)
