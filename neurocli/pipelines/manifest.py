"""Frozen lists of tasks that any worker, on any machine, can carry out: one JSON document a line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .keys import canonical
from .units import Task

VERSION = 1


@dataclass(frozen=True)
class Context:
    """Where a task finds its data and leaves its results; never part of a key."""

    run: str
    pipeline: str
    dataset: str
    out: str
    store: str
    store_from: tuple[str, ...] = ()
    seed: int = 42
    force: tuple[str, ...] = ()
    cohort: tuple[dict[str, Any], ...] = ()  # id, entities, key: of the recordings that a gathering stage uses
    participants: tuple[tuple[str, dict[str, Any]], ...] = ()
    describe: dict[str, Any] | None = None
    allow_leak: str | None = None
    asked: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    device: str = "cpu"  # auto, cpu, cuda or cuda:N, resolved; which units compute on it stands in their recipes
    threads: int = 1  # cores of a unit that can use several: parts of a long recording


def append(path: Path, context: Context, tasks: Sequence[Task]) -> int:
    """Add a section, a context and its tasks, and return the index of the first task; what stands there stays.

    The index of a task is the number of its line, so it never changes, and workers that live on find new sections.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    first = path.read_bytes().count(b"\n") if path.exists() else 0
    head = canonical({"version": VERSION, **asdict(context)})
    text = "".join(f"{line}\n" for line in [head, *(canonical(task.to_dict()) for task in tasks)])
    with path.open("ab") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    return first + 1


class Manifest:
    """A manifest as a worker reads it: lines are parsed when they are asked for, and read again when it has grown."""

    def __init__(self, path: Path):
        self.path = path
        self._lines: list[bytes] = []
        self._contexts: dict[int, Context] = {}

    def task(self, index: int) -> tuple[Context, Task]:
        """Return a task with the context of its section.

        Raises
        ------
        StoreError
            If there is no such task, or the manifest is of another release (``E-STORE-MANIFEST``).
        """
        if index >= len(self._lines):
            self._lines = self._read()
        document = self._parsed(index)
        head = next((i for i in range(index, -1, -1) if self._lines[i].startswith(b'{"allow_leak"')), None)
        if head is None or head == index or "units" not in document:
            raise self._fault(f"line {index} is no task")
        return self._context(head), Task.from_dict(document)

    def _read(self) -> list[bytes]:
        try:
            return self.path.read_bytes().splitlines()
        except OSError as error:
            raise self._fault(str(error.strerror)) from error

    def _parsed(self, index: int) -> dict[str, Any]:
        try:
            return dict(json.loads(self._lines[index]))
        except (IndexError, ValueError, TypeError) as error:
            raise self._fault(f"line {index} cannot be read") from error

    def _context(self, head: int) -> Context:
        if head not in self._contexts:
            document = self._parsed(head)
            if document.pop("version", None) != VERSION:
                raise self._fault("it was written by another release")
            self._contexts[head] = _context(document)
        return self._contexts[head]

    def _fault(self, reason: str) -> StoreError:
        return StoreError(f"The manifest cannot be used: {reason}.", code="E-STORE-MANIFEST", where=str(self.path),
                          remedy="Submit the run again.")  # fmt: skip


def _context(document: dict[str, Any]) -> Context:
    tuples = {name: tuple(document[name]) for name in ("store_from", "force", "cohort", "asked")}
    pairs = {name: tuple((a, b) for a, b in document[name]) for name in ("participants", "missing")}
    return Context(**{**document, **tuples, **pairs})
