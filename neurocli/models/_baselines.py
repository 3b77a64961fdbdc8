"""The rivals that stand beside every score: the best constant guess, and a linear model of the same features."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier, DummyRegressor

from ._chain import Chain
from ._either import Either


class Majority(Either):
    """The share of each class in the training samples as its probability; for a number the median."""

    ignores_weights = True  # weighted classes have no majority

    def __init__(self) -> None:
        super().__init__(DummyClassifier(strategy="prior"), DummyRegressor(strategy="median"))


class LogVariance(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns as they are; of epochs and covariances the logarithm of each channel's variance, in log V^2."""

    def fit(self, X: np.ndarray, y: object = None) -> Self:
        """Learn nothing; X of shape (n_samples, ...)."""
        self.n_axes_ = X.ndim
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return shape (n_samples, n_features) or (n_samples, n_channels)."""
        from ._check import kind_of

        kind = kind_of(X)
        if kind == "columns":
            return X
        variance = np.diagonal(X, axis1=1, axis2=2) if kind == "covariances" else X.var(axis=-1, dtype=float)
        return np.asarray(np.log(np.maximum(variance, np.finfo(float).tiny)))


def baseline(role: str) -> Chain:
    """Return the unfitted chain of a rival.

    Parameters
    ----------
    role : str
        ``majority``: the most frequent label, or the median. ``linear``: logistic regression with C = 1, or ridge
        regression with alpha = 1, on the same features, standardised; on epochs and covariances, on the logarithm of
        each channel's variance. Missing values become the median.

    Returns
    -------
    chain : Chain
    """
    if role == "majority":
        return Chain([("majority", Majority())], [{"accepts_nan": True}])
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import StandardScaler

    free = {"uses_labels": False, "accepts_nan": True}
    members = [
        ("log_variance", LogVariance()),
        ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
        ("standardize", StandardScaler()),
        ("linear", Either(LogisticRegression(C=1.0, max_iter=1000), Ridge(alpha=1.0))),
    ]
    return Chain(members, [free, free, free, {}])
