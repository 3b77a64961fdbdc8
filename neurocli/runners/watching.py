"""What became of each unit, with what only SLURM can tell: whether a job that computes one still exists."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import MissingError
from ..pipelines.status import lost
from ..pipelines.status import status as read
from . import slurm

EVERY_S = 30.0  # the queue is not asked more often than this, however often a person looks


class Watcher:
    """The status of an output folder, now and later.

    Parameters
    ----------
    out : Path
        The output folder.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._asked = float("-inf")
        self._live: dict[str, slurm.Element] | None = None

    def status(self) -> dict[str, Any]:
        """Return `pipelines.status.status`, in which a unit is lost where its job has left the queue."""
        found = read(self._out)
        ours = {name: unit for name, unit in found["units"].items() if unit["state"] == "running" and unit.get("job")}
        live = self._queue() if ours else None
        if live is None:
            return found
        gone = {name: lost(unit) for name, unit in ours.items() if unit["job"] not in live}
        units = found["units"] | gone
        return {
            **found,
            "units": units,
            "states": dict(sorted(Counter(unit["state"] for unit in units.values()).items())),
        }

    def _queue(self) -> dict[str, slurm.Element] | None:
        if time.monotonic() - self._asked >= EVERY_S:
            self._asked = time.monotonic()
            try:
                self._live = slurm.queue()
            except MissingError:
                self._live = None
        return self._live
