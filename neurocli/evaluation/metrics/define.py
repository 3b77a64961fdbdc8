"""What a metric is: a function of truth and scores, which score is good, and what the best constant guess gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Score = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Metric:
    """A registered metric.

    Parameters
    ----------
    name : str
        As `evaluate.metrics` spells it.
    func : callable
        ``(y_true, y_score) -> float``.
    chance : callable
        ``(y_true, n_classes) -> float``: what the best constant guess on these labels scores, exactly.
    task : {"label", "number"}
        Kind of target.
    best : {"max", "min"}
        Whether a high or a low value is good.
    perfect : float
        Value of a perfect prediction.
    needs : str
        ``labels`` (the class with the highest score), ``scores``, ``probabilities`` or ``numbers``.
    symmetric : bool
        Whether naming the classes otherwise leaves the value as it is; not where one of two is the positive one.
    """

    name: str
    func: Score
    chance: Callable[[np.ndarray, int], float]
    task: Literal["label", "number"]
    best: Literal["max", "min"]
    perfect: float
    needs: str
    symmetric: bool = True

    def __call__(self, y_true: np.ndarray, y_score: np.ndarray) -> float:
        """Return the score of some predictions.

        Parameters
        ----------
        y_true : array, shape (n_samples,)
            Class index or number.
        y_score : array, shape (n_samples, n_classes) or (n_samples, 1)
            A value a class, or the predicted number.

        Returns
        -------
        value : float
            NaN where there are no samples, or where the metric is not defined for them.
        """
        if len(y_true) == 0 or not np.isfinite(y_score).all():
            return float("nan")
        if self.needs == "probabilities" and not are_probabilities(y_score):
            return float("nan")
        return float(self.func(y_true, y_score))


METRICS: dict[str, Metric] = {}


def metric(
    *,
    best: Literal["max", "min"],
    chance: Callable[[np.ndarray, int], float],
    needs: str,
    perfect: float = 1.0,
    symmetric: bool = True,
) -> Callable[[Score], Score]:
    """Register a function as the metric of its name; the function itself is returned unchanged."""

    def decorate(func: Score) -> Score:
        name = func.__name__  # type: ignore[attr-defined]
        task: Literal["label", "number"] = "number" if needs == "numbers" else "label"
        METRICS[name] = Metric(name, func, chance, task, best, perfect, needs, symmetric)
        return func

    return decorate


def are_probabilities(y_score: np.ndarray) -> bool:
    """Whether every row is a distribution over the classes."""
    return bool((y_score >= 0).all() and np.allclose(y_score.sum(axis=1), 1, atol=1e-6))


def decided(y_score: np.ndarray) -> np.ndarray:
    """Return the class with the highest score, the first of equals; shape (n_samples,)."""
    return np.asarray(y_score.argmax(axis=1))


def shares(y_true: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the relative frequency of each class, shape (n_classes,)."""
    return np.asarray(np.bincount(y_true, minlength=n_classes) / len(y_true))


def confusion(y_true: np.ndarray, y_score: np.ndarray) -> np.ndarray:
    """Return counts, shape (n_classes, n_classes): rows are true, columns decided."""
    n = y_score.shape[1]
    return np.asarray(np.bincount(y_true * n + decided(y_score), minlength=n * n).reshape(n, n))
