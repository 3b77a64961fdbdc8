"""`neurocli attach`: wait for the jobs of a run that somebody submitted, and go on where they end."""

from __future__ import annotations

from dataclasses import replace

import typer

from . import _options as o


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("attach")(attach)


def attach(
    out: o.Done, detach: o.Detach = False, json: o.Json = False, quiet: o.Quiet = False, progress: o.Progress = "auto"
) -> None:
    """Find the jobs of the last run of a folder, wait for them, and submit the stages that follow."""
    from ..runners.provenance import last_request
    from ._show import Show, carry_out

    request = replace(last_request(out.absolute()), detach=detach)
    raise typer.Exit(carry_out(request, Show(json=json, quiet=quiet, progress=progress)))
