"""A run that is asked to stop: what was cut off is in the ledger, and the exit status is what people expect."""

from __future__ import annotations

import os
import signal

import pytest

from neurocli.errors import TemporaryError
from neurocli.pipelines.manifest import Context
from neurocli.pipelines.request import Request
from neurocli.pipelines.units import Task, Unit
from neurocli.runners import local, workers
from neurocli.runners.detached import Detached
from neurocli.runners.stopping import Level
from neurocli.runners.tasks import Outcome
from neurocli.store.ledger import read, summary


def task(name: str) -> Task:
    return Task(name, (Unit(f"preprocess/{name}", "preprocess", "a" * 64, {}),))


@pytest.mark.parametrize(("number", "exit_status"), [(signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGUSR1, 75)])
def test_a_signal_leaves_the_run_with_its_status_and_what_was_cut_off(tmp_path, monkeypatch, number, exit_status):
    def interrupted(jobs, _, *, stop, **__):
        os.kill(os.getpid(), number)
        assert stop.level > Level.GO
        states = ["done", "lost", "unstarted"]
        return {job.index: Outcome(job, state) for job, state in zip(jobs, states, strict=True)}

    monkeypatch.setattr(local, "run_tasks", interrupted)
    request = Request("demo", tmp_path, tmp_path / "out")
    context = Context("run-1", "demo", str(tmp_path), str(tmp_path / "out"), str(tmp_path / "store"))
    before = signal.getsignal(number)
    with (
        pytest.raises(TemporaryError, match="1 of 3 tasks were done, 1 cut off") as caught,
        workers.carrier(request) as carry,
    ):
        carry(context, [task("a"), task("b"), task("c")], lambda event: None)  # noqa: ARG005
    assert caught.value.exit_status == exit_status
    assert "To resume: neurocli" in caught.value.remedy
    assert signal.getsignal(number) is before
    found = summary(read(tmp_path / "out" / ".neurocli" / "ledger"))
    assert {unit: event["state"] for unit, event in found.items()} == {"preprocess/b": "lost"}


def test_a_detached_run_says_what_it_left_behind(tmp_path):
    document = {"status": "ok", "exit": 6, "warnings": ["w"]}
    left = Detached("Submitted as 1, 2.", [tmp_path / "a.sh"], ["1", "2"]).document(document)
    assert left["status"] == "submitted"
    assert left["exit"] == 0
    assert left["warnings"] == ["w", "Submitted as 1, 2."]
    assert Detached("Nothing.", []).document(document)["status"] == "dry-run"
