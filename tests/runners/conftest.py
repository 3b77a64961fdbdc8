"""A runner over the fake worker."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

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
