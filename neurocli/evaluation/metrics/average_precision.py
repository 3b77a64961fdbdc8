"""Area under the precision-recall steps."""

from __future__ import annotations

import numpy as np

from .define import metric, shares


def _prevalence(y_true: np.ndarray, n_classes: int) -> float:
    share = shares(y_true, n_classes)
    return float(share[1]) if n_classes == 2 else float(share.mean())


@metric(best="max", chance=_prevalence, needs="scores", symmetric=False)
def average_precision(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Precision at each threshold, weighted by the recall gained there.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.

    Returns
    -------
    ap : float
        Of two classes, that of the second; of more, the mean over classes. NaN where some class has no samples.
    """
    n_classes = y_score.shape[1]
    if n_classes == 2:
        return _steps(y_true == 1, y_score[:, 1])
    return float(np.mean([_steps(y_true == c, y_score[:, c]) for c in range(n_classes)]))


def _steps(is_positive: np.ndarray, score: np.ndarray) -> float:
    if not is_positive.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # equal scores are one threshold
    hits = np.cumsum(is_positive[order])[last]
    asked = np.flatnonzero(last) + 1
    gained = np.diff(hits, prepend=0) / hits[-1]
    return float(np.sum(gained * hits / asked))
