"""The worker's side: take task indices on stdin, answer on a pipe, and leave with the parent."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ..errors import NeurocliError, TemporaryError
from ..pipelines.usage import memory_error, peak_rss_bytes, within

PR_SET_PDEATHSIG = 1
RESET_PEAK = "5"  # what the kernel wants in clear_refs to begin a new VmHWM
RunOne = Callable[[int], dict[str, Any]]
LogOf = Callable[[int], Path | None]


def serve(fd: int, run_one: RunOne, log_of: LogOf | None = None) -> None:
    """Run tasks until stdin ends.

    Each line of stdin is ``INDEX DEVICE BYTES``. The device, or ``-``, goes to the environment as ``NEUROCLI_DEVICE``;
    the task may take no more memory than these bytes, or as much as there is where they are left out.
    Each answer is one JSON line: ``index``, ``ok``, ``result`` (what `run_one` returned) or ``error``, ``wall_s``,
    ``cpu_s``, ``peak_rss_bytes``. A line with ``event`` alone tells of progress.

    Parameters
    ----------
    fd : int
        The pipe to answer on.
    run_one : callable
        Runs one task; what it raises is its failure.
    log_of : callable
        Gives the file that takes what the task prints, by Python or not; an empty one is removed.
    """
    leave_with_parent()
    os.set_inheritable(fd, False)
    heed(signal.SIGTERM)
    with _own_stdin() as lines:
        answer(fd, {"ready": True})
        for line in lines:
            order = Order.of(line)
            answer(fd, run(order, run_one, log_of(order.index) if log_of else None))


@dataclass(frozen=True)
class Order:
    """What a worker is told: a task, the device it may use, and how much memory it may take."""

    index: int
    device: str | None = None
    limit_bytes: int | None = None

    @classmethod
    def of(cls, line: str) -> Order:
        """Return the order in a line."""
        index, device, limit = (*line.split(), "-", "-")[:3]
        return cls(int(index), None if device == "-" else device, None if limit == "-" else int(limit))

    def __str__(self) -> str:
        """Return the line that `of` reads."""
        return f"{self.index} {self.device or '-'} {self.limit_bytes or '-'}"


def leave_with_parent() -> None:
    """Ask the kernel to kill us when our parent dies."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent or parent == 1:
        os._exit(1)  # it died before we could ask


def heed(*numbers: int) -> None:
    """Take these signals for the wish that the work leaves at its last checkpoint."""
    for number in numbers:
        signal.signal(number, _preempted)


def heed_once(*numbers: int) -> None:
    """Take the first of these signals for the wish that we leave, and the others for its repetition."""

    def leave(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        _preempted(number, frame)

    for number in numbers:
        signal.signal(number, leave)


class Preempted(BaseException):
    """We were asked to leave; no `except Exception` of a step may take it for a failure of its own."""


def _preempted(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the shape of a handler
    raise Preempted


def _preemption() -> dict[str, Any]:
    remedy = "Run the same command again: it goes on from its last checkpoint."
    return dict(TemporaryError("The work was asked to stop.", code="E-RUN-PREEMPTED", remedy=remedy).to_dict())


@contextmanager
def _own_stdin() -> Iterator[Iterator[str]]:
    # a tool that a task starts must not read our orders
    orders = os.fdopen(os.dup(0), "r", buffering=1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with orders:
        yield iter(orders.readline, "")


def answer(fd: int, what: dict[str, Any]) -> None:
    """Write one JSON line to the pipe: an answer, or an ``event`` on the way to it."""
    line = memoryview(json.dumps(what, ensure_ascii=False, default=str).encode() + b"\n")
    while line:
        line = line[os.write(fd, line) :]


def run(order: Order, run_one: RunOne, log: Path | None) -> dict[str, Any]:
    """Run one task and return the answer."""
    index = order.index
    os.environ["NEUROCLI_DEVICE"] = order.device or "-"  # not that of the task before
    _reset_peak()
    started, cpu = time.perf_counter(), _cpu_s()
    with logged(log), within(order.limit_bytes):
        result = _attempt(index, run_one)
    cost = {"wall_s": time.perf_counter() - started, "cpu_s": _cpu_s() - cpu, "peak_rss_bytes": peak_rss_bytes()}
    return {"index": index, **result, **cost}


def _attempt(index: int, run_one: RunOne) -> dict[str, Any]:
    try:
        return {"ok": True, "result": run_one(index)}
    except Preempted:
        return {"ok": False, "error": _preemption()}
    except Exception as error:  # whatever a step raises is its unit's failure, and no reason to stop
        traceback.print_exc()
        return {"ok": False, "error": describe(error)}


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as the ledger keeps it."""
    if isinstance(error, NeurocliError):
        return dict(error.to_dict())
    if starved := memory_error(error):
        return dict(starved.to_dict())
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{Path(place[0].filename).name}:{place[0].lineno}" if place else None
    remedy = "The log of the unit has the traceback; if the data are right, this is a fault of neurocli: report it."
    return dict(NeurocliError(f"{type(error).__name__}: {error}", where=where, remedy=remedy).to_dict())


@contextmanager
def logged(path: Path | None) -> Iterator[None]:
    """Send everything printed in the block, by whichever language, to a file; an empty one is removed."""
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    kept = [os.dup(1), os.dup(2)]
    try:
        _point(log, log)
        yield
    finally:
        _point(*kept)
        is_empty = os.fstat(log).st_size == 0
        for fd in (log, *kept):
            os.close(fd)
        if is_empty:
            path.unlink(missing_ok=True)


def _point(stdout: int, stderr: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)


def _cpu_s() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    except OSError:
        pass  # then the peak is that of the whole process so far
