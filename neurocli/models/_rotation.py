"""Fewer columns for refits: a penalised linear model only sees the span of its training samples."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Rotation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Coordinates in an orthonormal basis of the span of the training samples.

    A model with an l2 penalty has its weights in that span, so it gives the same output from at most n_samples columns.

    Attributes
    ----------
    basis_ : array, shape (n_features, rank)
    """

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Find the basis; X of shape (n_samples, n_features), labels are not used."""
        power, U = np.linalg.eigh(X @ X.T)
        kept = power > len(X) * np.finfo(float).eps * power[-1]
        self.basis_ = X.T @ (U[:, kept] / np.sqrt(power[kept]))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the coordinates, shape (n_samples, rank)."""
        return np.asarray(X @ self.basis_)


def is_rotation_invariant(estimator: Any) -> bool:
    """Whether an unfitted estimator gives the same from rotated columns, as those with an l2 penalty do."""
    estimator = getattr(estimator, "classifier", estimator)
    kind = type(estimator).__name__
    return kind == "RidgeClassifier" or (kind == "LogisticRegression" and not estimator.l1_ratio)
