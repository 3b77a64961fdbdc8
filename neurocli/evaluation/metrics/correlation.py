"""Correlations of predicted and true numbers."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from .define import metric


@metric(best="max", chance=lambda _y, _n: 0.0, needs="numbers")
def pearson(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Linear correlation; a constant prediction has none, 0. NaN where the truth does not vary.

    Parameters
    ----------
    y_true : array, shape (n_samples,)
        Numbers.
    y_score : array, shape (n_samples, 1)
        Predictions.
    """
    return _correlation(y_true, y_score[:, 0])


@metric(best="max", chance=lambda _y, _n: 0.0, needs="numbers")
def spearman(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Correlation of the ranks, ties sharing their mean rank; 0 for a constant prediction.

    Parameters
    ----------
    y_true : array, shape (n_samples,)
        Numbers.
    y_score : array, shape (n_samples, 1)
        Predictions.
    """
    return _correlation(rankdata(y_true), rankdata(y_score[:, 0]))


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    if np.all(x == x[0]):
        return float("nan")
    if np.all(y == y[0]):
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1, 1))
