"""`neurocli status`: what became of each unit of an output folder."""

from __future__ import annotations

import json as json_
import time
from typing import Annotated, Any

import typer

from . import _options as o

Failed = Annotated[bool, typer.Option("--failed", help="Only what failed.")]
Watch = Annotated[bool, typer.Option("--watch", help="Print again whenever something changes, until all is done.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(out: o.Out, failed: Failed = False, watch: Watch = False, json: o.Json = False) -> None:
    """Print what became of each unit; exits 5 when some failed."""
    from ..runners.watching import Watcher

    watcher = Watcher(out)
    found = watcher.status()
    show(found, failed=failed, json=json)
    while watch and "running" in found["states"]:
        time.sleep(2)
        again = watcher.status()
        if again["states"] != found["states"]:
            show(again, failed=failed, json=json)
        found = again
    raise typer.Exit(5 if found["states"].get("failed") or found["states"].get("lost") else 0)


def show(found: dict[str, Any], *, failed: bool, json: bool) -> None:
    """Print one status."""
    units = {name: unit for name, unit in found["units"].items() if not failed or unit["state"] in ("failed", "lost")}
    if json:
        print(json_.dumps({**found, "units": units}))
        return
    print(", ".join(f"{n} {state}" for state, n in found["states"].items()) or "nothing has run")
    for name, unit in units.items():
        if unit["state"] != "done":
            error = unit.get("error", {})
            print(f"  {unit['state']:<8} {name} {error.get('code', '')} {error.get('message', '')}".rstrip())
