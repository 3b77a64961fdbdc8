"""A run that goes on without us: its jobs are submitted, or only written down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Detached(Exception):
    """Raised through a run to leave it where it is.

    Parameters
    ----------
    message : str
        What was done and how to follow it.
    batch : sequence of Path
        The batch files that were written.
    jobs : sequence of str
        The ids of the jobs; none after ``--dry-run``.
    """

    def __init__(self, message: str, batch: Sequence[Path], jobs: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message, self.batch, self.jobs = message, list(batch), list(jobs)

    def document(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the document of a run with what was submitted."""
        ours = {"status": "submitted" if self.jobs else "dry-run", "exit": 0, "jobs": self.jobs}
        notes = [*document["warnings"], self.message]
        return {**document, **ours, "batch": [str(path) for path in self.batch], "warnings": notes}
