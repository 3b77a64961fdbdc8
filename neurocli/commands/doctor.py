"""`neurocli doctor`: what this machine has, and what that means for a run."""

from __future__ import annotations

import json as json_
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _options as o

Folder = Annotated[Path, typer.Option("--store", "-o", "--out", help="Folder whose file system is looked at.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(folder: Folder = Path(), json: o.Json = False) -> None:
    """Print versions, cores, memory, GPU, SLURM, external tools and what the file system can do."""
    from ..runners.checkup import checkup

    found = checkup(folder.absolute())
    if json:
        print(json_.dumps({"schema_version": 1, **found}))
        return
    for section, rows in found.items():
        print(section)
        for name, value in rows.items():
            print(f"  {name:<22} {_word(value)}")
    if not shutil.which("sbatch"):
        print("SLURM is not here: --executor slurm will say so; --executor local works.")


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not found" if value is None else str(value)
