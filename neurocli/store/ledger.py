"""What happened: one JSON line per event, one file per writing process, merged when read.

Events have ``event`` (``planned``, ``started``, ``progress``, ``done``, ``failed``, ``lost``, ``run-finished``),
``time`` (s since the epoch) and mostly ``unit``; ``progress`` has ``done`` of ``of`` parts; ``done`` has ``how``
(``cached`` or ``executed``), ``wall_s``, ``cpu_s``, ``peak_rss_bytes`` and, on a GPU, ``peak_gpu_bytes``; ``failed``
has ``error`` and, where a signal ended it, ``signal``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import HOST
from ._files import speaking

STATES = {"planned": "planned", "started": "running", "progress": "running", "done": "done", "failed": "failed",
          "lost": "lost"}  # fmt: skip


class Ledger:
    """The ledger of one writing process, below a folder that many share.

    Parameters
    ----------
    folder : Path
        Made when the first event is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._fd: int | None = None
        self._pid = 0
        self._torn = False

    def append(self, event: Mapping[str, Any]) -> None:
        """Write one event by a single system call; `time` is added where it is missing."""
        line = json.dumps({"time": time.time(), **event}, ensure_ascii=False, default=str).encode() + b"\n"
        with speaking(self.folder):
            fd = self._open()
            line = b"\n" + line if self._torn else line  # readers skip what was cut off, and only that
            self._torn = True
            while line:
                line = line[os.write(fd, line) :]  # short only where the disk is almost full
            self._torn = False

    def _open(self) -> int:
        if self._fd is None or self._pid != os.getpid():  # a forked child writes a file of its own
            self.folder.mkdir(parents=True, exist_ok=True)
            name = f"{HOST}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._torn = False
            self._fd, self._pid = os.open(self.folder / name, flags, 0o666), os.getpid()
        return self._fd

    def close(self) -> None:
        """Close the file; the next event opens another."""
        if self._fd is not None and self._pid == os.getpid():
            os.close(self._fd)
        self._fd = None


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the events of all processes, by time; torn and foreign lines are left out.

    Within a process the order of writing holds, even if its clock was set back meanwhile.
    """
    keyed = []
    for path in sorted(Path(folder).glob("*.jsonl")):
        latest = 0.0
        for number, event in enumerate(_events(path)):
            latest = max(latest, event["time"])
            keyed.append((latest, path.name, number, event))
    return [event for *_, event in sorted(keyed, key=lambda row: row[:3])]


def _events(path: Path) -> Iterable[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("time"), (int, float)):
            yield event


def writer() -> dict[str, Any]:
    """Return who this process is, so that a reader can see whether it still lives."""
    job = os.environ.get("SLURM_ARRAY_JOB_ID")
    element = {"job": f"{job}_{os.environ.get('SLURM_ARRAY_TASK_ID', '0')}"} if job else {}
    return {"host": HOST, "pid": os.getpid(), "began": _began(os.getpid())} | element


def has_died(event: Mapping[str, Any]) -> bool:
    """Whether the process that wrote an event has ended; False where it cannot be known: it was another machine's."""
    if event.get("host") != HOST or not isinstance(event.get("pid"), int):
        return False
    return _began(event["pid"]) != event.get("began")


def _began(pid: int) -> str | None:
    """Return when a process began, in words that no other process of that number has; None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def summary(events: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return for every unit its last event, with ``state``: planned, running, done, failed or lost."""
    units: dict[str, dict[str, Any]] = {}
    for event in events:
        state = STATES.get(str(event.get("event")))
        if state and isinstance(event.get("unit"), str):
            before = units.get(event["unit"], {}) if event["event"] == "progress" else {}  # who began it is still true
            units[event["unit"]] = {**before, **event, "state": state}
    return units
