"""Time features on the fixed workload, the best other library beside each: ``python -m neurocli.features.bench``.

One thread, CPU time of the process, the least of some repeats, ours and the peer's in turns, so that a noisy machine
disturbs both alike. The peer gets fewer epochs where it is slow and its time is extrapolated. Needs neither pydantic
nor typer; a peer that is not installed is left out. ``--threads 2`` also times ours with two chunks at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np

from ..errors import NeurocliError, UsageError, unknown
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
    bold: bool = True
    scaling: float | None = None  # how many times less wall time with several threads

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
    chosen_rows: Sequence[Row],
    n_epochs: int = 200,
    backend: str = "cpu",
    dtype: str = "float32",
    repeats: int = 3,
    n_threads: int = 1,
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
    n_threads : int
        From two on, ours is timed with so many chunks at once too.
    """
    x = workload.make(n_epochs)
    ours = x.astype(dtype)
    for row in chosen_rows:
        run = partial(_ours, row, backend)
        run(ours[:2])  # compiles
        measured = _row(row, run, ours, x[: row.n_epochs], backend, repeats)
        if n_threads > 1:
            wall = min(_timed(partial(run, n_threads=n_threads), ours)[0][1] for _ in range(repeats))
            measured = replace(measured, scaling=measured.wall_ms / (1e3 * wall))
        yield measured


def _ours(row: Row, backend: str, x: np.ndarray, n_threads: int = 1) -> list[np.ndarray]:
    """Return what a row comes to with us."""

    def requested(part: np.ndarray) -> list[np.ndarray]:
        names = [f"E{i}" for i in range(part.shape[1])]
        options: dict[str, Any] = {"ch_names": names, "backend": backend, "n_threads": n_threads}
        return [block.values for block in compute(part, workload.SFREQ, row.requests, **options)]

    return row.ours(x, requested)


def _row(row: Row, run: Callable[..., Any], ours: np.ndarray, theirs: np.ndarray, backend: str, n: int) -> Measured:
    peer = _peer(row)
    mine, other = [], []
    expected: Sequence[np.ndarray] = []
    for _ in range(n):
        mine.append(_timed(run, ours)[0])
        if peer:
            spent, expected = _timed(peer, theirs, workload.SFREQ)
            other.append(spent)
    cpu, wall = (1e3 * min(times) for times in zip(*mine, strict=True))
    if not peer:
        return Measured(row.name, backend, cpu, wall, None, None, None, row.bold)
    peer_cpu = 1e3 * min(times[0] for times in other) * len(ours) / len(theirs)
    version = f"{row.peer} {metadata.version(row.peer)}"
    found = run(ours[: len(theirs)])  # once more, for what epochs have in common is not that of fewer of them
    error = max(disagreement(a, np.asarray(b)) for a, b in zip(found, expected, strict=True))
    return Measured(row.name, backend, cpu, wall, version, peer_cpu, error, row.bold)


def _peer(row: Row) -> Callable[..., Any] | None:
    try:
        run = row.load()
    except ImportError:
        return None
    with _silence():
        run(workload.make(2), workload.SFREQ)  # some compile too
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


def summary(measured: Sequence[Measured]) -> dict[str, float | int]:
    """Return what the bold rows come to that have a peer: the two sums, and the ratios between them."""
    both = [row for row in measured if row.bold and row.peer_cpu_ms]
    if not both:
        return {"n_rows": 0}
    ours, theirs = sum(row.cpu_ms for row in both), sum(row.peer_cpu_ms or 0.0 for row in both)
    ratios = np.array([row.ratio for row in both])
    return {
        "n_rows": len(both),
        "peer_cpu_ms": theirs,
        "cpu_ms": ours,
        "ratio": theirs / ours,
        "geometric_mean": float(np.exp(np.log(ratios).mean())),
        "least_ratio": float(ratios.min()),
    }


