"""`neurocli report`: where the report of a run lies, and its scores in a terminal."""

from __future__ import annotations

import json as json_

import typer

from . import _options as o


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(out: o.Done, json: o.Json = False) -> None:
    """Print the scores that a run left, with all that belongs beside them, and the path of its report."""
    from ..pipelines.scores import published_scores
    from ._show import say, sentence

    found = published_scores(out)
    if json:
        print(json_.dumps({"schema_version": 1, "pipelines": found}))
        return
    for name, document in found.items():
        print(name)
        for score in document["scores"]:
            say("  " + sentence(score))
    for path in sorted(out.glob("report*.html")):
        print(f"report: {path}")
