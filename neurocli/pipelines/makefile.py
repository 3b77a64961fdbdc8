"""A run as a Makefile fragment: real files on both sides of the colon."""

from __future__ import annotations

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
    """Return one rule: the target of the stage depends on every recording and its sidecars, and on the file itself."""
    from .publish import label_of

    sources = find_sources(request, pipeline, hashing=False)
    inputs = [str(request.bids_dir / path) for source in sources for path in (source.item.path, *source.item.sidecars)]
    if request.file:
        inputs.append(str(request.file))
    name = TARGETS.get(request.until, f".neurocli/{label_of(pipeline.name)}.{request.until}")
    target = request.out / name.format(label=label_of(pipeline.name))
    body = f"\tneurocli {request.until} {pipeline.name} --bids-dir {request.bids_dir} -o {request.out}"
    command = (
        body + (f" -f {request.file}" if request.file else "") + f"\n\t@mkdir -p {target.parent} && touch {target}"
    )
    listed = " \\\n  ".join(_escaped(path) for path in sorted(set(inputs)))
    return f"{_escaped(str(target))}: \\\n  {listed}\n{command}\n"


def _escaped(path: str | Path) -> str:
    return str(path).replace("$", "$$").replace(" ", "\\ ").replace("#", "\\#")
