"""`neurocli doctor`: what this machine has, and what that means for a run."""

from __future__ import annotations

import json as json_
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _options as o

Folder = Annotated[Path, typer.Option("--store", "-o", "--out", help="Folder whose file system is looked at.")]


Offline = Annotated[bool, typer.Option("--offline", help="Prove that no network is needed; exits 9 if it cannot be.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(folder: Folder = Path(), offline: Offline = False, json: o.Json = False) -> None:
    """Print versions, cores, memory, GPU, SLURM, external tools and what the file system can do."""
    from ..errors import Exit
    from ..runners.checkup import checkup, offline_checkup

    found = offline_checkup() if offline else checkup(folder.absolute())
    if json:
        print(json_.dumps({"schema_version": 1, **found}))
    else:
        _show(found)
        _warn(found)
    if offline and not found["network"]["sockets can be refused"]:
        raise typer.Exit(int(Exit.ENVIRONMENT))


def _show(found: dict[str, dict[str, Any]]) -> None:
    for section, rows in found.items():
        print(section)
        for name, value in rows.items():
            print(f"  {name:<22} {_word(value)}")


def _warn(found: dict[str, dict[str, Any]]) -> None:
    if "tools" in found and not shutil.which("sbatch"):
        print("SLURM is not here: --executor slurm will say so; --executor local works.")


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not found" if value is None else str(value)
