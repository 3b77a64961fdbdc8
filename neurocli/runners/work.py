"""The worker command: a manifest on one side, `pipelines.execute` on the other."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import Exit, UsageError
from ..pipelines.execute import run_task
from ..pipelines.manifest import Manifest
from ..pipelines.progress import Tell, silent
from ..pipelines.status import log_path
from ..store.ledger import Ledger
from . import threads, worker


def serve_pipe(path: Path, fd: int) -> None:
    """Take indices on stdin and answer on a descriptor, until stdin ends."""
    threads.hold()
    run_one, log_of = _of(path, lambda event: worker.answer(fd, {"event": event}))
    worker.serve(fd, run_one, log_of)


def run_range(path: Path, text: str) -> int:
    """Run tasks ``3`` or ``3-7`` one after the other and return the gravest exit status of their units."""
    threads.hold()
    worker.heed_once(signal.SIGTERM, signal.SIGUSR1)  # what SLURM sends before it takes the machine away
    try:
        return _run_range(path, text)
    except worker.Preempted:  # between two tasks
        return int(Exit.TEMPORARY)


def _run_range(path: Path, text: str) -> int:
    run_one, log_of = _of(path)
    gravest = 0
    for index in _indices(text):
        answer = worker.run(worker.Order(index), run_one, log_of(index))
        errors = (
            [answer["error"]] if not answer["ok"] else [e["error"] for e in answer["result"]["events"] if "error" in e]
        )
        if any(error["code"] == "E-RUN-PREEMPTED" for error in errors):
            return int(Exit.TEMPORARY)
        gravest = max([gravest, *(int(error["exit"]) for error in errors)])
    return gravest


def _indices(text: str) -> range:
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise UsageError(f"{text!r} is no task, nor a range such as 3-7.", code="E-USAGE-WORKER")
    return range(int(first), int(last or first) + 1)


def _of(path: Path, tell: Tell = silent) -> tuple[Callable[[int], dict[str, Any]], Callable[[int], Path | None]]:
    manifest = Manifest(path)
    ledgers: dict[str, Ledger] = {}

    def run_one(index: int) -> dict[str, Any]:
        context, task = manifest.task(index)
        ledger = ledgers.setdefault(context.out, Ledger(Path(context.out) / ".neurocli" / "ledger"))
        return {"events": run_task(context, task, ledger, tell)}

    def log_of(index: int) -> Path | None:
        context, task = manifest.task(index)
        return log_path(Path(context.out), task.id)

    return run_one, log_of
