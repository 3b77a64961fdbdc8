"""Hits among the first two choices, for classes in an order."""

from __future__ import annotations

import numpy as np

from .define import metric, shares


def _best_pair(y_true: np.ndarray, n_classes: int) -> float:
    share = shares(y_true, n_classes)
    return float((share[1:] + share[:-1]).max(initial=share.max()))


@metric(best="max", chance=_best_pair, needs="labels", symmetric=False)
def sequential_top2(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Share of samples whose class is the first choice, or the second one where the two are neighbours.

    For classes in an order, such as ratings: a second choice next to the first is nearly right, any other is not. Of
    two classes it is 1.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index; classes lie in the order of their labels.
    y_score : array, shape (n_samples, n_classes)
        A value a class.
    """
    first, second = np.argsort(-y_score, axis=1, kind="stable").T[:2]
    near = np.abs(first - second) == 1
    return float(np.mean((first == y_true) | ((second == y_true) & near)))
