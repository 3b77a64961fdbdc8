"""`neurocli make-deps`: the files of a run as a Makefile fragment."""

from __future__ import annotations

from typing import Annotated

import typer

from . import _options as o

Until = Annotated[str, typer.Option("--until", help="The last stage to make.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("make-deps")(make_deps)


def make_deps(
    pipeline: o.Pipeline, bids_dir: o.BidsDir, out: o.Out, until: Until = "export", file: o.File = None
) -> None:
    """Print rules that `include` understands: what a pipeline writes depends on what it reads."""
    from ..pipelines.choose import chosen
    from ..pipelines.makefile import rules

    request = o.request(pipeline=pipeline, bids_dir=bids_dir, out=out, until=until, file=file)
    for one in chosen(request):
        print(rules(request, one), end="")
