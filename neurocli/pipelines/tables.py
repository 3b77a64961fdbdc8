"""Tables of the group folder: predictions and scores as TSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..data.tables import Row, tsv

if TYPE_CHECKING:
    import numpy as np

    from ..data.fitted import Fitted


def predictions_table(fits: Sequence[Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the held-out predictions, one row a sample, and what their columns mean."""
    classes = list(fits[0].classes) or ["value"]
    header, names = predictions_header(fits[0].samples, classes, "y_true")
    header.insert(0, "fold")
    rows = [row for fit in fits for row in _rows(fit, names)]
    columns = {
        "fold": {"Description": "Held-out groups of the fold in which the sample was predicted."},
        "y_true": {"Description": "The label, or the number to predict."},
        **{f"score_{c}": {"Description": f"Probability or decision value of {c}."} for c in classes},
    }
    return tsv(header, rows), columns


def predictions_header(
    samples: Mapping[str, Any], classes: Sequence[str], answer: str = "predicted"
) -> tuple[list[str], list[str]]:
    """Return the header of a table of predictions, and the columns of the sample table that stand in it."""
    names = [name for name in samples if name != "signal"]
    return [*names, answer, *(f"score_{label}" for label in classes or ["value"])], names


def _rows(fit: Fitted, names: Sequence[str]) -> list[Row]:
    def truth(y: np.generic) -> Any:
        return fit.classes[int(y)] if fit.classes else float(y)

    return [
        [fit.fold, *(fit.samples.get(n, [None] * len(fit.y_true))[i] for n in names), truth(y), *map(float, scores)]
        for i, (y, scores) in enumerate(zip(fit.y_true, fit.y_score, strict=True))
    ]


SCORES_HEADER = ["metric", "mean", "ci_low", "ci_high", "chance", "p_null", "majority", "linear", "drift",
                 "n_subjects", "n_samples"]  # fmt: skip


def scores_table(scores: Mapping[str, Any]) -> bytes:
    """Return one row a metric and fold, the mean first."""
    rows: list[Row] = []
    for score in scores["scores"]:
        low, high = score["ci"] or (None, None)
        rivals = score.get("rivals") or {}
        start = [score["metric"], score["mean"], low, high, score["chance"], score["p_null"]]
        end = [
            rivals.get("majority"),
            rivals.get("linear"),
            score.get("drift"),
            score["n_subjects"],
            score["n_samples"],
        ]
        rows.append(["all", *start, *end])
        rows += [[f["fold"], score["metric"], f["value"], *[None] * 9] for f in score["per_fold"]]
    return tsv(["fold", *SCORES_HEADER], rows)
