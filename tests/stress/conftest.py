"""What the stress tests share: processes that are forked and killed, small disks, a fixed dice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import pytest


def key(n: int) -> str:
    return blake2b(f"unit {n}".encode(), digest_size=32).hexdigest()


def forked(work: Callable[[], None]) -> int:
    """Start a child that does some work and leaves; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def killed(work: Callable[[], None], seconds: float) -> None:
    """Start a child and kill it after a while."""
    pid = forked(work)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def all_end_well(pids: list[int]) -> bool:
    return all(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 for pid in pids)


@pytest.fixture
def dice(request) -> random.Random:
    """Return a generator that is the same in every run, unless NEUROCLI_STRESS_SEED says otherwise."""
    return random.Random(os.environ.get("NEUROCLI_STRESS_SEED", request.node.name))


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """Give a file system of 2 MB, or skip where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
