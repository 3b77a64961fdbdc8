"""Scores that runs have published, read back and put side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError


def published_scores(out: Path) -> dict[str, dict[str, Any]]:
    """Return the scores of each pipeline that was evaluated into an output folder.

    Raises
    ------
    InputError
        If there are none (``E-INPUT-OUT``).
    """
    found = sorted((out / "group").glob("desc-*_scores.json"))
    if not found:
        raise InputError("No scores were published here.", code="E-INPUT-OUT", where=str(out),
                         remedy="Give the folder of a run that reached `evaluate`.")  # fmt: skip
    return {path.name.removeprefix("desc-").removesuffix("_scores.json"): _read(path) for path in found}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def comparison(runs: Sequence[Path], metric: str | None = None) -> list[dict[str, Any]]:
    """Return one row a run, pipeline and metric, best first; p values are Holm-corrected within each metric."""
    rows = [
        {"run": str(run), "pipeline": name, **{key: score[key] for key in KEPT}}
        for run in runs
        for name, document in published_scores(run).items()
        for score in document["scores"]
        if metric in (None, score["metric"])
    ]
    for name in {row["metric"] for row in rows}:
        _correct([row for row in rows if row["metric"] == name])
    return sorted(rows, key=lambda row: (row["metric"], -row["mean"] if row["best"] == "max" else row["mean"]))


KEPT = ("metric", "best", "mean", "ci", "chance", "p_null", "n_subjects", "n_samples")


def _correct(rows: list[dict[str, Any]]) -> None:
    """Add Holm's correction: the best of many scores is no longer one score."""
    known = sorted((row for row in rows if row["p_null"] is not None), key=lambda row: row["p_null"])
    highest = 0.0
    for rank, row in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * row["p_null"]))
        row["p_corrected"] = highest
    for row in rows:
        row.setdefault("p_corrected", None)
