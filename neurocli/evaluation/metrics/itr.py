"""Information transfer rate."""

from __future__ import annotations

from math import log2

import numpy as np

from .accuracy import accuracy
from .define import metric, shares


def bits_per_trial(p: float, n_classes: int) -> float:
    """Return log2 N + P log2 P + (1 - P) log2((1 - P) / (N - 1)), 0 below P = 1 / N.

    Parameters
    ----------
    p : float
        Accuracy.
    n_classes : int
        Number of targets, N.

    References
    ----------
    .. [1] Wolpaw, J. R., et al. (2000). Brain-computer interface technology. IEEE Trans. Rehabil. Eng. 8(2), 164-173.
    """
    if n_classes < 2 or p <= 1 / n_classes:
        return 0.0
    wrong = (1 - p) * log2((1 - p) / (n_classes - 1)) if p < 1 else 0.0
    return log2(n_classes) + p * log2(p) + wrong


@metric(best="max", chance=lambda y, n: bits_per_trial(float(shares(y, n).max()), n), needs="labels", perfect=np.nan)
def itr(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Bits a trial that the accuracy is worth; divide by the seconds of a trial for a rate.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.
    """
    return bits_per_trial(accuracy(y_true, y_score), y_score.shape[1])
