"""Columns chosen by a score of their own."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Select(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The `k` columns with the highest score, in the order they came; all where there are fewer.

    Attributes
    ----------
    kept_ : array of int, shape (k,)
        Their indices.
    n_features_ : int
        Number of columns they were chosen from.
    """

    def __init__(self, k: int = 20, score: str = "anova", random_state: int = 0):
        self.k = k
        self.score = score
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Score the columns of X, shape (n_samples, n_features)."""
        values = np.nan_to_num(_scores(X, y, self.score, self.random_state), nan=-np.inf)  # constant columns come last
        self.n_features_ = X.shape[1]
        self.kept_ = np.sort(np.argsort(-values, kind="stable")[: self.k])
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the chosen columns, shape (n_samples, k)."""
        return np.asarray(X[:, self.kept_])


def _scores(X: np.ndarray, y: Any, score: str, seed: int) -> np.ndarray:
    if score == "variance":
        return np.asarray(X.var(axis=0))
    from sklearn import feature_selection as fs

    is_number = np.asarray(y).dtype.kind == "f"
    if score == "mutual_information":
        function = fs.mutual_info_regression if is_number else fs.mutual_info_classif
        return np.asarray(function(X, y, random_state=seed))
    varying = X.std(axis=0) > 0
    values = np.full(X.shape[1], np.nan)
    if varying.any():
        values[varying] = (fs.f_regression if is_number else fs.f_classif)(X[:, varying], y)[0]
    return values
