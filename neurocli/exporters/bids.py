"""Group tables of the derivative dataset: confusion, scores per subject, null, patterns and the certificate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.tables import Row, tsv
from ..step import Exporter, named
from ._protocol_tables import protocol_tables

if TYPE_CHECKING:
    from ..data.results import Results


@named("bids")
class Bids(Exporter):
    """Tables for the group folder: confusion, score per subject, null, Haufe patterns, leak certificate."""

    version = 2  # what was asked beside the score

    def run(self, results: Results, folder: Path) -> None:
        """Write ``group/desc-<pipeline>_*.tsv`` and the certificate as JSON."""
        group = folder / "group"
        group.mkdir(parents=True)
        for name, table in tables(results):
            (group / f"desc-{results.label}_{name}.tsv").write_bytes(table)
        certificate = json.dumps(results.scores.get("certificate"), indent=2, sort_keys=True, ensure_ascii=False)
        (group / f"desc-{results.label}_certificate.json").write_text(certificate + "\n", encoding="utf-8")


def tables(results: Results) -> Iterator[tuple[str, bytes]]:
    """Yield the suffix and the content of each table that the scores have something for."""
    confusion = results.scores.get("confusion")
    if confusion:
        classes = confusion["classes"]
        rows: list[Row] = [[name, *row] for name, row in zip(classes, confusion["counts"], strict=True)]
        yield "confusion", tsv(["true", *classes], rows)
    yield "subjects", tsv(["subject", "metric", "value", "n_samples"], _subjects(results))
    yield "null", tsv(["metric", "permutation", "value"], _null(results))
    yield from protocol_tables(results.scores)
    final = results.final
    if final is not None and final.patterns is not None and final.patterns.shape[1] == len(final.columns):
        yield "patterns", _patterns(results)


def _subjects(results: Results) -> list[Row]:
    scores = results.scores["scores"]
    rows = [(score["metric"], row) for score in scores for row in score["per_subject"] or []]
    return [[row["subject"], metric, row["value"], row["n_samples"]] for metric, row in rows]


def _null(results: Results) -> list[Row]:
    return [[s["metric"], i, value] for s in results.scores["scores"] for i, value in enumerate(s["null"] or [])]


def _patterns(results: Results) -> bytes:
    final: Any = results.final
    names = final.classes if len(final.patterns) == len(final.classes) else (final.classes[-1:] or ("value",))
    rows: list[Row] = [[c, *map(float, column)] for c, column in zip(final.columns, final.patterns.T, strict=True)]
    return tsv(["column", *(f"pattern_{name}" for name in names)], rows)