def document(measured: Sequence[Measured], n_epochs: int, n_threads: int = 1) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    made = f"{n_epochs} epochs x 64 channels x 1000 samples at {workload.SFREQ:g} Hz, seed 0"
    keys = ("name", "backend", "cpu_ms", "wall_ms", "peer", "peer_cpu_ms", "max_rel_err")
    return {
        "schema_version": 1,
        "device": device(),
        "workload": made,
        "features": [{key: asdict(row)[key] for key in keys} for row in measured],
        "total_cpu_ms": sum(row.cpu_ms for row in measured),
        "bold": summary(measured),
        "scaling": {"n_threads": n_threads, "of": {row.name: row.scaling for row in measured if row.scaling}},
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
    threads = f"{'threads':>9}" if any(row.scaling for row in measured) else ""
    yield f"{'feature':26}{'ours ms':>10}{'peer ms':>11}{'ratio':>8}{'disagree':>10}{threads}  peer"
    for row in measured:
        yield _line(row)
    found = summary(measured)
    if found["n_rows"]:
        name = f"sum of {found['n_rows']} bold rows"
        yield f"{name:26}{found['cpu_ms']:10.1f}{found['peer_cpu_ms']:11.0f}{found['ratio']:8.1f}"
        yield f"geometric mean of their ratios {found['geometric_mean']:.1f}, least {found['least_ratio']:.2f}"


def _line(row: Measured) -> str:
    threads = f"{row.scaling:8.2f}x" if row.scaling else ""
    if row.peer_cpu_ms is None or row.ratio is None:
        return f"{row.name:26}{row.cpu_ms:10.1f}{'':29}{threads}  not installed"
    peer = f"{row.peer_cpu_ms:11.0f}{row.ratio:8.1f}{row.max_rel_err:10.1e}"
    return f"{row.name:26}{row.cpu_ms:10.1f}{peer}{threads}  {row.peer}{'' if row.bold else ' (not in the sum)'}"


def main(arguments: Sequence[str]) -> str:
    """Return what the command prints."""
    parser = argparse.ArgumentParser(prog="python -m neurocli.features.bench", description=__doc__)
    parser.add_argument("--features", default="", help="rows, separated by commas; all unless said")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--backend", default="cpu", choices=["reference", "cpu", "cuda"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument(
        "--repeats", type=int, help="3 unless said, of which the least counts; on a GPU the median of 20"
    )
    parser.add_argument("--threads", type=int, default=1, help="from two on, the column `threads` says what they gain")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="one JSON document, printed or to a file")
    given = parser.parse_args(arguments)
    picked = chosen([name for name in given.features.split(",") if name])
    if given.backend == "cuda":
        text, made = on_gpu(picked, given.epochs, given.dtype, given.repeats or 20)
    else:
        options = (given.epochs, given.backend, given.dtype, given.repeats or 3, given.threads)
        measured = list(measure(picked, *options))
        text, made = "\n".join(lines(measured)), document(measured, given.epochs, given.threads)
    if given.json == "-":
        return json.dumps(made)
    if given.json:
        Path(given.json).write_text(json.dumps(made, indent=1) + "\n")
    return text


def on_gpu(picked: Sequence[Row], n_epochs: int, dtype: str, repeats: int) -> tuple[str, dict[str, Any]]:
    """Time rows on the GPU; return the table and the document.

    Raises
    ------
    MissingError
        Without a GPU (``E-ENVIRONMENT-GPU``).
    """
    from .cuda import _bench as gpu
    from .cuda._jit import device as device_of_gpu

    device_of_gpu()  # without one nothing can be measured, which is another thing than a row that fails
    failed: dict[str, str] = {}
    measured = list(gpu.measure(picked, n_epochs, dtype, repeats, failed))
    return "\n".join(gpu.lines(measured, failed)), gpu.document(measured, n_epochs, dtype, repeats, failed)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except NeurocliError as error:
        print(error, file=sys.stderr)
        sys.exit(int(error.exit_status))
