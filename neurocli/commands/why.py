"""`neurocli why UNIT`: what changed since a unit last ran."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from typing import Annotated

import typer

from . import _options as o

UnitId = Annotated[str, typer.Argument(help="A unit, as `plan --units` lists them.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why")(why)


def why(
    pipeline: o.Pipeline,
    unit: UnitId,
    bids_dir: o.BidsDir,
    out: o.Out,
    file: o.File = None,
    store: o.Store = None,
    participant_label: o.Participants = [],  # noqa: B006 - typer copies defaults
    session_label: o.Sessions = [],  # noqa: B006
    task_id: o.Tasks = [],  # noqa: B006
    sets: o.Sets = [],  # noqa: B006
    seed: o.Seed = None,
    device: o.Device = None,
    executor: o.Executor = "local",
    json: o.Json = False,
) -> None:
    """Print the exact difference of recipes, with the line of the pipelines file that made it."""
    from ..pipelines.choose import chosen
    from ..pipelines.why import why as explain

    request = o.request(
        pipeline=pipeline, bids_dir=bids_dir, out=out, file=file, store=store, participants=participant_label,
        sessions=session_label, tasks=task_id, sets=sets, seed=seed, device=device, executor=executor,
    )  # fmt: skip
    state, found = explain(request, chosen(request)[0], unit)
    if json:
        print(json_.dumps({"schema_version": 1, "unit": unit, "state": state, "changed": [asdict(d) for d in found]}))
        return
    print(f"{unit}: {state}")
    for difference in found:
        print(f"  {difference}")
