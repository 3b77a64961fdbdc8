"""Which job of ours computes which task: written down, so that any later process finds the jobs again."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import NeurocliError, ResourceError, TemporaryError
from ..pipelines.units import Task
from ..store import ledger
from ..store._files import speaking, write_whole
from ..store._locks import UnsupportedError, locked
from . import slurm

Event = dict[str, Any]
FINAL = ("done", "failed", "blocked")


@dataclass(frozen=True)
class Place:
    """Where a task is computed: an element of an array, when it was submitted, and the memory it may take in GB."""

    element: str
    time: float
    mem_gb: float | None = None

    @property
    def job(self) -> str:
        """The id of the array."""
        return self.element.partition("_")[0]


class Jobs:
    """The jobs of one output folder.

    Parameters
    ----------
    out : Path
        The output folder; records and what jobs print lie in ``.neurocli/slurm``.
    """

    def __init__(self, out: Path) -> None:
        self.folder, self._ledger = out / ".neurocli" / "slurm", out / ".neurocli" / "ledger"

    @contextmanager
    def submitting(self) -> Iterator[None]:
        """Keep a second submitter out, so that no task is submitted twice."""
        with speaking(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with locked(str(self.folder / "lock")):
                yield
        except UnsupportedError:
            yield

    def note(self, job: str, tasks: Sequence[Sequence[Task]], mem_gb: float | None = None) -> dict[str, Place]:
        """Write down what the elements of a new array compute; return the place of each task."""
        keys = [[task.units[-1].key for task in element] for element in tasks]
        record = {"job": job, "time": time.time(), "mem_gb": mem_gb, "keys": keys}
        with speaking(self.folder):
            write_whole(self.folder / f"{job}.json", json.dumps(record).encode())
        return _places(record)

    def known(self) -> dict[str, Place]:
        """Return the latest place of every task that was ever submitted, by the key of its last unit."""
        places: dict[str, Place] = {}
        for path in self.folder.glob("*.json"):
            try:
                found = _places(json.loads(path.read_bytes()))
            except (OSError, ValueError, KeyError, TypeError):
                continue  # torn or foreign: its tasks are submitted again
            places |= {key: place for key, place in found.items() if key not in places or places[key].time < place.time}
        return places

    def endings(self) -> dict[tuple[str, str], Event]:
        """Return the last final event of every unit, by unit and key."""
        events = ledger.read(self._ledger)
        return {(e["unit"], e.get("key", "")): e for e in events if e.get("event") in FINAL and "unit" in e}

    def last_words(self, place: Place) -> str:
        """Return the end of what an element printed."""
        try:
            return (self.folder / f"{place.element}.out").read_text(errors="replace")[-2000:]
        except OSError:
            return ""


def _places(record: Mapping[str, Any]) -> dict[str, Place]:
    return {
        key: Place(f"{record['job']}_{index}", float(record["time"]), record.get("mem_gb"))
        for index, keys in enumerate(record["keys"])
        for key in keys
    }


def ending_of(task: Task, endings: Mapping[tuple[str, str], Event], since: float) -> list[Event] | None:
    """Return the final events of all units of a task that came after a moment; None while one is missing."""
    found = [endings.get((unit.id, unit.key)) for unit in task.units]
    events = [event for event in found if event is not None and event["time"] >= since]
    return events if len(events) == len(found) else None


def error_of(task: Task, place: Place, state: str, words: str) -> dict[str, Any]:
    """Return the error of a task whose job is gone without a word in the ledger."""
    told = f" Its last words: {words.strip()[-500:]}" if words.strip() else ""
    message, where = f"SLURM job {place.element} ended as {state}.{told}", task.id
    error: NeurocliError
    if state == "OUT_OF_MEMORY":
        request = math.ceil(2 * (place.mem_gb or 1))
        remedy = f"Run again with --mem-gb {request}, or with --retries 1."
        error = ResourceError(message, code="E-RUN-KILLED", where=where, remedy=remedy)
    elif state == "TIMEOUT":
        remedy = "Run again with a longer --time-limit."
        error = ResourceError(message, code="E-RUN-TIMEOUT", where=where, remedy=remedy)
    elif state in ("PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REQUEUED"):
        error = TemporaryError(message, code="E-RUN-PREEMPTED", where=where, remedy="Run the same command again.")
    else:
        remedy = "Run the same command again; if it was not cancelled by hand, ask for more --mem-gb."
        error = slurm.SlurmError(message, code="E-SLURM-LOST", where=where, remedy=remedy)
    return dict(error.to_dict())
