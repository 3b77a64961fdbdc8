"""Units of `train` beside the model: the same chain over time, with a few shots, or told less of its columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from ..data.fitted import Fitted
from ..data.recording import Epochs
from ..data.samples import take
from ..errors import ConfigError, InputError
from ..evaluation import certificate
from ..evaluation.fold import after_shots
from ..models._ablation import told_less
from ..models._balance import balanced
from ..models._chain import build_chain
from ..models._over_time import fold_over_time, windows_of
from .fitting import Recipe, Task, chosen, decision, fitted_chain, model_uses, rng_of, seed_of_fit, what_it_saw


def over_time(recipe: Recipe, task: Task) -> Fitted:
    """Fit the chain on each part of the epochs; scores have shape (n_fitted * n_parts, n_test, n_classes)."""
    part = task.data.cohort.parts[0]
    if not isinstance(part, Epochs):
        _refuse_columns()
    asked = recipe["over_time"]
    windows = windows_of(part.data.shape[-1], part.sfreq, asked["window"], asked["step"])
    index, weight = balanced(recipe["balance"], task.y[task.train], rng_of(recipe))
    chain = build_chain(model_uses(recipe), seed_of_fit(recipe))
    sides = (task.train[index], task.test)
    X = [task.data.X(rows) for rows in sides]
    tables = [take(task.data.samples, rows) for rows in sides]
    scores = fold_over_time(
        chain, X, task.y[sides[0]], tables, windows, len(task.classes), generalise=asked["generalise"], weight=weight
    )
    centres = [part.tmin + (window.start + window.stop - 1) / 2 / part.sfreq for window in windows]
    length = (windows[0].stop - windows[0].start) / part.sfreq
    facts = {"times": centres, "window": length, "generalise": asked["generalise"]}
    return _left(recipe, task, task.test, scores.reshape(-1, *scores.shape[2:]), over_time=facts)


def _refuse_columns() -> NoReturn:
    raise ConfigError(
        "Decoding over time needs epochs, and the stage before gives features.", code="E-CONFIG-MODEL",
        remedy="Leave featurize out and begin the model with 'vectorize'.",
    )  # fmt: skip


def few_shot(recipe: Recipe, task: Task) -> Fitted:
    """Fit the chain with each number of shots; scores have shape (n_shots, n_test, n_classes)."""
    shots = list(recipe["few_shot"]["shots"])
    tasks = [_with_shots(task, k, recipe.get("allow_leak")) for k in shots]
    most = tasks[-1]
    test = after_shots(task.data.samples, most.train[np.isin(most.train, task.test)], most.test)
    if not len(test):
        raise InputError(
            f"After {shots[-1]} samples a class nothing of fold {task.fold.name!r} is left to test.",
            code="E-INPUT-FOLDS", where=f"train/{task.fold.name}", remedy="Ask for fewer under train.few_shot.",
        )  # fmt: skip
    scores = [_scored(recipe, replace(one, test=test)) for one in tasks]
    return _left(recipe, task, test, np.array(scores), few_shot={"shots": shots})


def _with_shots(task: Task, k: int, allow_leak: str | None) -> Task:
    fold = replace(task.fold, few_shot=k)
    labels = task.y.tolist() if task.classes else None
    train, test = fold.masks(task.data.samples, labels)
    certificate.refuse(fold, certificate.leaks(fold, task.data.samples, train, test), allow_leak)
    return replace(task, fold=fold, train=train, test=test)


def _scored(recipe: Recipe, task: Task) -> np.ndarray:
    uses, _ = chosen(recipe, model_uses(recipe), task)
    chain, _ = fitted_chain(build_chain(uses, seed_of_fit(recipe)), recipe["balance"], rng_of(recipe), task)
    return decision(chain, task)


def ablation(recipe: Recipe, task: Task) -> Fitted:
    """Replace random columns of held-out samples; scores have shape (n_shares * n_repeats, n_test, n_classes)."""
    asked = recipe["ablation"]
    uses, _ = chosen(recipe, model_uses(recipe), task)
    chain, rows = fitted_chain(build_chain(uses, seed_of_fit(recipe)), recipe["balance"], rng_of(recipe), task)
    X, held = task.data.X(task.test), take(task.data.samples, task.test)
    if X.ndim != 2:
        raise ConfigError(
            "Ablation replaces columns, and the samples of this model have none.", code="E-CONFIG-MODEL",
            remedy="Name features that give columns under featurize.",
        )  # fmt: skip
    counts = [round(share * X.shape[1]) for share in asked["shares"]]
    rng = np.random.default_rng([seed_of_fit(recipe), 1])
    labels = task.y[rows] if task.classes else np.zeros(len(rows))
    told = told_less(X, counts, rng, fill=middle(task.data.X(rows), labels), n_repeats=asked["repeats"])
    scores = np.array([decision(chain, task, x, held) for x in told])
    facts = {"shares": list(asked["shares"]), "counts": counts, "n_columns": X.shape[1], "repeats": asked["repeats"]}
    return _left(recipe, task, task.test, scores, ablation=facts)


def middle(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean of each column, shape (n_columns,): of the classes' own means, so that it leans to none of them.

    The plain mean lies nearer to the class with more samples. Where a person of the other class is held out, that is
    the wrong one each time, and a model that is told nothing would score below chance.
    """
    each = np.stack([_means(X[y == label]) for label in np.unique(y)])
    return np.asarray(np.nan_to_num(_means(each)))


def _means(X: np.ndarray) -> np.ndarray:
    """Return the mean of each column over the samples that have a value; NaN where none has."""
    known = np.isfinite(X)
    found = np.where(known, X, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.where(known.any(axis=0), found, np.nan))


def _left(recipe: Recipe, task: Task, test: np.ndarray, scores: np.ndarray, **facts: Any) -> Fitted:
    samples = {name: c for name, c in take(task.data.samples, test).items() if not name.startswith("participants/")}
    saw = what_it_saw(recipe, task) | facts
    y_score = scores.astype(np.float32)
    return Fitted(recipe["role"], task.fold.name, task.y[test], y_score, samples, task.classes, saw=saw)


ROLES = {"over_time": over_time, "few_shot": few_shot, "ablation": ablation}
