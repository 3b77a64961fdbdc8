"""Scores of a chain as calibrated probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.isotonic import IsotonicRegression

from ..data.samples import Samples
from ..errors import InputError
from ._chain import Chain, spread
from ._groups import group_labels


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A chain fitted on all samples, and a map of its scores learned on inner held-out groups.

    Parameters
    ----------
    chain : Chain
        Unfitted.
    method : str
        ``temperature`` (softmax of the scores over T) or ``isotonic`` (each class against the others, then normalised).
    by : str
        The groups that are held out together.
    n_splits : int
        Inner folds; as many as there are groups where these are fewer.
    random_state : int
        Of the order of the groups.

    Attributes
    ----------
    temperature_ : float
        T, of method ``temperature``.
    curves_ : list of IsotonicRegression
        One a class, of method ``isotonic``.

    References
    ----------
    Guo et al., ICML 2017, arXiv 1706.04599. Zadrozny and Elkan, KDD 2002.
    """

    needs_samples = True

    def __init__(
        self, chain: Chain, method: str = "temperature", by: str = "subject", n_splits: int = 5, random_state: int = 0
    ):
        self.chain = chain
        self.method = method
        self.by = by
        self.n_splits = n_splits
        self.random_state = random_state

    def fit(
        self, X: np.ndarray, y: np.ndarray, samples: Samples | None = None, sample_weight: np.ndarray | None = None
    ) -> Self:
        """Fit the chain, and the map on scores of samples that it was not fitted on."""
        self.classes_, index = np.unique(y, return_inverse=True)
        logits = np.empty((len(X), len(self.classes_)))
        for held in self._inner_folds(samples):
            weight = None if sample_weight is None else sample_weight[~held]
            part = clone(self.chain).fit(X[~held], index[~held], _rows(samples, ~held), weight)
            logits[held] = _logits(part, X[held], _rows(samples, held), len(self.classes_))
        self._learn(logits, index)
        self.chain_ = clone(self.chain).fit(X, index, samples, sample_weight)
        return self

    def predict_proba(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        logits = _logits(self.chain_, X, samples, len(self.classes_))
        if self.method == "temperature":
            return np.asarray(np.exp(log_softmax(logits / self.temperature_, axis=1)))
        each = np.stack([curve.predict(logits[:, k]) for k, curve in enumerate(self.curves_)], axis=1)
        total = each.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0, each / np.where(total > 0, total, 1), 1 / each.shape[1]))

    def predict(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return the most probable label of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[self.predict_proba(X, samples).argmax(axis=1)])

    def _inner_folds(self, samples: Samples | None) -> list[np.ndarray]:
        groups = np.array(group_labels(samples or {}, self.by))
        names = np.random.default_rng(self.random_state).permutation(sorted(set(groups.tolist())))
        if len(names) < 2:
            raise InputError(
                f"'calibrated' holds groups out of the training samples, and these have one only (by: {self.by}).",
                code="E-INPUT-MODEL",
                remedy="Set 'calibrated.by' to a finer group, such as session or run.",
            )
        parts = np.array_split(names, min(self.n_splits, len(names)))
        return [np.isin(groups, part) for part in parts]

    def _learn(self, logits: np.ndarray, index: np.ndarray) -> None:
        if self.method == "temperature":
            self.temperature_ = _temperature(logits, index)
            return
        curves = [IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1) for _ in self.classes_]
        self.curves_ = [curve.fit(logits[:, k], index == k) for k, curve in enumerate(curves)]


def _rows(samples: Samples | None, mask: np.ndarray) -> Samples | None:
    if samples is None:
        return None
    rows = np.flatnonzero(mask)
    return {name: [column[i] for i in rows] for name, column in samples.items()}


def _logits(chain: Chain, X: np.ndarray, samples: Samples | None, n_classes: int) -> np.ndarray:
    """Return scores on the scale of a softmax: the logarithm of probabilities, or decision values."""
    scores = spread(chain.decision(X, samples), chain.classes_, n_classes)
    is_probability = bool((scores >= 0).all()) and bool(np.allclose(scores.sum(axis=1), 1))
    return np.log(np.maximum(scores, 1e-12)) if is_probability else scores


def _temperature(logits: np.ndarray, index: np.ndarray) -> float:
    rows = np.arange(len(index))

    def loss(log_temperature: Any) -> float:
        return float(-log_softmax(logits / np.exp(log_temperature), axis=1)[rows, index].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-5, 8), method="bounded").x))
