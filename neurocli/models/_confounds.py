"""Features without what confounds explain of them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ..data.samples import Samples
from ..errors import ConfigError, InputError


class ConfoundRegression(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Residuals of a linear regression of every feature on confounds, fitted on the training samples.

    .. math:: \tilde X = X - Z B, \quad B = Z_{train}^+ X_{train}

    A number enters as it is, standardised; a column of words as one indicator a word (one that training lacks: none).

    Parameters
    ----------
    columns : list of str
        Columns of the sample table, also found as ``participants/NAME`` and ``events/NAME``.

    Attributes
    ----------
    weights_ : array, shape (n_confounds, n_features)
        B, without the intercept, which stays in the features.
    coding_ : list of dict
        How each column becomes numbers: ``mean`` and ``scale``, or ``words``.

    References
    ----------
    Snoek, Miletić and Scholte, NeuroImage 2019, 184, 741-760.
    """

    needs_samples = True

    def __init__(self, columns: list[str]):
        self.columns = columns

    def fit(self, X: np.ndarray, y: Any = None, samples: Samples | None = None) -> Self:
        """Fit on X, shape (n_samples, n_features), and the sample table; labels are not used."""
        table = samples or {}
        self.coding_ = [_coding(_column(table, name)) for name in self.columns]
        Z = self._design(table)
        self.weights_ = np.linalg.lstsq(np.column_stack([np.ones(len(Z)), Z]), X, rcond=None)[0][1:]
        return self

    def transform(self, X: np.ndarray, samples: Samples | None = None) -> np.ndarray:
        """Return X without what the confounds explain, shape (n_samples, n_features)."""
        return np.asarray(X - self._design(samples or {}) @ self.weights_)

    def _design(self, table: Samples) -> np.ndarray:
        parts = [_coded(_column(table, name), code) for name, code in zip(self.columns, self.coding_, strict=True)]
        return np.concatenate(parts, axis=1)


def _column(table: Samples, name: str) -> list[Any]:
    for found in (name, f"participants/{name}", f"events/{name}"):
        if found in table:
            return _complete(table[found], name)
    raise ConfigError(
        f"'confound_regression' cannot find the column {name!r}: the sample table has {', '.join(table)}.",
        code="E-CONFIG-MODEL",
        remedy="Name a column of participants.tsv or of the events.",
    )


def _complete(values: list[Any], name: str) -> list[Any]:
    lacking = sum(value is None or value in ("n/a", "") or value != value for value in values)
    if lacking:
        raise InputError(
            f"The confound {name!r} is missing in {lacking} of {len(values)} samples.",
            code="E-INPUT-MODEL",
            remedy="Fill it in, or leave out those recordings.",
        )
    return values


def _coding(values: list[Any]) -> dict[str, Any]:
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return {"words": sorted({str(value) for value in values})}
    return {"mean": float(numbers.mean()), "scale": float(numbers.std()) or 1.0}


def _coded(values: list[Any], code: dict[str, Any]) -> np.ndarray:
    if "words" in code:
        return np.array([[float(str(value) == word) for word in code["words"]] for value in values])
    numbers = np.array([float(value) for value in values])
    return np.asarray((numbers - code["mean"]) / code["scale"])[:, None]
