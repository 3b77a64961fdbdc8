"""`neurocli worker`: run tasks of a frozen manifest; local workers, SLURM arrays and nipype nodes all call this."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Manifest = Annotated[Path | None, typer.Option("--manifest", help="A frozen manifest.")]
Index = Annotated[str, typer.Option("--index", help="A task, or a range such as 3-7.")]
Pipe = Annotated[int, typer.Option("--pipe", help="Serve indices read from stdin; answer on this descriptor.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker", hidden=True)(worker)


def worker(manifest: Manifest = None, index: Index = "", pipe: Pipe = -1) -> None:
    """Run one task, a range of them, or serve indices over a pipe."""
    from ..errors import UsageError
    from ..runners import work

    if manifest and pipe >= 0:
        work.serve_pipe(manifest, pipe)
    elif manifest and index:
        raise typer.Exit(work.run_range(manifest, index))
    else:
        raise UsageError("A worker needs --manifest, and --index or --pipe.", code="E-USAGE-WORKER")
