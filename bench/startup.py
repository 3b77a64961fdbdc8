"""`neurocli --help` beside a bare Typer app of the same number of commands and parameters."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .row import Row, command, fastest, python

BARE = """
import typer
app = typer.Typer()
def make(i):
    def f({parameters}): "One line of help."
    app.command(f"command{{i}}")(f)
for i in range({n}):
    make(i)
app()
"""


def rows() -> Iterator[Row]:
    """Yield the one line."""
    import typer

    from neurocli.commands import build

    group = typer.main.get_command(build())
    n = len(group.commands)  # type: ignore[attr-defined]
    counts = [len(c.params) for c in group.commands.values()]  # type: ignore[attr-defined]
    parameters = ", ".join(f"a{i}: str = 'x'" for i in range(round(sum(counts) / n)))
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE.format(n=n, parameters=parameters))
        peer = fastest(lambda: python(bare, "--help"), 7)
        ours = fastest(lambda: command("--help"), 7)
    yield Row("--help", ours, f"bare Typer app of {n} commands", peer, "2 x; 0.3 s when quiet", ours <= 2 * peer)
