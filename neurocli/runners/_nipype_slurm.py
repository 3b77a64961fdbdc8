"""nipype's two SLURM plugins, mended: a killed job is one failed node, and one question a poll serves all jobs.

Upstream dies with a TypeError when one job is killed, needs ``LOGNAME`` and asks ``squeue`` once for every job;
SLURMGraph leaves before its jobs have ended and cannot have a space in a path (``docs/upstream``).
"""

from __future__ import annotations

import getpass
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nipype.pipeline import plugins

from . import slurm

POLL_S = (1.0, 30.0)  # the first pause between two questions of SLURMGraph, and the longest
MAX_SILENCE = 20  # questions without an answer, after which we give up


def queue() -> set[str] | None:
    """Return the ids of all our jobs that have not ended and may still run; None without an answer."""
    found = slurm.queue()
    return None if found is None else {job for job, element in found.items() if not element.is_dead}


def name_ourselves() -> None:
    """Set ``LOGNAME``, which cron and some containers do not, and of which upstream makes names of jobs."""
    if "LOGNAME" not in os.environ:
        try:
            os.environ["LOGNAME"] = getpass.getuser()
        except (KeyError, OSError):
            os.environ["LOGNAME"] = f"uid{os.getuid()}"


class SLURMPlugin(plugins.SLURMPlugin):  # type: ignore[misc]  # nipype has no types
    """One job a node; takes the ``plugin_args`` of the class that it mends."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._queued: set[str] | None = set()
        self._unasked: set[int] = set()

    def _is_pending(self, taskid: int) -> bool:
        if taskid not in self._unasked:  # it was asked for before, or is new: this is another poll
            self._queued, self._unasked = queue(), set(self._pending)
        self._unasked.discard(taskid)
        return self._queued is None or str(taskid) in self._queued

    def _get_result(self, taskid: int) -> dict[str, Any] | None:
        result = super()._get_result(taskid)
        if result and isinstance(result["traceback"], str):
            result["traceback"] = result["traceback"].splitlines(keepends=True)  # a list is what is added to it
        return None if result is None else dict(result)

    def _submit_batchtask(self, scriptfile: str, node: Any) -> int:
        name_ourselves()
        return int(super()._submit_batchtask(shlex.quote(scriptfile), node))


class SLURMGraphPlugin(plugins.SLURMGraphPlugin):  # type: ignore[misc]  # nipype has no types
    """All jobs at once, with dependencies between them; we stay until they have left the queue."""

    def _submit_graph(
        self, pyfiles: Sequence[str], dependencies: Mapping[int, Sequence[int]], nodes: Sequence[Any]
    ) -> None:
        jobs: list[str] = []  # the nodes come in topological order
        for index, (script, node) in enumerate(zip(pyfiles, nodes, strict=True)):
            jobs.append(self._submit(Path(script), node, [jobs[before] for before in dependencies.get(index, ())]))
        _outlast(set(jobs))

    def _submit(self, script: Path, node: Any, after: Sequence[str]) -> str:
        template, arguments = self._get_args(node, ["template", "sbatch_args"])
        batch = script.with_suffix(".sh")
        batch.write_text(f"{template}\n{shlex.join([sys.executable, str(script)])}\n")
        waits = [f"--dependency=afterok:{':'.join(after)} --kill-on-invalid-dep=yes"] if after else []
        return slurm.submit(batch, [*waits, arguments])


def _outlast(jobs: set[str]) -> None:
    pause, silence = POLL_S[0], 0
    while (queued := queue()) is None or jobs & queued:
        silence = silence + 1 if queued is None else 0
        if silence >= MAX_SILENCE:
            raise slurm.busy("squeue failed too often")
        time.sleep(pause)
        pause = min(1.5 * pause, POLL_S[1])
