"""`neurocli init`: files to start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path()) -> None:
    """Write a commented pipelines.yaml, its schema and rules for make; nothing that exists is overwritten."""
    from ..pipelines.start import start

    for path, is_new in start(folder):
        if is_new:
            print(path)
        else:
            print(f"kept {path}, which was there", file=sys.stderr)
    if (folder / "neurocli.mk").exists():
        print("add `include neurocli.mk` to your Makefile", file=sys.stderr)
