"""Kills at random moments: whom, when, and what must hold after each of them."""

from __future__ import annotations

import json
import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurocli.store.ledger import read

from . import nursery
from .whole_runs import STORE, Stage, check, contents, published, verify

VICTIMS = ("worker", "parent", "both")
HANG_S = float(os.environ.get("NEUROCLI_STRESS_HANG_S", "120"))  # a forked run takes seconds
GONE_S = 20.0  # what workers have to leave after their parent was killed
LOOK_S = 0.005


class Nursery:
    """The process that forks runs, from outside."""

    def __init__(self, stage: Stage) -> None:
        self.said = stage.home / "said"
        command = [sys.executable, nursery.__file__]
        self._process = subprocess.Popen(command, env=stage.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self.hear(HANG_S)

    def start(self, words: list[str], die: tuple[str, int] | None = None) -> int:
        """Start a run and return its process id."""
        request = {"words": words, "die": die, "said": str(self.said)}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return int(self.hear(HANG_S)["pid"])

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """Return what the nursery says, or None where it says nothing for so long."""
        if not self._selector.select(seconds):
            return None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait(HANG_S)
        self._process.stdout.close()
        self._selector.close()


def workers(pid: int) -> list[int]:
    """Return the workers of a run, forked or started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        pids = [int(child) for child in found.read_text().split()]
    except OSError:
        return []
    return [child for child in pids if any(word in command(child) for word in (b"nursery", b"worker"))]


def command(pid: int) -> bytes:
    """Return the command line of a process; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def kill(*pids: int) -> bool:
    """Kill processes; False where one of them had ended."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@dataclass
class Siege:
    """Runs of one pipeline that are killed, and started again on what is left, until one comes to its end."""

    stage: Stage
    dice: random.Random
    n_kills: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)  # the stage of a unit that was under way
    n_ends: int = 0

    def __post_init__(self) -> None:
        self.nursery = Nursery(self.stage)
        self.out = self.stage.home / "disturbed"
        self.begin()

    def begin(self) -> None:
        """Run undisturbed, once: for what must come out, for how long, and for how many operations."""
        undisturbed = self.stage.home / "undisturbed"
        started = time.monotonic()
        assert self._run(undisturbed) == 0, self.nursery.said.read_text()
        self.length_s = time.monotonic() - started
        self.expected = contents(undisturbed)
        self.n_units = len({event["unit"] for event in read(undisturbed / ".neurocli" / "ledger")})

    def _run(self, out: Path) -> int:
        self.nursery.start(self.stage.words(out))
        end = self.nursery.hear(HANG_S)
        assert end, "the undisturbed run hangs"
        self.operations = end["operations"]
        return int(end["status"])

    def survive(self, n_kills: int) -> None:
        """Kill so often, and compare whenever a run comes to its end."""
        while self.n_kills.total() < n_kills:
            victim = VICTIMS[self.n_kills.total() % len(VICTIMS)]
            by_clock = victim == "both" or self.dice.random() < 0.5
            status = self.by_clock(victim) if by_clock else self.by_operation(victim)
            self.look(status)
        self.look(self._run(self.out))
        assert not self.out.exists(), "the last run, which nobody disturbed, came to no good end"

    def by_clock(self, victim: str) -> int:
        """Kill somebody after a while."""
        moment = self.dice.uniform(0.0, self.length_s)
        pid = self.nursery.start(self.stage.words(self.out))
        end = self.nursery.hear(moment)
        while not end and victim != "parent" and not workers(pid):
            end = self.nursery.hear(LOOK_S)
        those = workers(pid)
        victims = [pid] if victim == "parent" else [self.dice.choice(those or [0])]
        victims += [pid] if victim == "both" else []
        if not end and 0 not in victims and kill(*victims):
            self._count(victim)
        return self._end(pid, end, those, f"{victim} at {moment:.3f} s")

    def by_operation(self, victim: str) -> int:
        """Have somebody kill itself in the middle of its work on files."""
        last = self.dice.randint(1, max(1, self.operations[victim]))
        pid = self.nursery.start(self.stage.words(self.out), (victim, last))
        those, end = [], None
        deadline = time.monotonic() + HANG_S
        while not end and time.monotonic() < deadline:
            those = workers(pid) or those
            end = self.nursery.hear(10 * LOOK_S)
        status = self._end(pid, end, those, f"{victim} at operation {last}")
        if end["operations"][victim] >= last:
            self._count(victim)
        return status

    def _count(self, victim: str) -> None:
        self.n_kills[victim] += 1
        folder = self.out / ".neurocli" / "ledger"
        self.hit[read(folder)[-1]["unit"].split("/")[0] if any(folder.glob("*")) else "plan"] += 1

    def _end(self, pid: int, end: dict[str, Any] | None, those: list[int], what: str) -> int:
        """Wait for the end of a run and of its workers."""
        end = end or self.nursery.hear(HANG_S)
        if not end:
            kill(pid)
            raise AssertionError(f"{what}: the run hangs\n{self.nursery.said.read_text()}")
        deadline = time.monotonic() + GONE_S
        while (left := [one for one in those if command(one)]) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        assert not left, f"{what}: workers are left behind"
        expected = {0, 5, 6, 8, -signal.SIGKILL}
        assert end["status"] in expected, f"{what}: exit {end['status']}\n{self.nursery.said.read_text()}"
        return int(end["status"])

    def look(self, status: int) -> None:
        """See that nothing half-written lies where it would be accepted; after a good end, compare every byte."""
        if status == 0:
            check(self.out, self.expected, partial=True)
            shutil.rmtree(self.out)
            self.n_ends += 1
        elif self.out.exists():
            verify(self.out)
            self._compare_recordings()

    def _compare_recordings(self) -> None:
        """See that what is published of single recordings, which no loss of others changes, is whole."""
        for path in published(self.out):
            name = path.relative_to(self.out).as_posix()
            if name.startswith("sub-") and not path.name.startswith("."):
                assert path.read_bytes() == self.expected[name], f"{name} is not what it should be"
        known = {name for name in contents(self.out) if name.startswith(STORE)} & self.expected.keys()
        other = [name for name in known if (self.out / name).read_bytes() != self.expected[name]]
        assert not other, f"other bytes: {other}"

    def close(self) -> None:
        self.nursery.close()
