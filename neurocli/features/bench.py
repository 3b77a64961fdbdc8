"""Time features on the fixed workload, the best other library beside each: ``python -m neurocli.features.bench``.

One thread, CPU time of the process, the least of some repeats, ours and the peer's in turns, so that a noisy machine
disturbs both alike. The peer gets fewer epochs where it is slow and its time is extrapolated. Needs neither pydantic
nor typer; a peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np

from ..errors import UsageError, unknown
from . import peers, workload
from .engine import compute, one_thread_a_kernel
from .peers._row import Row


@dataclass(frozen=True)
class Measured:
    """One measured row; times are of the whole workload, in ms."""

    name: str
    backend: str
    cpu_ms: float
    wall_ms: float
    peer: str | None
    peer_cpu_ms: float | None
    max_rel_err: float | None

    @property
    def ratio(self) -> float | None:
        """How many times less CPU time than the peer."""
        return self.peer_cpu_ms / self.cpu_ms if self.peer_cpu_ms else None


def rows() -> dict[str, Row]:
    """Return all rows, of all modules in `peers`."""
    names = [info.name for info in iter_modules(peers.__path__) if not info.name.startswith("_")]
    found = [row for name in names for row in import_module(f"{peers.__name__}.{name}").ROWS]
    return {row.name: row for row in found}


def chosen(names: Sequence[str]) -> list[Row]:
    """Return the rows of these names; of none, all.

    Raises
    ------
    UsageError
        For a name that no row has (``E-USAGE-BENCH``).
    """
    known = rows()
    for name in names:
        if name not in known:
            raise UsageError(unknown("benchmark row", name, known), code="E-USAGE-BENCH")
    return [known[name] for name in names] if names else list(known.values())


def measure(
    chosen_rows: Sequence[Row], n_epochs: int = 200, backend: str = "cpu", dtype: str = "float32", repeats: int = 3
) -> Iterator[Measured]:
    """Yield each row as it is measured.

    Parameters
    ----------
    chosen_rows : sequence of Row
        What to time.
    n_epochs : int
        Epochs of the workload.
    backend, dtype : str
        Ours; the peer computes in float64, as it is used.
    repeats : int
        Of which the least counts.
    """
    x = workload.make(n_epochs)
    ours = x.astype(dtype)
    names = [f"E{i}" for i in range(x.shape[1])]
    for row in chosen_rows:

        def run(part: np.ndarray, row: Row = row) -> list[np.ndarray]:
            blocks = compute(part, workload.SFREQ, row.requests, ch_names=names, backend=backend)
            return [block.values for block in blocks]

        run(ours[:1])  # compiles
        yield _row(row, run, ours, x[: row.n_epochs], backend, repeats)


def _row(row: Row, run: Callable[..., Any], ours: np.ndarray, theirs: np.ndarray, backend: str, n: int) -> Measured:
    peer = _peer(row)
    mine, other = [], []
    found: Sequence[np.ndarray] = []
    expected: Sequence[np.ndarray] = []
    for _ in range(n):
        spent, found = _timed(run, ours)
        mine.append(spent)
        if peer:
            spent, expected = _timed(peer, theirs, workload.SFREQ)
            other.append(spent)
    cpu, wall = (1e3 * min(times) for times in zip(*mine, strict=True))
    if not peer:
        return Measured(row.name, backend, cpu, wall, None, None, None)
    peer_cpu = 1e3 * min(times[0] for times in other) * len(ours) / len(theirs)
    version = f"{row.peer} {metadata.version(row.peer)}"
    error = max(disagreement(a[: len(theirs)], np.asarray(b)) for a, b in zip(found, expected, strict=True))
    return Measured(row.name, backend, cpu, wall, version, peer_cpu, error)


def _peer(row: Row) -> Callable[..., Any] | None:
    try:
        run = row.load()
    except ImportError:
        return None
    with _silence():
        run(workload.make(1), workload.SFREQ)  # some compile too
    return run


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[tuple[float, float], Any]:
    with _silence(), one_thread_a_kernel():
        cpu, wall = time.process_time(), time.perf_counter()
        value = function(*arguments)
        return (time.process_time() - cpu, time.perf_counter() - wall), value


@contextmanager
def _silence() -> Iterator[None]:
    """Peers warn of what is not ours to mend."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def disagreement(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference over the largest expected value; of what is finite in both."""
    expected = expected.reshape(found.shape)
    both = np.isfinite(found) & np.isfinite(expected)
    if not both.any():
        return float("nan")
    scale = np.abs(expected[both]).max() or 1.0
    return float(np.abs(found[both].astype(np.float64) - expected[both]).max() / scale)


def document(measured: Sequence[Measured], n_epochs: int) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    made = f"{n_epochs} epochs x 64 channels x 1000 samples at {workload.SFREQ:g} Hz, seed 0"
    return {
        "schema_version": 1,
        "device": device(),
        "workload": made,
        "features": [asdict(row) for row in measured],
        "total_cpu_ms": sum(row.cpu_ms for row in measured),
    }


def device() -> str:
    """Return the processor's name and how many cores there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = "unknown processor"
    return f"{model}, {os.cpu_count()} cores, one thread"


def lines(measured: Sequence[Measured]) -> Iterator[str]:
    """Yield the table, and what it comes to."""
    yield f"{'feature':24}{'ours ms':>10}{'peer ms':>11}{'ratio':>8}{'disagree':>10}  peer"
    for row in measured:
        yield _line(row)
    both = [row for row in measured if row.peer_cpu_ms]
    if both:
        ours, theirs = sum(row.cpu_ms for row in both), sum(row.peer_cpu_ms or 0.0 for row in both)
        ratios = np.array([row.ratio for row in both])
        mean = np.exp(np.log(ratios).mean())
        yield f"{'sum':24}{ours:10.1f}{theirs:11.0f}{theirs / ours:8.1f}"
        yield f"geometric mean of the ratios {mean:.1f}, least {ratios.min():.2f}"


def _line(row: Measured) -> str:
    if row.peer_cpu_ms is None or row.ratio is None:
        return f"{row.name:24}{row.cpu_ms:10.1f}{'':29}  not installed"
    return f"{row.name:24}{row.cpu_ms:10.1f}{row.peer_cpu_ms:11.0f}{row.ratio:8.1f}{row.max_rel_err:10.1e}  {row.peer}"


def main(arguments: Sequence[str]) -> str:
    """Return what the command prints."""
    parser = argparse.ArgumentParser(prog="python -m neurocli.features.bench", description=__doc__)
    parser.add_argument("--features", default="", help="rows, separated by commas; all unless said")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--backend", default="cpu", choices=["reference", "cpu", "cuda"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    picked = chosen([name for name in given.features.split(",") if name])
    measured = list(measure(picked, given.epochs, given.backend, given.dtype, given.repeats))
    return json.dumps(document(measured, given.epochs)) if given.json else "\n".join(lines(measured))


if __name__ == "__main__":
    print(main(sys.argv[1:]))
