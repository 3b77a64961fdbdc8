"""Detected seizures as HED-SCORE tables, one a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..step import Exporter, named

if TYPE_CHECKING:
    from ..data.results import Results


@named("hed_score")
class HedScore(Exporter):
    """Held-out detections of seizures as HED-SCORE TSV, one file a recording; needs `evaluate.seizures`."""

    version = 1

    def run(self, results: Results, folder: Path) -> None:
        """Write ``sub-<label>/eeg/sub-<label>_..._desc-<pipeline>_events.tsv``."""
        from ..data.hed_score import to_tsv

        for one in (results.scores.get("seizures") or {}).get("recordings", []):
            target = folder / f"sub-{one['subject']}" / "eeg"
            target.mkdir(parents=True, exist_ok=True)
            text = to_tsv(_annotations(one))
            (target / f"{one['recording']}_desc-{results.label}_events.tsv").write_text(text, encoding="utf-8")


def _annotations(one: dict[str, Any]) -> Any:
    from ..data.hed_score import Annotation, Annotations

    rows = tuple(Annotation(onset, end - onset, "sz", confidence) for onset, end, confidence in one["detected"])
    return Annotations(rows, one["duration"])
