"""Epochs as columns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Vectorize(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Flatten all axes but the first.

    Attributes
    ----------
    shape_ : tuple of int
        Shape of one sample.
    """

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Remember the shape of a sample."""
        self.shape_ = X.shape[1:]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the samples as rows.

        Parameters
        ----------
        X : array, shape (n_samples, ...)
            Of the shape that was fitted.

        Returns
        -------
        X : array, shape (n_samples, n_columns)
        """
        if X.shape[1:] != self.shape_:
            raise ValueError(f"samples of shape {self.shape_} were fitted, got {X.shape[1:]}.")
        return np.asarray(X.reshape(len(X), -1), float)
