"""Distances of predicted from true numbers."""

from __future__ import annotations

import numpy as np

from .define import metric


def _of_median(y_true: np.ndarray, _n: int) -> float:
    return float(np.abs(y_true - np.median(y_true)).mean())


@metric(best="max", chance=lambda _y, _n: 0.0, needs="numbers")
def r2(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """1 - residual over total sum of squares; NaN where the truth does not vary.

    Parameters
    ----------
    y_true : array, shape (n_samples,)
        Numbers.
    y_score : array, shape (n_samples, 1)
        Predictions.
    """
    total = float(((y_true - y_true.mean()) ** 2).sum())
    return 1 - float(((y_true - y_score[:, 0]) ** 2).sum()) / total if total > 0 else float("nan")


@metric(best="min", chance=_of_median, needs="numbers", perfect=0.0)
def mae(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean absolute error, in units of the target.

    Parameters
    ----------
    y_true : array, shape (n_samples,)
        Numbers.
    y_score : array, shape (n_samples, 1)
        Predictions.
    """
    return float(np.abs(y_true - y_score[:, 0]).mean())


@metric(best="min", chance=lambda y, _n: float(y.std()), needs="numbers", perfect=0.0)
def rmse(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Root of the mean squared error, in units of the target.

    Parameters
    ----------
    y_true : array, shape (n_samples,)
        Numbers.
    y_score : array, shape (n_samples, 1)
        Predictions.
    """
    return float(np.sqrt(((y_true - y_score[:, 0]) ** 2).mean()))
