"""One member name for labels and for numbers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import has_fit_parameter


class Either(BaseEstimator):  # type: ignore[misc]
    """A classifier where the target is a label, a regressor where it is a number (floats).

    Parameters
    ----------
    classifier, regressor : estimator
        Unfitted.

    Attributes
    ----------
    chosen_ : estimator
        The one that was fitted.
    """

    def __init__(self, classifier: Any, regressor: Any):
        self.classifier = classifier
        self.regressor = regressor

    @property
    def accepts_weights(self) -> bool:
        """Whether `fit` takes sample weights."""
        return bool(has_fit_parameter(self.classifier, "sample_weight"))

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Self:
        """Fit the one that suits `y`."""
        chosen = self.regressor if np.asarray(y).dtype.kind == "f" else self.classifier
        weight = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.chosen_ = clone(chosen).fit(X, y, **weight)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels or numbers, shape (n_samples,)."""
        return np.asarray(self.chosen_.predict(X))
