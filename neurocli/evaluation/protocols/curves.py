"""Curves of a score: over the number of shots, and over the share of features that is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...data.fitted import Fitted
from .. import metrics as registry
from ..aggregate import Part, Parts, resampled
from ..intervals import interval
from ..metrics.define import Metric
from ..statistics.paired import sign_flip

DRAWS = 500


def few_shot(fits: Sequence[Fitted], metrics: Sequence[str], *, seed: int = 0) -> dict[str, Any]:
    """Return the score at each number of shots, on the same samples, and what the most of them gain over none.

    Parameters
    ----------
    fits : sequence of Fitted
        Of role ``few_shot``; scores of shape (n_shots, n_test, n_classes or 1).
    metrics : sequence of str
        Names.
    seed : int
        Of the bootstrap and of the flips.

    Returns
    -------
    document : dict
        ``shots`` and, for each metric under ``curves``: ``points`` (``shots``, ``mean``, ``ci``, ``per_subject``),
        ``gain`` (``difference``, ``p`` of sign flips over subjects), ``chance``.
    """
    shots = [int(k) for k in fits[0].saw["few_shot"]["shots"]]
    subjects = _subjects(fits)
    curves = [_curve(registry.get(name), fits, shots, subjects, seed) for name in metrics]
    return {"shots": shots, "n_subjects": len(subjects), "curves": curves}


def _subjects(fits: Sequence[Fitted]) -> list[str]:
    return sorted({str(name) for fit in fits for name in fit.samples.get("subject", [""])})


def _parts(fits: Sequence[Fitted], layer: int, subjects: Sequence[str]) -> Parts:
    """Return the predictions of one layer of the scores, fold by fold."""
    index = {name: i for i, name in enumerate(subjects)}
    found = []
    for fit in fits:
        group = np.array([index[str(name)] for name in fit.samples.get("subject", [""] * len(fit.y_true))])
        found.append(Part(fit.fold, int(fit.saw.get("seed", 0)), fit.y_true, fit.y_score[layer], group))
    return Parts(tuple(found))


def _curve(
    metric: Metric, fits: Sequence[Fitted], shots: Sequence[int], subjects: Sequence[str], seed: int
) -> dict[str, Any]:
    layers = [_parts(fits, layer, subjects) for layer in range(len(shots))]
    points = [_point(metric, parts, k, subjects, seed) for k, parts in zip(shots, layers, strict=True)]
    sign = 1 if metric.best == "max" else -1
    gained = sign * (np.array(points[-1]["per_subject"]) - np.array(points[0]["per_subject"]))
    gained = gained[np.isfinite(gained)]
    p = sign_flip(gained, np.random.default_rng(seed)).p if len(gained) > 1 else None
    return {
        "metric": metric.name,
        "best": metric.best,
        "chance": metric.chance(layers[0].pooled[0].y_true, layers[0].items[0].y_score.shape[1]),
        "points": points,
        "gain": {"difference": points[-1]["mean"] - points[0]["mean"], "p": p, "n_subjects": len(gained)},
    }


def _point(metric: Metric, parts: Parts, k: int, subjects: Sequence[str], seed: int) -> dict[str, Any]:
    statistic = resampled(metric, parts, parts.how, len(subjects))
    found = interval(statistic, len(subjects), np.random.default_rng([seed, k]), n_draws=DRAWS)
    own = [_own(metric, parts, i) for i in range(len(subjects))]
    return {"shots": k, "mean": parts.score(metric, parts.how), "ci": found.bounds, "per_subject": own}


def _own(metric: Metric, parts: Parts, subject: int) -> float:
    """Return the score of one subject, the mean over seeds."""
    values = [metric(p.y_true[p.group == subject], p.y_score[p.group == subject]) for p in parts.pooled]
    return float(np.mean(values))


def ablation(fits: Sequence[Fitted], metrics: Sequence[str]) -> dict[str, Any]:
    """Return the score at each share of columns that were replaced, with its spread over random draws.

    Parameters
    ----------
    fits : sequence of Fitted
        Of role ``ablation``; scores of shape (n_shares * n_repeats, n_test, n_classes or 1).
    metrics : sequence of str
        Names.

    Returns
    -------
    document : dict
        ``shares``, ``counts`` (columns), ``n_columns``, ``repeats`` and, for each metric under ``curves``: ``points``
        (``share``, ``mean``, ``low``, ``high``: quantiles .025 and .975 of the draws), ``chance``.
    """
    facts = fits[0].saw["ablation"]
    subjects = _subjects(fits)
    layers = [_parts(fits, layer, subjects) for layer in range(len(fits[0].y_score))]
    curves = [_ablated(registry.get(name), layers, facts["shares"], facts["repeats"]) for name in metrics]
    return {**{name: facts[name] for name in ("shares", "counts", "n_columns", "repeats")}, "curves": curves}


def _ablated(metric: Metric, layers: Sequence[Parts], shares: Sequence[float], repeats: int) -> dict[str, Any]:
    values = np.array([parts.score(metric, parts.how) for parts in layers]).reshape(len(shares), repeats)
    points = [
        {"share": share, "mean": float(row.mean()), "low": float(low), "high": float(high)}
        for share, row in zip(shares, values, strict=True)
        for low, high in [np.quantile(row, (0.025, 0.975))]
    ]
    chance = metric.chance(layers[0].pooled[0].y_true, layers[0].items[0].y_score.shape[1])
    return {"metric": metric.name, "best": metric.best, "chance": chance, "points": points}
