"""SIGKILL at any moment of a run, to anyone: nothing hangs, nothing half-written counts, the end is the same."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from .whole_runs import HANG_S, Stage, check, contents, n_events

VICTIMS = ("worker", "parent", "both")
LOOK_S = 0.02


def children(pid: int) -> list[int]:
    """Return the workers of a run."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    pids = [int(child) for child in found.read_text().split()] if found.exists() else []
    return [child for child in pids if b"worker" in _command(child)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def strike(pid: int, victim: str, dice) -> bool:
    """Kill a worker, the parent, or both; say whether there was one."""
    workers = children(pid)
    if victim != "parent" and not workers:
        return False
    victims = [pid] if victim != "worker" else []
    victims += [dice.choice(workers)] if victim != "parent" else []
    for one in victims:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            return False
    return True


def disturb(stage: Stage, out: Path, victim: str, dice) -> bool:
    """Start a run, kill after some events, and wait for its end; say whether there was anything to kill."""
    run = stage.start(out)
    moment, pause = n_events(out) + dice.randrange(1, 25), dice.uniform(0.0, 0.3)
    deadline = time.monotonic() + HANG_S
    while run.poll() is None and n_events(out) < moment and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    time.sleep(pause)
    hit = run.poll() is None and strike(run.pid, victim, dice)
    _, said = run.communicate(timeout=HANG_S)
    expected = {-signal.SIGKILL} if hit and victim != "worker" else {0, 5, 6, 8}
    assert run.returncode in expected, said.decode()
    return hit


def survive(stage: Stage, folder: Path, n_kills: int, dice) -> int:
    """Kill as often as asked; whenever a run comes to its end, compare and start afresh. Return the folders used."""
    undisturbed = folder / "undisturbed"
    stage.finish(undisturbed)
    expected, n_folders, left = contents(undisturbed), 0, n_kills
    while left:
        out = folder / f"out{n_folders}"
        for _ in range(min(left, 3)):
            while not disturb(stage, out, VICTIMS[left % 3], dice):
                shutil.rmtree(out)  # it came to its end before it was hit
            left -= 1
        stage.finish(out)
        check(out, expected, partial=True)
        shutil.rmtree(out)
        n_folders += 1
    return n_folders


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for workers in /proc")
def test_a_run_that_was_killed_three_times_ends_as_one_that_was_not(tmp_path, dice):
    stage = Stage.built(tmp_path, n_subjects=2)
    assert survive(stage, tmp_path, 3, dice) == 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for workers in /proc")
def test_runs_killed_at_200_moments_end_as_one_that_was_not(tmp_path, dice):
    stage = Stage.built(tmp_path, n_subjects=6)  # 60 units
    n_kills = int(os.environ.get("NEUROCLI_STRESS_KILLS", "200"))
    assert survive(stage, tmp_path, n_kills, dice) >= n_kills / 3


def test_a_run_that_loses_its_parent_leaves_no_worker(tmp_path, dice):
    stage = Stage.built(tmp_path, n_subjects=2)
    run = stage.start(tmp_path / "out")
    while not children(run.pid):
        assert run.poll() is None
        time.sleep(LOOK_S)
    workers = children(run.pid)
    assert strike(run.pid, "parent", dice)
    deadline = time.monotonic() + 60
    while any(_command(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    assert not any(_command(pid) for pid in workers)
    run.communicate(timeout=HANG_S)
