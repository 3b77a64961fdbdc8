"""Pipelines against each other, from their scores alone: paired, and corrected for how many are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import ConfigError, unknown
from .judge import plain
from .statistics.paired import bayesian_signed_rank, corrected_t, sign_flip

Scores = Mapping[str, Any]  # the document of `judge`
ROPE = 0.01  # a hundredth is noise on data of this size


def compare(runs: Mapping[str, Scores], metric: str, *, seed: int = 0, rope: float = ROPE) -> dict[str, Any]:
    """Return a table of pipelines, best first, and a test of each pair of them.

    Parameters
    ----------
    runs : dict of dict
        Name -> scores, as `judge` gives them.
    metric : str
        What is compared.
    seed : int
        Of the sign flips and of the posterior.
    rope : float
        Half-width of what counts as equal.

    Returns
    -------
    document : dict
        ``rows`` (pipeline, mean, ci, chance, p_null, n_subjects, and the majority, linear and shuffled rivals) and
        ``pairs`` (better, worse, difference, ``p_subjects`` by sign flips, ``p_folds`` by the corrected t, both
        two-sided and Holm-corrected, and the posterior ``probability``).

    Raises
    ------
    ConfigError
        ``E-CONFIG-METRIC`` where a run was not scored by the metric.
    """
    entries = {name: entry(name, document, metric) for name, document in runs.items()}
    sign = 1 if next(iter(entries.values()))["best"] == "max" else -1
    order = sorted(entries, key=lambda name: (-sign * _or_worst(entries[name]["mean"], sign), name))
    pairs = [_pair(a, b, entries, sign, seed, rope) for a, b in combinations(order, 2)]
    for key in ("p_subjects", "p_folds"):
        for pair, p in zip(pairs, holm([pair[key] for pair in pairs]), strict=True):
            pair[key] = p
    document: dict[str, Any] = plain(
        {"metric": metric, "rows": [_row(n, entries[n]) for n in order], "pairs": pairs, "n_compared": len(order)}
    )
    return document


def entry(name: str, document: Scores, metric: str) -> Mapping[str, Any]:
    """Return what a run's scores say of one metric (``E-CONFIG-METRIC`` where they say nothing)."""
    found: dict[str, Mapping[str, Any]] = {score["metric"]: score for score in document["scores"]}
    if metric not in found:
        raise ConfigError(
            f"{name}: {unknown('metric', metric, found)}",
            code="E-CONFIG-METRIC",
            remedy="Compare by a metric that all runs were scored by.",
        )
    return found[metric]


def _or_worst(value: float | None, sign: int) -> float:
    return -sign * np.inf if value is None else value


def _row(name: str, score: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: score[key] for key in ("mean", "ci", "chance", "p_null", "n_subjects")}
    null = score["null_facts"]
    return {"pipeline": name, **kept, **score["rivals"], "shuffled": null["mean"] if null else None}


def _pair(
    a: str, b: str, entries: Mapping[str, Mapping[str, Any]], sign: int, seed: int, rope: float
) -> dict[str, Any]:
    """Return the comparison of a with b; what either lacks is not compared."""
    subjects = sign * by_subject(entries[a], entries[b])
    folds = sign * _differences(entries[a]["per_fold"], entries[b]["per_fold"], "fold")
    rng = np.random.default_rng(seed)
    return {
        "better": a,
        "worse": b,
        "n_subjects": len(subjects),
        "difference": float(np.mean(folds)) if len(folds) else None,
        "p_subjects": min(1.0, 2 * sign_flip(subjects, rng).p) if len(subjects) > 1 else None,
        "p_folds": _two_sided_t(folds, entries[a]["per_fold"]),
        "probability": bayesian_signed_rank(subjects, rng, rope=rope) if len(subjects) > 1 else None,
    }


def by_subject(one: Mapping[str, Any], other: Mapping[str, Any]) -> np.ndarray:
    """Return the differences of two entries, subject by subject that both have; shape (n_subjects,)."""
    return _differences(one["per_subject"], other["per_subject"], "subject")


def _differences(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    """Return the differences of what both have, the mean over seeds."""
    mine, theirs = _by_name(one, key), _by_name(other, key)
    return np.array([mine[name] - theirs[name] for name in mine if name in theirs])


def _by_name(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["value"] is not None:
            found.setdefault(row[key], []).append(row["value"])
    return {name: float(np.mean(values)) for name, values in found.items()}


def _two_sided_t(differences: np.ndarray, folds: Sequence[Mapping[str, Any]]) -> float | None:
    n_train = float(np.mean([fold.get("n_train") or np.nan for fold in folds]))
    n_test = float(np.mean([fold["n_samples"] for fold in folds]))
    p = corrected_t(differences, n_train, n_test).p
    return 2 * min(p, 1 - p) if np.isfinite(p) else None


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Return p corrected for their number by Holm's method; None stays None and is not counted.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Stat. 6(2), 65-70.
    """
    defined = sorted((value, i) for i, value in enumerate(p) if value is not None)
    corrected: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, i) in enumerate(defined):
        highest = max(highest, min(1.0, value * (len(defined) - rank)))
        corrected[i] = highest
    return corrected
