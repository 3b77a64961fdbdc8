"""The judge: held-out predictions in, one JSON document out, every score beside what it must be compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.fitted import Fitted
from ..errors import InputError
from . import metrics as registry
from .aggregate import MEAN, POOLED, Part, Parts, Resampled, resampled
from .calibration import calibration
from .intervals import interval
from .metrics.define import Metric, confusion
from .null import p_value, smallest_p
from .statistics.paired import corrected_t
from .testimony import certificate_of, cohort_of, notes_of, warnings_of

SCHEMA_VERSION = 1
WORK = 2 * 10**8  # samples that the draws of one interval may score
DRAWS = 2000
OTHERS = ("majority", "linear", "drift", "null")


@dataclass(frozen=True)
class Evidence:
    """The fits of a pipeline, sorted by what they are for.

    Parameters
    ----------
    model, majority, linear, drift : tuple of Fitted
        One a fold and seed; a rival or a control may be missing.
    null : tuple of Fitted
        Blocks of permuted refits.
    groups : tuple of str
        Names of the groups (subjects) that were tested, in order of appearance.
    group : str
        What they are.
    """

    model: tuple[Fitted, ...]
    majority: tuple[Fitted, ...]
    linear: tuple[Fitted, ...]
    drift: tuple[Fitted, ...]
    null: tuple[Fitted, ...]
    groups: tuple[str, ...]
    group: str


def judge(
    fitted: Sequence[Fitted],
    metrics: Sequence[str],
    *,
    group: str = "subject",
    asked: Sequence[str] = (),
    seed: int = 0,
    generalises_to: str | None = None,
    missing_folds: Sequence[str] = (),
    transductive: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the scores of a pipeline.

    Parameters
    ----------
    fitted : sequence of Fitted
        Of roles ``model``, ``majority``, ``linear``, ``drift`` and ``null``; others are not looked at.
    metrics : sequence of str
        Names.
    group : str
        Column of the sample table that clusters the interval.
    asked : sequence of str
        Recordings that were asked for (``sub-01_task-rest_eeg``), whether or not they were scored.
    seed : int
        Of the bootstrap.
    generalises_to : str, optional
        To whom the split speaks.
    missing_folds : sequence of str
        Folds that failed.
    transductive : sequence of str
        Steps of preprocessing that were fitted, without labels, on the recordings they were applied to.

    Returns
    -------
    document : dict
        JSON: ``scores`` (a metric each: mean, ci, chance, p_null, null, null_facts, rivals, drift, per_fold,
        per_subject), ``leaks``, ``certificate``, ``confusion``, ``calibration``, ``cohort``, ``notes``, ``warnings``.

    Raises
    ------
    InputError
        ``E-INPUT-FOLDS`` where no fold was fitted.
    """
    evidence = _sorted(fitted, group)
    model = _parts(evidence.model, evidence)
    classes = evidence.model[0].classes
    scores = [_score(registry.get(name), evidence, model, seed) for name in metrics]
    document = {
        "schema_version": SCHEMA_VERSION,
        "target": "label" if classes else "number",
        "classes": list(classes),
        "scores": scores,
        "leaks": _leaks(evidence),
        "certificate": certificate_of(evidence.model, generalises_to, transductive),
        "confusion": _confusion(model, classes),
        "calibration": calibration(model, classes),
        "cohort": cohort_of(evidence.model, asked, group),
        "notes": notes_of(scores),
        "warnings": warnings_of(evidence.model, scores, missing_folds, transductive),
        "seed": seed,
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


def _sorted(fitted: Sequence[Fitted], group: str) -> Evidence:
    roles: dict[str, list[Fitted]] = {}
    for fit in fitted:
        roles.setdefault(fit.role, []).append(fit)
    model = tuple(fit for fit in roles.get("model", []) if len(fit.y_true))
    if not model:
        raise InputError("No fold was fitted, so there is nothing to judge.", code="E-INPUT-FOLDS",
                         remedy="See what failed with `neurocli status`.")  # fmt: skip
    names = tuple(dict.fromkeys(name for fit in model for name in _groups_of(fit, group)))
    others = {role: tuple(fit for fit in roles.get(role, []) if fit.y_true.shape[-1]) for role in OTHERS}
    return Evidence(model, **others, groups=names, group=group)


def _groups_of(fit: Fitted, group: str) -> list[str]:
    return [str(name) for name in fit.samples.get(group, [""] * len(fit.y_true))]


def _key(fit: Fitted) -> tuple[str, int]:
    return fit.fold, int(fit.saw.get("seed", 0))


def _parts(fits: Sequence[Fitted], evidence: Evidence) -> Parts:
    index = {name: i for i, name in enumerate(evidence.groups)}
    found = []
    for fit in fits:
        group = np.array([index.get(name, -1) for name in _groups_of(fit, evidence.group)])
        found.append(Part(*_key(fit), fit.y_true, fit.y_score, group))
    return Parts(tuple(found))


def _score(metric: Metric, evidence: Evidence, model: Parts, seed: int) -> dict[str, Any]:
    """Return one entry of `scores`."""
    how = model.how
    value = model.score(metric, how)
    statistic = resampled(metric, model, how, len(evidence.groups))
    rng = np.random.default_rng([seed, len(evidence.groups)])
    found = interval(statistic, len(evidence.groups), rng, n_draws=_affordable(statistic), what=evidence.group)
    return {
        "metric": metric.name,
        "best": metric.best,
        "aggregate": how,
        "mean": value,
        "ci": found.bounds,
        "ci_method": found.method,
        "chance": _chance(metric, model),
        **_against_null(metric, evidence, how, value),
        "rivals": {role: _of_role(metric, getattr(evidence, role), evidence, how) for role in ("majority", "linear")},
        "versus_linear": _versus_linear(metric, evidence, model),
        **_drift(metric, evidence),
        "n_subjects": len(evidence.groups),
        "n_samples": sum(len(part.y_true) for part in model.items if part.seed == model.items[0].seed),
        "per_fold": [
            _fold(metric, part, model) | {"n_train": fit.saw.get("n_train")}
            for part, fit in zip(model.items, evidence.model, strict=True)
        ],
        "voted": _voted(metric, model, evidence),
        "per_subject": _per_group(metric, model, evidence),
    }


def _affordable(statistic: Resampled) -> int:
    return int(np.clip(WORK // max(statistic.n_samples, 1), 200, DRAWS))


def _chance(metric: Metric, model: Parts) -> float:
    """Return what one constant guess for all held-out samples gets."""
    y_true = model.pooled[0].y_true
    return metric.chance(y_true, model.items[0].y_score.shape[1])


def _of_role(metric: Metric, fits: Sequence[Fitted], evidence: Evidence, how: str) -> float | None:
    return _parts(fits, evidence).score(metric, how) if fits else None


def _versus_linear(metric: Metric, evidence: Evidence, model: Parts) -> dict[str, float] | None:
    """Return how much better than the linear rival, fold by fold, with p of the corrected resampled t test."""
    rival = {(p.fold, p.seed): p for p in _parts(evidence.linear, evidence).items}
    pairs = [(p, rival[p.fold, p.seed]) for p in model.items if (p.fold, p.seed) in rival]
    if model.how != MEAN or len(pairs) < 2:
        return None
    sign = 1 if metric.best == "max" else -1
    differences = sign * np.array([metric(a.y_true, a.y_score) - metric(b.y_true, b.y_score) for a, b in pairs])
    n_train = float(np.mean([fit.saw.get("n_train", np.nan) for fit in evidence.model]))
    n_test = float(np.mean([len(part.y_true) for part in model.items]))
    found = corrected_t(differences, n_train, n_test)
    return {"difference": float(differences.mean()), "p": found.p}


def _drift(metric: Metric, evidence: Evidence) -> dict[str, Any]:
    if metric.task == "number" or not evidence.drift:
        return {"drift": None, "drift_chance": None}
    control = _parts(evidence.drift, evidence)
    return {"drift": control.score(metric, control.how), "drift_chance": _chance(metric, control)}


def _fold(metric: Metric, part: Part, model: Parts) -> dict[str, Any]:
    entry = {"fold": part.fold, "value": metric(part.y_true, part.y_score), "n_samples": len(part.y_true)}
    return entry | ({"seed": part.seed} if len(model.pooled) > 1 else {})


def _per_group(metric: Metric, model: Parts, evidence: Evidence) -> list[dict[str, Any]]:
    """Return the score of each group on all its predictions, the mean over seeds."""
    found: list[dict[str, Any]] = []
    for i, name in enumerate(evidence.groups):
        own = [(p.y_true[p.group == i], p.y_score[p.group == i]) for p in model.pooled]
        value = float(np.mean([metric(y_true, y_score) for y_true, y_score in own]))
        found.append({evidence.group: name, "value": value, "n_samples": len(own[0][0])})
    return found


def _voted(metric: Metric, model: Parts, evidence: Evidence) -> float | None:
    """Return the score of the groups, each by the mean of its predictions, where the label is the group's."""
    if metric.task == "number" or len(evidence.groups) < 2:
        return None
    values = []
    for pooled in model.pooled:
        own = [pooled.group == i for i in range(len(evidence.groups))]
        labels = [np.unique(pooled.y_true[rows]) for rows in own]
        if any(len(label) != 1 for label in labels):
            return None
        votes = np.array([pooled.y_score[rows].mean(axis=0) for rows in own])
        values.append(metric(np.concatenate(labels), votes))
    return float(np.mean(values))


def _against_null(metric: Metric, evidence: Evidence, how: str, value: float) -> dict[str, Any]:
    """Return p and the null distribution, of the permutations that every fold has."""
    blocks: dict[int, dict[tuple[str, int], tuple[np.ndarray, np.ndarray]]] = {}
    for fit in evidence.null:
        for row, number in enumerate(range(int(fit.saw["first"]), int(fit.saw["end"]))):
            blocks.setdefault(number, {})[_key(fit)] = (fit.y_true[row], fit.y_score[row])
    wanted = {_key(fit) for fit in evidence.model}
    values = [_null_score(metric, blocks[n], how) for n in sorted(blocks) if blocks[n].keys() >= wanted]
    values = [v for v in values if v == v]
    if not values or value != value:
        return {"p_null": None, "null": None, "null_facts": None}
    facts = evidence.null[0].saw
    described = {
        "n_permutations": len(values),
        "n_possible": int(facts["n_possible"]),
        "smallest_p": smallest_p(len(values), int(facts["n_possible"])),
        "blocks": facts["blocks"],
        "n_blocks": int(facts["n_blocks"]),
        "mean": float(np.mean(values)),
        "limit": float(np.quantile(values, 0.95 if metric.best == "max" else 0.05)),
    }
    p = p_value(value, np.array(values), best=metric.best)
    return {"p_null": p, "null": values, "null_facts": described}


def _null_score(metric: Metric, folds: Mapping[tuple[str, int], tuple[np.ndarray, np.ndarray]], how: str) -> float:
    nobody = np.array([], dtype=np.int64)
    parts = Parts(tuple(Part(*key, y_true, y_score, nobody) for key, (y_true, y_score) in folds.items()))
    score = parts.score(metric, how)
    return score if score == score or how != MEAN else parts.score(metric, POOLED)


def _leaks(evidence: Evidence) -> list[dict[str, Any]]:
    """Return what any fold's two sides share, each kind once."""
    found: dict[str, dict[str, None]] = {}
    for fit in evidence.model:
        for leak in fit.saw.get("leaks", []):
            found.setdefault(leak["kind"], {}).update(dict.fromkeys(leak["units"]))
    return [{"kind": kind, "units": sorted(units)} for kind, units in sorted(found.items())]


def _confusion(model: Parts, classes: Sequence[str]) -> dict[str, Any] | None:
    if not classes:
        return None
    counts = sum(confusion(part.y_true, part.y_score) for part in model.items)
    return {"classes": list(classes), "counts": np.asarray(counts).tolist()}


def plain(value: Any) -> Any:
    """Return a value as JSON can say it: plain numbers, and null where there is none."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
