"""`neurocli logs UNIT`: what a unit printed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from . import _options as o

UnitId = Annotated[str, typer.Argument(help="A unit, as `status` or `plan --units` name it.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("logs")(logs)


def logs(unit: UnitId, out: o.Done) -> None:
    """Print the log of the task that a unit belongs to, and its traceback if it failed."""
    from ..errors import UsageError, unknown
    from ..pipelines.status import log_path, status

    found = status(out)["units"]
    if unit not in found:
        raise UsageError(unknown("unit", unit, found), code="E-USAGE-UNIT")
    task = unit.split("/")[1] if unit.startswith(("preprocess/", "featurize/")) else unit
    path = log_path(out, task)
    if path.is_file():
        print(path.read_text(encoding="utf-8", errors="replace"), end="")
    error = found[unit].get("error")
    if not path.is_file() and not error:
        print(f"{unit} said nothing: it is {found[unit]['state']}, without a word in its log", file=sys.stderr)
    if error:
        print(error.get("traceback") or f"{error['code']}: {error['message']} {error.get('remedy') or ''}".rstrip())
