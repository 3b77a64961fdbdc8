"""How much probabilities mean what they say."""

from __future__ import annotations

import numpy as np

from .define import metric, shares

N_BINS = 10


def _entropy(y_true: np.ndarray, n_classes: int) -> float:
    share = shares(y_true, n_classes)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def _variance(y_true: np.ndarray, n_classes: int) -> float:
    share = shares(y_true, n_classes)
    return float((share * (1 - share)).sum()) / (2 if n_classes == 2 else 1)


@metric(best="min", chance=_entropy, needs="probabilities", perfect=0.0)
def log_loss(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean of -log of the probability given to the true class, in nats.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        Probabilities; those under the smallest positive step from 1 are taken as that step.
    """
    given = y_score[np.arange(len(y_true)), y_true]
    return float(-np.log(np.clip(given, np.finfo(np.float64).eps, 1)).mean())


@metric(best="min", chance=_variance, needs="probabilities", perfect=0.0)
def brier(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean squared distance of the probabilities from the truth; of two classes, of the second alone.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        Probabilities.

    References
    ----------
    .. [1] Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Mon. Weather Rev. 78, 1-3.
    """
    truth = np.eye(y_score.shape[1])[y_true]
    total = float(((y_score - truth) ** 2).sum(axis=1).mean())
    return total / 2 if y_score.shape[1] == 2 else total


@metric(best="min", chance=lambda _y, _n: 0.0, needs="probabilities", perfect=0.0)
def ece(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean gap between confidence and accuracy in ten equally wide bins (expected calibration error).

    The best constant guess (the class frequencies) has none: calibration is no skill.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        Probabilities.

    References
    ----------
    .. [1] Guo, C., et al. (2017). On calibration of modern neural networks. ICML.
    """
    confidence, right = y_score.max(axis=1), y_score.argmax(axis=1) == y_true
    which = np.clip(np.ceil(confidence * N_BINS).astype(int) - 1, 0, N_BINS - 1)
    return calibration_gap(confidence, right, which)


def calibration_gap(confidence: np.ndarray, right: np.ndarray, which: np.ndarray) -> float:
    """Return the mean absolute gap over bins, weighted by their counts.

    Parameters
    ----------
    confidence : array, shape (n_samples,)
        What was claimed.
    right : array of bool, shape (n_samples,)
        What came true.
    which : array of int, shape (n_samples,)
        Bin of each sample.
    """
    gap = np.bincount(which, weights=confidence - right)
    return float(np.abs(gap).sum() / len(confidence))
