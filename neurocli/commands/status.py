"""`neurocli status`: what became of each unit of an output folder."""

from __future__ import annotations

import json as json_
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from . import _options as o

Failed = Annotated[bool, typer.Option("--failed", help="Only what failed.")]
LOOK_S = 2.0
Watch = Annotated[bool, typer.Option("--watch", help="Print again whenever something changes, until all is done.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(out: o.Done, failed: Failed = False, watch: Watch = False, json: o.Json = False) -> None:
    """Print what became of each unit; exits 5 when some failed."""
    from ..runners.watching import Watcher

    watcher = Watcher(out)
    found = watcher.status()
    show(found, failed=failed, json=json)
    if watch:
        found = _watch(watcher.status, found, lambda again: show(again, failed=failed, json=json))
    raise typer.Exit(5 if found["states"].get("failed") or found["states"].get("lost") else 0)


def _watch(
    read: Callable[[], dict[str, Any]], found: dict[str, Any], changed: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Look again until nothing runs; how far units are is a bar on a terminal, and elsewhere nothing."""
    from ._progress import Parts, bars

    with bars() if sys.stderr.isatty() else nullcontext() as progress:
        told = Parts(progress) if progress else None
        while "running" in found["states"]:
            for unit in found["units"].values():
                if told:
                    told(unit)
            time.sleep(LOOK_S)
            again = read()
            if again["states"] != found["states"]:
                changed(again)
            found = again
    return found


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
            about = f"part {unit['done']} of {unit['of']}" if unit["event"] == "progress" else error.get("message", "")
            print(f"  {unit['state']:<8} {name} {error.get('code', '')} {about}".rstrip())
