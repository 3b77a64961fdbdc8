"""`neurocli retry`: the last run of an output folder once more; what succeeded is not done again."""

from __future__ import annotations

from dataclasses import replace

import typer

from . import _options as o


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retry")(retry)


def retry(
    out: o.Done,
    mem_gb: o.Memory = None,
    n_cpus: o.Cpus = None,
    time_limit: o.TimeLimit = None,
    retries: o.Retries = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = "auto",
) -> None:
    """Run again what the last run of a folder asked for, with other resources if you say so."""
    from ..runners.provenance import last_request
    from ._show import Show, carry_out

    request = last_request(out.absolute())
    given = {"mem_gb": mem_gb, "n_cpus": n_cpus, "time_limit": time_limit, "retries": retries}
    request = replace(request, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    raise typer.Exit(carry_out(request, Show(json=json, quiet=quiet, progress=progress)))
