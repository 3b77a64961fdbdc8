"""`neurocli app`: the strict BIDS-App face, for those who start tools that way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import _options as o

Level = Annotated[str, typer.Argument(help="participant: up to featurize; group: the rest.")]
BidsArgument = Annotated[Path, typer.Argument(help="Root of the BIDS dataset.")]
OutArgument = Annotated[Path, typer.Argument(help="Derivative dataset to write.")]
Name = Annotated[str, typer.Option("--pipeline", help="Name of a pipeline in pipelines.yaml.")]
LEVELS = {"participant": "featurize", "group": "export"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("app")(bids_app)


def bids_app(
    bids_dir: BidsArgument,
    output_dir: OutArgument,
    analysis_level: Level,
    pipeline: Name,
    file: o.File = None,
    participant_label: o.Participants = [],  # noqa: B006 - typer copies defaults
    n_cpus: o.Cpus = None,
    json: o.Json = False,
) -> None:
    """Run as a BIDS App: `neurocli app BIDS_DIR OUTPUT_DIR participant --pipeline NAME`."""
    from ..errors import UsageError, unknown
    from ._show import Show, carry_out

    if analysis_level not in LEVELS:
        raise UsageError(unknown("analysis level", analysis_level, LEVELS))
    request = o.request(
        pipeline=pipeline, bids_dir=bids_dir, out=output_dir, until=LEVELS[analysis_level], file=file,
        participants=participant_label, n_cpus=n_cpus,
    )  # fmt: skip
    raise typer.Exit(carry_out(request, Show(json=json)))
