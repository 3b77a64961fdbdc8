"""From the predictions of many folds to one score: the mean over folds, or all predictions together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .metrics.define import Metric

MEAN, POOLED = "mean over folds", "pooled over folds"


@dataclass(frozen=True)
class Part:
    """Held-out predictions of one fold.

    Parameters
    ----------
    fold : str
        Its name.
    seed : int
        Of the fit.
    y_true : array, shape (n_samples,)
        Class index or number.
    y_score : array, shape (n_samples, n_classes or 1)
        Scores or predictions.
    group : array of int, shape (n_samples,)
        Which group (subject) each sample is of.
    """

    fold: str
    seed: int
    y_true: np.ndarray
    y_score: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Parts:
    """All folds of one role."""

    items: tuple[Part, ...]

    @cached_property
    def pooled(self) -> list[Part]:
        """The folds of each seed together; of several seeds each counts once."""
        seeds = list(dict.fromkeys(part.seed for part in self.items))
        return [_joined([part for part in self.items if part.seed == seed]) for seed in seeds]

    @cached_property
    def how(self) -> str:
        """The mean over folds where each tests every class, else (and for numbers) all predictions together."""
        if self.items[0].y_true.dtype.kind == "f":
            return POOLED
        n_classes = len(np.unique(np.concatenate([part.y_true for part in self.items])))
        return MEAN if all(len(np.unique(part.y_true)) == n_classes for part in self.items) else POOLED

    def units(self, how: str) -> Sequence[Part]:
        """Return what is scored one by one and then averaged."""
        return self.items if how == MEAN else self.pooled

    def score(self, metric: Metric, how: str) -> float:
        """Return the score; folds in which the metric is not defined are left out."""
        return mean_of([metric(part.y_true, part.y_score) for part in self.units(how)])


def _joined(parts: Sequence[Part]) -> Part:
    return Part(
        "pooled", parts[0].seed, np.concatenate([p.y_true for p in parts]), np.concatenate([p.y_score for p in parts]),
        np.concatenate([p.group for p in parts]),
    )  # fmt: skip


def mean_of(values: Sequence[float]) -> float:
    """Return the mean of the values that are defined, NaN where none is."""
    defined = [value for value in values if value == value]
    return float(np.mean(defined)) if defined else float("nan")


def resampled(metric: Metric, parts: Parts, how: str, n_groups: int) -> Resampled:
    """Return the score as a function of how often each group is drawn."""
    return Resampled(metric, tuple(parts.units(how)), n_groups)


@dataclass(frozen=True)
class Resampled:
    """A score of drawn groups.

    Where each fold belongs to one group its value never changes, so a draw is a weighted mean; else the samples of the
    drawn groups are scored again.
    """

    metric: Metric
    units: tuple[Part, ...]
    n_groups: int

    @property
    def n_samples(self) -> int:
        """How many samples are scored anew for each draw; 0 where none is."""
        return 0 if self._fixed else sum(len(unit.y_true) for unit in self.units)

    @cached_property
    def _fixed(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Sum and number of the fold values of each group, where each fold is of one group."""
        if any(len(np.unique(unit.group)) != 1 for unit in self.units):
            return None
        values = np.array([self.metric(unit.y_true, unit.y_score) for unit in self.units])
        group = np.array([unit.group[0] for unit in self.units])
        use = np.isfinite(values)
        counted = np.bincount(group[use], minlength=self.n_groups)
        return np.bincount(group[use], values[use], minlength=self.n_groups), counted

    def __call__(self, drawn: np.ndarray) -> float:
        """Return the score where each group is there so often, `drawn` of shape (n_groups,)."""
        if self._fixed:
            total, n = self._fixed
            return float(drawn @ total / (drawn @ n)) if drawn @ n else float("nan")
        return mean_of([self._one(unit, drawn) for unit in self.units])

    def _one(self, unit: Part, drawn: np.ndarray) -> float:
        index = np.repeat(np.arange(len(unit.y_true)), drawn[unit.group])
        return self.metric(unit.y_true[index], unit.y_score[index])
