"""`neurocli plan`: what is cached, what will run, and what it will cost."""

from __future__ import annotations

import json as json_
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ..pipelines.preview import Preview
    from ..pipelines.request import Request

Until = Annotated[str, typer.Option("--until", help="The last stage to plan.")]
Check = Annotated[bool, typer.Option("--check", help="Exit 10 when anything is stale or missing.")]
Units = Annotated[bool, typer.Option("--units", help="List every unit.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def plan(
    pipeline: o.Pipeline,
    bids_dir: o.BidsDir,
    out: o.Out,
    until: Until = "export",
    check: Check = False,
    units: Units = False,
    file: o.File = None,
    store: o.Store = None,
    store_from: o.StoreFrom = [],  # noqa: B006 - typer copies defaults
    participant_label: o.Participants = [],  # noqa: B006
    session_label: o.Sessions = [],  # noqa: B006
    task_id: o.Tasks = [],  # noqa: B006
    exclude: o.Exclude = None,
    bids_filter_file: o.FilterFile = None,
    sets: o.Sets = [],  # noqa: B006
    seed: o.Seed = None,
    n_cpus: o.Cpus = None,
    device: o.Device = None,
    executor: o.Executor = "local",
    json: o.Json = False,
) -> None:
    """Print what is cached, what will run and what it will cost; nothing is run or read."""
    request = o.request(
        pipeline=pipeline, bids_dir=bids_dir, out=out, until=until, file=file, store=store, store_from=store_from,
        participants=participant_label, sessions=session_label, tasks=task_id, exclude=exclude,
        filter_file=bids_filter_file, sets=sets, seed=seed, n_cpus=n_cpus, device=device,
        executor=executor,
    )  # fmt: skip
    raise typer.Exit(print_plan(request, as_json=json, check=check, units=units))


def print_plan(request: Request, *, as_json: bool, check: bool = False, units: bool = False) -> int:
    """Print the plan of every pipeline that the request names and return the exit status."""
    from ..errors import Exit
    from ..pipelines.choose import chosen
    from ..pipelines.preview import preview

    previews = [preview(request, pipeline) for pipeline in chosen(request)]
    for made in previews:
        print(json_.dumps(made.to_dict()) if as_json else text(made, units=units))
    return int(Exit.STALE) if check and any(made.stale for made in previews) else 0


def text(made: Preview, *, units: bool) -> str:
    """Return the plan as a table of stages, and the list of units if asked for."""
    lines = [f"{made.pipeline}: {'something to do' if made.stale else 'all is cached'}"]
    for stage, row in made.stages().items():
        states = ", ".join(f"{row[state]} {state}" for state in ("cached", "to run", "not hashed yet") if row[state])
        card = f", {row['cuda']} of them on a GPU" if row["cuda"] else ""
        cost = f"; {seconds(row['wall_s'])} of one core" if row["wall_s"] else ""
        lines.append(f"  {stage:<10} {states}{cost}{card}")
    if made.stale:
        lines.append(f"  {_cost(made)}")
    if units:
        lines += [f"  {line.state:<14} {line.unit.id}" for line in made.lines]
    return "\n".join(lines)


def _cost(made: Preview) -> str:
    """Return what is known of the time and the memory that all of it takes."""
    price = made.price()  # looks at every unit
    parts = [f"{word} {seconds(spent)} of one core" for name, word in PRICED.items() if (spent := price[name])]
    workers = f"{made.n_workers} process{'es' if made.n_workers > 1 else ''} at a time"
    peak = made.peak_rss_bytes()
    memory = f", {peak / 1e9:.1f} GB each at most" if peak is not None else ""
    if None in price.values():
        parts.append("the rest is not known until something like it has run" if parts else UNKNOWN)
    return "; ".join([", ".join(parts), workers + memory])


PRICED = {"answer": "the answer takes", "controls": "its controls"}
UNKNOWN = "time and memory are not known until something like it has run"


def seconds(value: float) -> str:
    """Return a duration for eyes."""
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"
