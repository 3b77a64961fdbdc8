"""Area under the receiver operating characteristic."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from .define import metric


@metric(best="max", chance=lambda _y, _n: 0.5, needs="scores")
def roc_auc(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Probability that a sample of the class scores higher than one of another; ties count half.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.

    Returns
    -------
    auc : float
        Of two classes, that of the second; of more, the mean of each class against the rest. NaN where some class
        has no samples.
    """
    n_classes = y_score.shape[1]
    if n_classes == 2:
        return area(y_true == 1, y_score[:, 1])
    return float(np.mean([area(y_true == c, y_score[:, c]) for c in range(n_classes)]))


def area(is_positive: np.ndarray, score: np.ndarray) -> float:
    """Return the area for one score, by ranks (Mann-Whitney); NaN where one side is empty."""
    n_positive = int(is_positive.sum())
    n_negative = len(is_positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(score)[is_positive].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
