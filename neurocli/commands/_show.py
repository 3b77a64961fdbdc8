"""What a person sees of a run: progress on stderr, the answer on stdout."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, unknown

if TYPE_CHECKING:
    from ..pipelines.request import Request

PROGRESS = ("auto", "rich", "plain", "none")


@dataclass
class Show:
    """How the answer and the way to it are shown."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    progress: str = "auto"
    print_outputs: bool = False

    def __post_init__(self) -> None:
        if self.progress not in PROGRESS:
            raise UsageError(unknown("--progress", self.progress, PROGRESS))

    @property
    def style(self) -> str:
        """`rich` on a terminal, `plain` elsewhere, unless asked for otherwise."""
        if self.quiet:
            return "none"
        if self.progress == "auto":
            return "rich" if sys.stderr.isatty() else "plain"
        return self.progress


def carry_out(request: Request, show: Show) -> int:
    """Run what was asked for, print the answer, and return the exit status."""
    from ..runners.api import execute

    if request.dry_run and request.executor != "slurm":
        from .plan import print_plan

        return print_plan(request, as_json=show.json)
    from ._progress import reporter

    with reporter(show.style, verbose=show.verbose) as report:
        documents = execute(request, report)
    for document in documents:
        answer(document, show)
    return max((document["exit"] for document in documents), default=0)


def answer(document: dict[str, Any], show: Show) -> None:
    """Print the answer on stdout, and on stderr what failed and how to resume."""
    if show.json:
        print(json.dumps(document, ensure_ascii=False))
    elif show.print_outputs:
        print("\n".join(document["outputs"]))
    elif not show.quiet:
        _table(document)
    for path in [] if show.json or show.quiet else document.get("batch", []):
        print(Path(path).read_text("utf-8"))
    for failure in document["failures"]:
        place = f" {failure['where']}:" if failure.get("where") else ""
        print(f"failed {failure['unit']}: {failure['code']}{place} {failure['message']} "
              f"{failure.get('remedy', '')}".rstrip(), file=sys.stderr)  # fmt: skip
    for warning in document["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    if document["failures"]:
        print(f"to resume: {shlex.join(['neurocli', *sys.argv[1:]])}", file=sys.stderr)


def _table(document: dict[str, Any]) -> None:
    units = document["units"]
    counts = ", ".join(f"{n} {state}" for state, n in units.items() if n or state in ("executed", "cached"))
    print(f"{document['pipeline']}: {document['status']} ({counts}; {document['wall_s']:.1f} s)")
    for line in (*map(sentence, document["scores"]), *beside(document)):
        say("  " + line)
    for line in _left(document):
        print("  " + line)


FEW = 3  # files that are named one by one


def _left(document: dict[str, Any]) -> list[str]:
    """Return where to look: the reports, else the files where they are few, else their folder."""
    outputs = document["outputs"]
    if pages := [path for path in outputs if path.endswith(".html")]:
        first = [path for path in pages if Path(path).name.startswith(("report", "index"))]  # which link to the others
        return [f"report: {path}" for path in first or pages]
    if len(outputs) <= FEW:
        return [f"file: {path}" for path in outputs]
    return [f"{len(outputs)} files in {document['out']}"]


def say(line: str) -> None:
    """Print a line, broken between words where a terminal would break it anywhere."""
    if not sys.stdout.isatty():
        print(line)
        return
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    width = shutil.get_terminal_size().columns
    print(textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


def sentence(score: dict[str, Any]) -> str:
    """Return a score with all that belongs beside it, in one line."""
    interval = f"[{score['ci'][0]:.3f}, {score['ci'][1]:.3f}]" if score["ci"] else "no interval"
    rivals = ", ".join(f"{name} {number(value)}" for name, value in (score.get("rivals") or {}).items())
    parts = [f"chance {number(score['chance'])}", f"null p {number(score['p_null'])}", rivals]
    if score.get("drift") is not None:
        parts.append(f"drift {number(score['drift'])}")
    parts.append(f"n = {counted(score['n_subjects'], 'subject')}, {counted(score['n_samples'], 'sample')}")
    return f"{score['metric']} {number(score['mean'])} {interval}; " + "; ".join(part for part in parts if part)


def beside(document: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each protocol that was asked for beside the score."""
    if found := document.get("over_time"):
        spans = ", ".join(f"{c['start']:.3f} to {c['end']:.3f} s (p {number(c['p'])})" for c in found["clusters"])
        yield f"over time: {spans or 'no cluster'}; test: {found['test']}"
    for name, word in (("few_shot", "shots"), ("ablation", "share")):
        for curve in (document.get(name) or {}).get("curves", []):
            points = ", ".join(f"{point[word]:g}: {number(point['mean'])}" for point in curve["points"])
            yield f"{name.replace('_', ' ')}, {curve['metric']} by {word}: {points}"
    if found := document.get("forecast"):
        yield f"forecast: {_forecast(found)}"


def _forecast(found: dict[str, Any]) -> str:
    if "refused" in found:
        return f"not scored ({found['refused']})"
    said = f"sensitivity {number(found['sensitivity'])} of {found['n_onsets']} onsets, chance {number(found['chance'])}"
    ps = f"p {number(found['p_surrogate'])} (rotated onsets), {number(found['p_rate'])} (random alarms)"
    return f"{said}; {ps}; {number(found['time_in_warning'])} of the time under warning"


def counted(n: int, what: str) -> str:
    """Return a number of things, as one says it."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def number(value: float | None) -> str:
    """Return three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}"
