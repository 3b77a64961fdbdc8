"""Harmonic mean of precision and recall."""

from __future__ import annotations

import numpy as np

from .define import confusion, metric, shares


def _always_one(y_true: np.ndarray, n_classes: int) -> float:
    share = shares(y_true, n_classes)
    alone = 2 * share / (1 + share)  # recall 1, precision the share
    return float(alone[1]) if n_classes == 2 else float(alone.max() / (share > 0).sum())


@metric(best="max", chance=_always_one, needs="labels", symmetric=False)
def f1(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """2 TP / (2 TP + FP + FN).

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.

    Returns
    -------
    f1 : float
        Of two classes, that of the second (NaN where it neither occurs nor is guessed); of more, the mean over the
        classes that occur.
    """
    table = confusion(y_true, y_score)
    hits, true, guessed = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we promise
        each = 2 * hits / (true + guessed)
    return float(each[1]) if len(table) == 2 else float(np.mean(each[true > 0]))
