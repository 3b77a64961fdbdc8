"""A run as a Makefile fragment: real files on both sides of the colon."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .sources import find_sources

if TYPE_CHECKING:
    from .config import Pipeline
    from .request import Request

# one file of each stage that stands for the rest: it is written last, and only when its content changed
TARGETS = {
    "train": "group/desc-{label}_predictions.tsv",
    "evaluate": "group/desc-{label}_scores.json",
    "export": "report.html",
}


def rules(request: Request, pipeline: Pipeline) -> str:
    """Return the rules of a stage: its target depends on every recording and its sidecars, and on the file itself.

    A stamp stands between them: it says when a run has ended, and the target when its content changed.
    ``NEUROCLI_FLAGS`` is added to the command.
    """
    from .publish import label_of

    sources = find_sources(request, pipeline, hashing=False)
    inputs = [str(request.bids_dir / path) for source in sources for path in (source.item.path, *source.item.sidecars)]
    if request.file:
        inputs.append(str(request.file))
    label = label_of(pipeline.name)
    stamp = request.out / ".neurocli" / f"{label}.{request.until}.made"
    made = _rule(stamp, inputs, [_command(request, pipeline), f"@touch {shlex.quote(str(stamp))}"])
    if request.until not in TARGETS:
        return made
    target = request.out / TARGETS[request.until].format(label=label)
    # the target keeps its time when its content did, so whatever depends on it is left alone too
    again = f"@test -f {shlex.quote(str(target))} || {_command(request, pipeline)}"
    return _rule(target, [str(stamp)], [again]) + made


def _command(request: Request, pipeline: Pipeline) -> str:
    words = ["neurocli", request.until, pipeline.name, "--bids-dir", request.bids_dir, "-o", request.out]
    words += ["-f", request.file] if request.file else []
    return shlex.join(map(str, words)).replace("$", "$$") + " $(NEUROCLI_FLAGS)"


def _rule(target: Path, inputs: Iterable[str], recipe: Iterable[str]) -> str:
    listed = " \\\n  ".join(_escaped(path) for path in sorted(set(inputs)))
    return f"{_escaped(target)}: \\\n  {listed}\n" + "".join(f"\t{line}\n" for line in recipe) + "\n"


def _escaped(path: str | Path) -> str:
    return str(path).replace("$", "$$").replace(" ", "\\ ").replace("#", "\\#")
