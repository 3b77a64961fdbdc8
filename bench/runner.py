"""Overhead of a trivial unit on two workers: cold beside the floor of its two synced files, warm beside nothing."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from neurocli.runners.local import run_tasks
from neurocli.runners.tasks import Task
from neurocli.store import Store

from .row import Row
from .schedulers import measured

N = 300
WARM_S = 2e-4


def floor(folder: Path, n: int) -> float:
    """Return the seconds a unit that writing, syncing and renaming two small files and their folder take."""
    started = time.perf_counter()
    for i in range(n):
        temporary = folder / f".{i}"
        temporary.mkdir()
        for name in ("payload", "manifest.json"):
            with (temporary / name).open("wb") as file:
                file.write(b"x" * 400)
                file.flush()
                os.fsync(file.fileno())
        temporary.rename(folder / str(i))
        here = os.open(folder, os.O_RDONLY)
        os.fsync(here)
        os.close(here)
    return (time.perf_counter() - started) / n


def rows() -> Iterator[Row]:
    """Yield the cold and the warm cost of a unit."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        (folder / "floor").mkdir()
        limit = floor(folder / "floor", N)
        command = [sys.executable, "-m", "bench.trivial_worker", str(folder / "store")]
        run_tasks([Task(10_000 + i, f"warm-up {i}") for i in range(2)], command, n_workers=2)
        started = time.perf_counter()
        run_tasks([Task(i, f"trivial {i}") for i in range(N)], command, n_workers=2)
        cold = (time.perf_counter() - started) / N
        store = Store(folder / "store")
        keys = [f"{i:064x}" for i in range(N)]
        started = time.perf_counter()
        found = sum(store.has(key) for key in keys)
        warm = (time.perf_counter() - started) / N
    bar = 2 * limit + 2e-3
    yield Row(f"trivial unit, cold ({N}, 2 workers)", cold, "floor", limit, f"{bar * 1e3:.1f} ms", cold <= bar)
    yield Row("trivial unit, warm", warm, "", None, "0.2 ms", warm <= WARM_S and found == N)
    for name, peer_cold, peer_warm in measured():
        yield Row("trivial unit, cold", cold, name, peer_cold, "less", cold < peer_cold)
        yield Row("trivial unit, warm", warm, name, peer_warm, "less", warm < peer_warm)
