"""`neurocli bidsify`: loose recordings into a BIDS dataset."""

from __future__ import annotations

import json as json_
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import _options as o

Mapping = Annotated[Path, typer.Argument(help="Table (.tsv) or YAML: a row a file, who and what it is.")]
Dataset = Annotated[Path, typer.Option("-o", "--out", "--output-dir", help="BIDS dataset to write.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the dataset.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bidsify")(bidsify)


def bidsify(mapping: Mapping, out: Dataset, name: Name = None, json: o.Json = False, quiet: o.Quiet = False) -> None:
    """Bring EDF, BDF, GDF, EEGLAB, BrainVision, FIF, CTF, XDF, NWB, CSV, NIfTI and DICOM files into BIDS."""
    from ..pipelines.bidsify import carry_out

    document = carry_out(mapping.absolute(), out.absolute(), name)
    for warning in document["warnings"] if not quiet else ():
        print(f"warning: {warning}", file=sys.stderr)
    for failure in document["failures"]:
        place = f"{failure['where']}: " if failure["where"] else ""
        remedy = f" {failure['remedy']}" if failure["remedy"] else ""
        print(f"refused: {failure['code']} {place}{failure['message']}{remedy}", file=sys.stderr)
    if json:
        print(json_.dumps(document))
    elif not quiet:
        print("\n".join(document["files"]))
    raise typer.Exit(document["exit"])
