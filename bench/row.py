"""One line of the benchmark, and how a time is taken."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("NEUROCLI_SHARED_DATA", ROOT.parent / "shared" / "data"))


@dataclass(frozen=True)
class Row:
    """Ours beside the peer; `bar` is what the ratio or the time may not pass."""

    name: str
    ours_s: float
    peer: str
    peer_s: float | None
    bar: str
    met: bool

    def __str__(self) -> str:
        peer = f"{self.peer} {self.peer_s:.4g} s, ratio {self.ours_s / self.peer_s:.2f}" if self.peer_s else self.peer
        return f"{'ok  ' if self.met else 'MISS'} {self.name:<44} {self.ours_s:8.4g} s  {peer}; bar: {self.bar}"


def fastest(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the shortest of several wall times, in s."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def command(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run neurocli in a process of its own."""
    return python("-m", "neurocli", *arguments, env=env)


def python(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, and raise where it fails.

    Bytecode is kept, as it is for everybody who has installed the package.
    """
    words: Sequence[str] = [sys.executable, *map(str, arguments)]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT, env=inherited | dict(env or {}))
