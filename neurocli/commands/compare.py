"""`neurocli compare RUN RUN ...`: scores side by side, with what their number calls for."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from . import _options as o

Runs = Annotated[list[Path], typer.Argument(help="Output folders of runs.")]
Metric = Annotated[str | None, typer.Option("--metric", help="Only this one.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare")(compare)


def compare(runs: Runs, metric: Metric = None, json: o.Json = False) -> None:
    """Print the scores of several runs, best first, with p values corrected for how many there are."""
    from ..pipelines.scores import comparison

    rows = comparison([run.absolute() for run in runs], metric)
    if json:
        print(json_.dumps({"schema_version": 1, "rows": rows}))
        return
    for row in rows:
        p = "–" if row["p_corrected"] is None else f"{row['p_corrected']:.3f}"
        print(f"{row['metric']:<20} {row['mean']:.3f}  chance {row['chance']:.3f}  p (corrected) {p}  "
              f"n = {row['n_subjects']}  {row['pipeline']}  {row['run']}")  # fmt: skip
