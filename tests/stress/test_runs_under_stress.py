"""Runs that are killed: worker, parent or both, at random moments; what is left equals an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurocli.store import Store, care
from neurocli.store.ledger import read, summary

SCRIPT = Path(__file__).with_name("small_run.py")
N_UNITS = 60


def started(folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}
    return subprocess.Popen([sys.executable, str(SCRIPT), "parent", str(folder)], env=env)


def workers_of(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and b"small_run" in command:
            found.append(int(path.parent.name))
    return found


def disturb(run: subprocess.Popen[bytes], dice: random.Random) -> str:
    """Kill somebody; return who it was."""
    who = dice.choice(["worker", "parent", "both"])
    targets = workers_of(run.pid)[:1] if who != "parent" else []
    for pid in [*targets, *([run.pid] if who != "worker" else [])]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return who


def contents(folder: Path) -> dict[str, bytes]:
    # two hexadecimal digits: what a killed writer left in store/tmp, or under a hidden name, is nobody's result
    files = [*folder.glob("store/[0-9a-f][0-9a-f]/*/payload*"), *folder.glob("out/[!.]*")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def everybody_left(pids: list[int]) -> bool:
    end = time.monotonic() + 10
    while any(Path("/proc", str(pid)).exists() and workers_alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.01)
    return not any(workers_alive(pid) for pid in pids)


def workers_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" and b"small_run" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("n_moments", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random_moments_nothing_hangs_and_the_end_is_the_same(tmp_path, dice, n_moments):
    assert started(tmp_path / "quiet").wait(60) == 0
    folder, seen = tmp_path / "disturbed", set()
    for _ in range(n_moments):
        run = started(folder)
        time.sleep(dice.uniform(0.05, 0.6))
        workers = workers_of(run.pid)
        seen.add(disturb(run, dice))
        status = run.wait(60)
        assert status in (0, -signal.SIGKILL) or 1 <= status <= N_UNITS
        assert everybody_left(workers)
        store = Store(folder / "store")
        for key in care.keys(store):
            store.verify(key)
            if dice.random() < 0.3:
                store.remove(key)  # so that there is work for the next one
    assert started(folder).wait(60) == 0
    assert contents(folder) == contents(tmp_path / "quiet")
    assert len(contents(folder)) == 2 * N_UNITS
    assert {unit["state"] for unit in summary(read(folder / "ledger")).values()} == {"done"}
    assert len(seen) > 1 or n_moments < 10


@pytest.mark.parametrize("n_runs", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_simultaneous_runs_give_the_same_bytes_and_share_the_work(tmp_path, n_runs):
    assert started(tmp_path / "quiet").wait(60) == 0
    runs = [started(tmp_path / "shared") for _ in range(n_runs)]
    assert [run.wait(120) for run in runs] == [0] * n_runs
    assert contents(tmp_path / "shared") == contents(tmp_path / "quiet")
    assert not list((tmp_path / "shared" / "store" / "tmp").iterdir())
