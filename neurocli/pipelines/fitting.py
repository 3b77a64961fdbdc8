"""A fit of one fold: what it learns and tests, the chain that is fitted, and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from .. import registry
from ..data.fitted import Fitted
from ..data.samples import Samples, take
from ..evaluation.fold import Fold
from ..models._balance import balanced
from ..models._chain import Chain, spread
from ..step import ModelStep
from .cohort import Subset
from .search import searched

Recipe = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """What a unit learns and tests.

    Parameters
    ----------
    data : Subset
        Samples that have a target.
    y : array, shape (n_samples,)
        Class index or number.
    classes : tuple of str
        Labels; empty for a number.
    fold : Fold
        Who is held out.
    train, test : arrays of int
        Rows of the two sides.
    """

    data: Subset
    y: np.ndarray
    classes: tuple[str, ...]
    fold: Fold
    train: np.ndarray
    test: np.ndarray


def model_uses(recipe: Recipe) -> list[ModelStep]:
    """Return the members of the model as settings."""
    uses = [registry.get("models", use["name"]).model_validate(use["settings"]) for use in recipe["model"]]
    return [use for use in uses if isinstance(use, ModelStep)]


def seed_of_fit(recipe: Recipe) -> int:
    """Return the seed of all that a fit draws."""
    text = f"{recipe['seed']}/train/{recipe['fold']['name']}"
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")


def chosen(recipe: Recipe, uses: list[ModelStep], task: Task) -> tuple[list[ModelStep], list[dict[str, Any]]]:
    """Return the members with the settings that the inner split chose, and the trail of the search."""
    if not recipe.get("search"):
        return uses, []
    samples = take(task.data.samples, task.train)
    X = task.data.X(task.train)
    return searched(uses, recipe["search"], X, task.y[task.train], samples, recipe["balance"], seed_of_fit(recipe))


def rng_of(recipe: Recipe) -> np.random.Generator:
    """Return what balancing draws from."""
    return np.random.default_rng([seed_of_fit(recipe), 0])


def fitted_chain(chain: Chain, balance: str, rng: np.random.Generator, task: Task) -> tuple[Chain, np.ndarray]:
    """Return the fitted chain and the rows that it was fitted on."""
    index, weight = balanced(balance, task.y[task.train], rng)
    rows = task.train[index]
    samples = take(task.data.samples, rows)
    return chain.fit(task.data.X(rows), task.y[rows], samples, weight, task.data.cohort.columns), rows


def decision(chain: Chain, task: Task, X: np.ndarray | None = None, samples: Samples | None = None) -> np.ndarray:
    """Return the scores of the held-out samples (or of others in their place), a column for every class."""
    if not len(task.test):
        return np.zeros((0, max(len(task.classes), 1)))
    X = task.data.X(task.test) if X is None else X
    scores = chain.decision(X, take(task.data.samples, task.test) if samples is None else samples)
    return spread_over(chain, scores, task.classes)


def spread_over(chain: Chain, scores: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return scores with a column for every class of the cohort; a number has one as it is."""
    return spread(scores, chain.classes_, len(classes)) if classes else scores


def as_fitted(recipe: Recipe, task: Task, chain: Chain, saw: dict[str, Any], **more: Any) -> Fitted:
    """Return what a unit leaves: the held-out scores of a fitted chain, and what it saw."""
    held = take(task.data.samples, task.test)
    samples = {name: column for name, column in held.items() if not name.startswith("participants/")}
    return Fitted(
        recipe["role"], task.fold.name, task.y[task.test], decision(chain, task), samples, task.classes, saw=saw,
        columns=task.data.cohort.columns, notes=tuple(chain.notes_), **more,
    )  # fmt: skip


def what_it_saw(recipe: Recipe, task: Task) -> dict[str, Any]:
    """Return what a fit has seen: whom, how many of each class, and a digest of the signals."""
    samples: Samples = take(task.data.samples, task.train)
    signals = sorted(str(signal) for signal in samples.get("signal", []))
    known, counts = np.unique(task.y[task.train], return_counts=True)
    return {
        "seed": recipe["seed"],
        "subjects": sorted({str(subject) for subject in samples.get("subject", [])}),
        "n_train": len(task.train),
        "n_test": len(task.test),
        "n_of_class": {task.classes[int(k)]: int(n) for k, n in zip(known, counts, strict=True) if task.classes},
        "signals": blake2b("".join(signals).encode(), digest_size=16).hexdigest(),
    }
