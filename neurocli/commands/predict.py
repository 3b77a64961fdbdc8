"""`neurocli predict BUNDLE`: an exported model on new recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import _options as o

BundleDir = Annotated[Path, typer.Argument(help="A folder that `export` wrote: OUT/models/NAME.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict)


def predict(
    bundle: BundleDir,
    bids_dir: o.BidsDir,
    out: o.Out,
    store: o.Store = None,
    participant_label: o.Participants = [],  # noqa: B006 - typer copies defaults
    session_label: o.Sessions = [],  # noqa: B006
    task_id: o.Tasks = [],  # noqa: B006
    exclude: o.Exclude = None,
    bids_filter_file: o.FilterFile = None,
    n_cpus: o.Cpus = None,
    device: o.Device = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = "auto",
) -> None:
    """Replay preprocessing and features on new recordings and predict; refuses what does not match the model."""
    from ..runners.predicting import predict as apply
    from ._progress import reporter
    from ._show import Show, answer

    request = o.request(
        pipeline="predict", bids_dir=bids_dir, out=out, store=store, participants=participant_label,
        sessions=session_label, tasks=task_id, exclude=exclude, filter_file=bids_filter_file, n_cpus=n_cpus,
        device=device,
    )  # fmt: skip
    show = Show(json=json, quiet=quiet, progress=progress)
    with reporter(show.style) as report:
        document = apply(bundle.absolute(), request, report)
    answer(document, show)
    raise typer.Exit(document["exit"])
