"""Agreement beyond chance."""

from __future__ import annotations

import numpy as np

from .define import confusion, metric


@metric(best="max", chance=lambda _y, _n: 0.0, needs="labels")
def kappa(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Cohen's kappa, (p_o - p_e) / (1 - p_e).

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.

    Returns
    -------
    kappa : float
        NaN where truth and decisions are all of one and the same class.

    References
    ----------
    .. [1] Cohen, J. (1960). A coefficient of agreement for nominal scales. Educ. Psychol. Meas. 20(1), 37-46.
    """
    table = confusion(y_true, y_score) / len(y_true)
    expected = float(table.sum(axis=0) @ table.sum(axis=1))
    agreed = float(np.trace(table))
    return (agreed - expected) / (1 - expected) if expected < 1 else float("nan")
