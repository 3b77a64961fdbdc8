"""SIGKILL at any moment of a run, to anyone: nothing hangs, nothing half-written counts, the end is the same."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from ..runs.conftest import PIPELINES
from .killing import HANG_S, LOOK_S, VICTIMS, Siege, command, kill, workers
from .whole_runs import Stage, check, contents

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for workers in /proc")


SHORT = PIPELINES.replace("[bids, model, report]", "[bids, model]")  # figures take half of the time of so short a run


def besiege(stage: Stage, n_kills: int) -> Siege:
    """Kill runs of a pipeline; a failure says from which seed its moments were drawn."""
    seed = os.environ.get("NEUROCLI_STRESS_SEED", f"{n_kills} kills")
    siege = Siege(stage, random.Random(seed))
    try:
        siege.survive(n_kills)
    except AssertionError as error:
        so_far = dict(siege.n_kills)
        raise AssertionError(f"NEUROCLI_STRESS_SEED={seed!r}, after {so_far} kills: {error}") from error
    finally:
        siege.close()
    return siege


def test_six_kills_of_a_whole_run_change_nothing(tmp_path):
    siege = besiege(Stage.built(tmp_path, 2, SHORT), n_kills=6)
    assert siege.n_kills == dict.fromkeys(VICTIMS, 2)


@pytest.mark.slow
@pytest.mark.stress
def test_200_kills_of_60_units_change_nothing(tmp_path):
    n_kills, started = int(os.environ.get("NEUROCLI_STRESS_KILLS", "200")), time.monotonic()
    siege = besiege(Stage.built(tmp_path, 6), n_kills)
    print(f"{n_kills} kills in {time.monotonic() - started:.0f} s: {dict(siege.n_kills)}, during {dict(siege.hit)}, "
          f"{siege.n_ends} runs came to their end")  # fmt: skip
    assert siege.n_units == 60
    assert siege.n_kills.total() == n_kills
    assert siege.n_ends > 1


@pytest.mark.slow
def test_a_run_of_real_processes_that_loses_its_worker_and_its_parent_ends_as_one_that_does_not(tmp_path):
    """The other kills are of forks; these are of processes that were started as a person starts them."""
    stage, dice = Stage.built(tmp_path, n_subjects=2), random.Random(2)
    stage.finish(tmp_path / "undisturbed")
    for victim in VICTIMS:
        run = stage.start(tmp_path / "out")
        while not workers(run.pid):
            assert run.poll() is None
            time.sleep(LOOK_S)
        time.sleep(dice.uniform(0, 5))
        kill(*workers(run.pid)[: victim != "parent"], *([run.pid] if victim != "worker" else []))
        run.communicate(timeout=HANG_S)
    stage.finish(tmp_path / "out")
    check(tmp_path / "out", contents(tmp_path / "undisturbed"), partial=True)


def test_a_run_that_loses_its_parent_leaves_no_worker(tmp_path):
    stage = Stage.built(tmp_path, n_subjects=2)
    run = stage.start(tmp_path / "out")
    while not (those := workers(run.pid)):
        assert run.poll() is None
        time.sleep(LOOK_S)
    assert kill(run.pid)
    deadline = time.monotonic() + 60
    while any(command(pid) for pid in those) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    assert not any(command(pid) for pid in those)
    run.communicate(timeout=HANG_S)
