"""The table of decoders by labelled EEG sets as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Document = dict[str, Any]
MAIN = "balanced_accuracy"
HEAD = (
    "decoder",
    "balanced accuracy",
    "95 % interval",
    "null p",
    "ROC AUC",
    "seeds",
    "CPU s: fits",
    "whole",
    "weights",
)


def markdown(rows: Sequence[Document], not_run: Mapping[str, str]) -> str:
    """Return a table a set, and one of the decoders that were not run.

    Parameters
    ----------
    rows : sequence of dict
        Of `bench.decoders.measured`.
    not_run : mapping of str to str
        Decoder -> reason.
    """
    rows = sorted(rows, key=lambda row: "n_epochs" in row)  # networks last
    sets = dict.fromkeys(row["set"] for row in rows)
    parts = [_of_set(name, [row for row in rows if row["set"] == name]) for name in sets]
    skipped = [f"| {name} | not run: {reason} |" for name, reason in not_run.items()]
    parts += ["\n".join(["| decoder | any set |", "|---|---|", *skipped])] if skipped else []
    return "\n\n".join(parts) + "\n"


def _of_set(name: str, rows: Sequence[Document]) -> str:
    scored = [row["scores"][MAIN] for row in rows if MAIN in row.get("scores", {})]
    title = f"**{name}**: {rows[0]['split']}" + (f"; {_rivals(scored[0])}" if scored else "")
    return "\n".join([title, "", _line(HEAD), _line(["---"] * len(HEAD)), *(_row(row) for row in rows)])


def _rivals(score: Document) -> str:
    """Return what is beside the first row; other inputs have linear rivals of their own, in the JSON."""
    said = [
        f"{score['n_samples']} samples",
        f"{score['n_permutations']} permutations",
        f"chance {_number(score['chance'])}",
    ]
    return ", ".join([*said, *(f"{name} {_number(value)} (first row)" for name, value in score["rivals"].items())])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(row: Document) -> str:
    if "skip" in row:
        return _line([row["decoder"], f"not run: {row['skip']}", *["–"] * (len(HEAD) - 2)])
    score = row["scores"].get(MAIN)
    if score is None:
        said = ", ".join([f"exit {row['exit']}", *row["codes"]])
        return _line([row["decoder"], said, *["–"] * (len(HEAD) - 2)])
    auc = row["scores"].get("roc_auc", {}).get("mean")
    weights = "–" if row["n_parameters"] is None else f"{row['n_parameters']:,}"
    costs = [f"{row['fit_cpu_s']:.1f}", f"{row['cpu_s']:.0f}", weights]
    return _line(
        [
            row["decoder"],
            _number(score["mean"]),
            _interval(score),
            _p(row, score),
            _number(auc),
            _seeds(row, score),
            *costs,
        ]
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".removeprefix("0")


def _interval(score: Document) -> str:
    return f"{_number(score['ci'][0])} to {_number(score['ci'][1])}" if score["ci"] else score["ci_method"]


def _p(row: Document, score: Document) -> str:
    return f"not run: {row['no_null']}" if row["no_null"] else _number(score["p_null"])


def _seeds(row: Document, score: Document) -> str:
    """Return how many seeds, epochs, and the standard deviation over seeds."""
    if row["seeds"] == 1:
        return "1"
    values = score["of_seeds"]
    mean = sum(values) / max(len(values), 1)
    sd = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5 if len(values) > 1 else None
    return f"{row['seeds']} of {row['n_epochs']} epochs, sd {_number(sd)}"
