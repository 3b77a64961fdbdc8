"""`neurocli demo`: a small BIDS dataset with a known answer, and a shipped pipeline on it from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import _options as o

Folder = Annotated[Path, typer.Option("-o", "--out", help="Folder for the dataset and the results.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    out: Folder = Path("neurocli-demo"),
    n_cpus: o.Cpus = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = "auto",
) -> None:
    """Write a small BIDS EEG dataset with known ground truth and run the pipeline `demo` on it."""
    from ..bids.demo import write_demo
    from ..pipelines.config import SHIPPED
    from ._show import Show, carry_out

    dataset = write_demo(out / "bids")
    request = o.request(
        pipeline="demo", bids_dir=dataset, out=out / "derivatives", file=SHIPPED, n_cpus=n_cpus, until="export"
    )
    raise typer.Exit(carry_out(request, Show(json=json, quiet=quiet, progress=progress)))
