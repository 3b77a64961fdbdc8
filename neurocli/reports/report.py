"""The HTML report: what was asked, what came out, what it means, and how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..step import Exporter, named

if TYPE_CHECKING:
    from ..data.results import Results


@named("report")
class Report(Exporter):
    """One self-contained HTML page: scores with all that belongs beside them, figures, certificate, methods."""

    version = 4  # the Brier score always with its parts
    libraries = ("matplotlib",)

    def run(self, results: Results, folder: Path) -> None:
        """Write ``report.html``; pipelines of a matrix get a name of their own."""
        from ._figures import figures
        from ._page import page

        name = f"report_{results.label}.html" if "[" in results.name else "report.html"
        (folder / name).write_text(page(results, figures(results)), encoding="utf-8")
