"""nipype's two SLURM plugins, mended: a killed job is one failed node, and one question a poll serves all jobs.

Upstream dies with a TypeError when one job is killed, needs ``LOGNAME``, asks ``squeue`` once for every job, and
SLURMGraph leaves before its jobs have ended (``docs/upstream``).
"""

from __future__ import annotations

import getpass
import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nipype.pipeline.plugins import slurm, slurmgraph

POLL_S = (1.0, 30.0)  # the first pause between two questions of SLURMGraph, and the longest
MAX_SILENCE = 20  # questions without an answer, after which we give up


def queue(field: str) -> set[str] | None:
    """Return a field (``%i`` for the id, ``%j`` for the name) of all our jobs in the queue; None without an answer."""
    command = ["squeue", "--noheader", f"--user={os.getuid()}", f"--format={field}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        return None
    return None if answer.returncode else set(answer.stdout.split())


def name_ourselves() -> None:
    """Set ``LOGNAME``, which cron and some containers do not, and of which upstream makes names of jobs."""
    if "LOGNAME" not in os.environ:
        try:
            os.environ["LOGNAME"] = getpass.getuser()
        except (KeyError, OSError):
            os.environ["LOGNAME"] = f"uid{os.getuid()}"


class SLURMPlugin(slurm.SLURMPlugin):  # type: ignore[misc]  # nipype has no types
    """One job a node; takes the ``plugin_args`` of the class that it mends."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._queued: set[str] | None = set()
        self._unasked: set[int] = set()

    def _is_pending(self, taskid: int) -> bool:
        if taskid not in self._unasked:  # it was asked for before, or is new: this is another poll
            self._queued, self._unasked = queue("%i"), set(self._pending)
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


class SLURMGraphPlugin(slurmgraph.SLURMGraphPlugin):  # type: ignore[misc]  # nipype has no types
    """One script that submits all; we stay until its jobs have left the queue."""

    def _submit_graph(self, pyfiles: Sequence[str], dependencies: Any, nodes: Sequence[Any]) -> None:
        super()._submit_graph(pyfiles, dependencies, nodes)
        script = Path(pyfiles[0]).with_name("submit_jobs.sh").read_text()
        names = {line.partition("=")[0] for line in script.splitlines() if "$(sbatch" in line}
        pause, silence = POLL_S[0], 0
        while (queued := queue("%j")) is None or names & queued:
            silence = silence + 1 if queued is None else 0
            if silence >= MAX_SILENCE:
                raise RuntimeError("squeue failed too often")
            time.sleep(pause)
            pause = min(1.5 * pause, POLL_S[1])
