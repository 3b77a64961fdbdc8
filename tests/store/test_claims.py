"""Claims: one process at a time, given back by the kernel, harmless where there are no locks."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurocli.store import Store

KEY = "a" * 64
HOLD = """
import sys, time
from pathlib import Path
from neurocli.store import Store
with Store(Path(sys.argv[1])).claim(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(root), KEY]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout.readline() == "held\n"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_only_one_holds_it(tmp_path):
    store, other = Store(tmp_path), holder(tmp_path)
    with store.claim(KEY, wait=False) as held:
        assert not held
    ended(other)
    with store.claim(KEY, wait=False) as held:
        assert held
    assert not list((tmp_path / "locks").iterdir())


def test_a_killed_holder_gives_it_back(tmp_path):
    other = holder(tmp_path)
    other.send_signal(signal.SIGKILL)
    ended(other)
    with Store(tmp_path).claim(KEY) as held:
        assert held


def test_waiting_ends_when_the_holder_lets_go(tmp_path):
    """The waiter locks a file that the holder then removes, and must take the next one."""
    first, script = holder(tmp_path), HOLD.replace("sys.stdin.read()", "pass")
    command = [sys.executable, "-c", script, str(tmp_path), KEY]
    waiter = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    os.sched_yield()
    assert waiter.poll() is None
    ended(first)
    assert waiter.communicate(timeout=9)[0] == "held\n"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_without_locks_all_are_granted_and_counted(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    store = Store(tmp_path)
    with store.claim(KEY) as first, store.claim(KEY, wait=False) as second:
        assert first
        assert second
    assert store.counts["unclaimed"] == 2


def test_a_failing_block_lets_go(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(KeyError), store.claim(KEY):
        raise KeyError
    with store.claim(KEY, wait=False) as held:
        assert held
