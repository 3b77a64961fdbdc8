"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]
PLAIN_EVERY = 10.0  # s between lines where nobody watches a terminal


@contextmanager
def reporter(style: str, *, verbose: bool = False) -> Iterator[Callable[[Event], None]]:
    """Yield a function that is told every event of a run."""
    if style == "rich":
        with _bar(verbose) as report:
            yield report
    elif style == "plain":
        yield _Plain(verbose)
    else:
        yield _silent


def _silent(event: Event) -> None:
    """Say nothing; `event` is what a louder one would tell."""
    del event


def _stages(event: Event) -> str:
    return ", ".join(dict.fromkeys(unit.split("/")[0] for unit in event["units"]))


def _stopping(event: Event) -> str:
    n = event["running"]
    what = "the task that runs has" if n == 1 else f"the {n} tasks that run have"
    return f"stopping once {what} ended; Ctrl-C again stops at once"


class _Plain:
    """Lines of text, at most one every ten seconds, and the end of each phase."""

    def __init__(self, verbose: bool):
        self.verbose, self.done, self.total, self.last = verbose, 0, 0, time.monotonic()

    def __call__(self, event: Event) -> None:
        if event["event"] == "phase":
            self.done, self.total, self.stage = 0, len(event["units"]), _stages(event)
        elif event["event"] in ("done", "failed", "blocked"):
            self.done += 1
            self._say(f"({event['unit']})", always=self.verbose or self.done == self.total)
        elif event["event"] == "progress":
            self._say(f"({event['unit']}: part {event['done']} of {event['of']})")
        elif event["event"] == "stopping":
            print(_stopping(event), file=sys.stderr)

    def _say(self, about: str, *, always: bool = False) -> None:
        if always or time.monotonic() - self.last > PLAIN_EVERY:
            self.last = time.monotonic()
            print(f"{self.stage}: {self.done} of {self.total} units {about}", file=sys.stderr)


@contextmanager
def _bar(verbose: bool) -> Iterator[Callable[[Event], None]]:
    with bars() as progress:
        phases: list[Any] = []
        parts = Parts(progress)

        def report(event: Event) -> None:
            if event["event"] == "phase":
                phases.append(progress.add_task(_stages(event), total=len(event["units"])))
            elif event["event"] in ("done", "failed", "blocked") and phases:
                progress.advance(phases[-1])
                if verbose:
                    progress.console.print(f"{event['event']} {event['unit']}", highlight=False)
            elif event["event"] == "stopping":
                progress.console.print(_stopping(event), highlight=False)
            parts(event)

        yield report


@contextmanager
def bars() -> Iterator[Any]:
    """Yield a `rich` progress on stderr, which goes when the block ends."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.description:>21}")
    columns = (SpinnerColumn(), text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress


class Parts:
    """A bar below the others for each unit that tells how far it is, as long as it runs."""

    def __init__(self, progress: Any):
        self.progress, self.bars = progress, dict[str, Any]()

    def __call__(self, event: Event) -> None:
        """Take an event of a unit."""
        unit = event.get("unit", "")
        if event["event"] == "progress":
            if unit not in self.bars:
                self.bars[unit] = self.progress.add_task(unit, total=event["of"])
            self.progress.update(self.bars[unit], completed=event["done"])
        elif event["event"] in ("done", "failed", "lost") and unit in self.bars:
            self.progress.remove_task(self.bars.pop(unit))
