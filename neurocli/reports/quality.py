"""Quality control: a page a subject and one for the cohort, and every number of them in a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..data.tables import tsv
from ..step import Exporter, named

if TYPE_CHECKING:
    from ..data.results import Results


@named("quality")
class Quality(Exporter):
    """Pages of quality control, one a subject and one for the cohort with outliers marked, and tables of their numbers.

    Spectra and signal-to-noise ratios are those of the steps ``quality`` in the chain, the first and the last of them.
    """

    version = 2  # units in the figure of the cohort
    libraries = ("matplotlib", "mne")

    def run(self, results: Results, folder: Path) -> None:
        """Write ``quality/<pipeline>/index.html`` and ``sub-*.html``, tables in ``group`` and beside series."""
        from ._quality_page import cohort_page, subject_page
        from ._quality_table import TRACES, components, describe, summaries, tables, traces

        rows = summaries(results)
        pages, group = folder / "quality" / results.label, folder / "group"
        pages.mkdir(parents=True)
        group.mkdir(exist_ok=True)
        for name, content in tables(rows, components(results)):
            (group / f"desc-{results.label}_{name}.tsv").write_bytes(content)
        (group / f"desc-{results.label}_quality.json").write_text(describe(), encoding="utf-8")
        for name, notes in results.quality.items():
            if lines := traces(notes):
                (pages / f"{name}_timeseries.tsv").write_bytes(tsv(list(TRACES), lines))
                (pages / f"{name}_timeseries.json").write_text(describe(TRACES), encoding="utf-8")
        for subject in dict.fromkeys(row["subject"] for row in rows):
            (pages / f"sub-{subject}.html").write_text(subject_page(results, rows, subject), encoding="utf-8")
        (pages / "index.html").write_text(cohort_page(results, rows), encoding="utf-8")
