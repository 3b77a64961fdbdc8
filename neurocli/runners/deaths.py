"""What a worker's end means, in words and with the request that would have worked."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Exit, NeurocliError, ResourceError
from .tasks import Task

GIB = 1 << 30
TAIL = 1500  # characters of a worker's last words that are shown


@dataclass(frozen=True)
class Death:
    """How a process ended: its wait status, its peak memory in bytes (0 if unknown) and what it said last."""

    status: int
    peak_rss_bytes: int = 0
    last_words: str = ""


class WorkerError(NeurocliError):
    """A worker ended without an answer, or could not be started."""

    default_code = "E-RUN-CRASH"
    exit_status = Exit.FAILED


def signal_name(status: int) -> str | None:
    """Return the name of the signal in a wait status, or None where the process left by itself."""
    if not os.WIFSIGNALED(status):
        return None
    try:
        return signal.Signals(os.WTERMSIG(status)).name
    except ValueError:
        return f"signal {os.WTERMSIG(status)}"


def error_of(task: Task, death: Death, wall_s: float, *, out_of_memory: bool) -> dict[str, Any]:
    """Return the error of a task whose worker ended, as the ledger keeps it."""
    name = signal_name(death.status)
    peak = f" at a peak of {death.peak_rss_bytes / GIB:.2f} GiB" if death.peak_rss_bytes else ""
    took = f"after {wall_s:.1f} s{peak}"
    if name == "SIGKILL":
        return dict(_killed(task, took, death, out_of_memory=out_of_memory).to_dict())
    how = f"ended by {name}" if name else f"left with exit status {os.waitstatus_to_exitcode(death.status)}"
    remedy = f"See `neurocli logs {task.id}`; a crash in a native library often goes away with another version of it."
    message = f"The worker was {how} {took}.{_quoted(death.last_words)}"
    return dict(WorkerError(message, where=task.id, remedy=remedy).to_dict())


def _quoted(words: str) -> str:
    return f" Its last words: {words.strip()}" if words.strip() else ""


def _killed(task: Task, took: str, death: Death, *, out_of_memory: bool) -> ResourceError:
    who = "by the kernel, because memory ran out" if out_of_memory else "which mostly means that memory ran out"
    request = math.ceil(max(1.5 * death.peak_rss_bytes, 2 * task.memory_bytes, GIB) / GIB)
    remedy = f"Run again with --mem-gb {request} or more (SLURM: --mem={request}G), or with fewer --n-cpus."
    message = f"The worker was ended by SIGKILL {took}, {who}."
    return ResourceError(message, code="E-RUN-KILLED", where=task.id, remedy=remedy)


def timeout_error(unit: str, limit_s: float) -> dict[str, Any]:
    """Return the error of a unit that took too long."""
    remedy = f"Give it more time ({2 * limit_s:.0f} s would be twice as much), or make the unit smaller."
    message = f"It did not end within its time limit of {limit_s:.0f} s."
    return dict(ResourceError(message, code="E-RUN-TIMEOUT", where=unit, remedy=remedy).to_dict())


def lost_error(unit: str) -> dict[str, Any]:
    """Return the error of a unit that was killed because the run was."""
    message, remedy = "It was stopped with the run.", "Run the same command again: it goes on where it stopped."
    return dict(NeurocliError(message, code="E-RUN-STOPPED", where=unit, remedy=remedy).to_dict())


def cannot_start(command: str, last_words: str) -> WorkerError:
    """Return the error of workers that end before they take any work."""
    remedy = "Run the command by hand to see why."
    return WorkerError(
        f"No worker could be started.{_quoted(last_words)}", code="E-RUN-START", where=command, remedy=remedy
    )


def oom_kills() -> int:
    """Return how many processes of our control group the kernel has killed for memory; 0 where it does not say."""
    try:
        group = Path("/proc/self/cgroup").read_text().strip().rpartition(":")[2]
        lines = Path(f"/sys/fs/cgroup{group}/memory.events").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    except (OSError, ValueError, StopIteration):
        return 0
