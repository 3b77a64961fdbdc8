"""How far probabilities mean what they say: gaps, and the parts of the Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .aggregate import Parts
from .metrics.calibration import N_BINS, brier, calibration_gap, ece
from .metrics.define import are_probabilities


def calibration(parts: Parts, classes: Sequence[str]) -> dict[str, Any] | None:
    """Return the calibration of all held-out probabilities; None for numbers and for scores that are no probabilities.

    Parameters
    ----------
    parts : Parts
        Held-out predictions.
    classes : sequence of str
        Labels.

    Returns
    -------
    calibration : dict or None
        ``ece`` (equally wide bins), ``ece_equal_mass``, ``brier`` and its parts, and the ``reliability`` curve.
    """
    y_true = np.concatenate([part.y_true for part in parts.items])
    y_score = np.concatenate([part.y_score for part in parts.items]).astype(float)
    if not classes or not np.isfinite(y_score).all() or not are_probabilities(y_score):
        return None
    confidence, right = y_score.max(axis=1), y_score.argmax(axis=1) == y_true
    return {
        "ece": ece(y_true, y_score),
        "ece_equal_mass": calibration_gap(confidence, right, _equal_mass(confidence)),
        "brier": brier(y_true, y_score),
        **brier_parts(y_true, y_score),
        "reliability": _reliability(confidence, right),
    }


def _equal_mass(confidence: np.ndarray) -> np.ndarray:
    """Return the bin of each sample, each bin of about the same number; equal confidences share a bin."""
    edges = np.quantile(confidence, np.arange(1, N_BINS) / N_BINS)
    return np.searchsorted(np.unique(edges), confidence, side="right")


def _reliability(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, float | int]]:
    which = _equal_mass(confidence)
    return [
        {
            "confidence": float(confidence[which == b].mean()),
            "accuracy": float(right[which == b].mean()),
            "n": int((which == b).sum()),
        }
        for b in np.unique(which)
    ]


def brier_parts(y_true: np.ndarray, y_score: np.ndarray) -> dict[str, float]:
    r"""Return the parts of the Brier score, by recalibrating the forecasts of each class with a monotone function.

    .. math:: B = \mathrm{miscalibration} - \mathrm{discrimination} + \mathrm{uncertainty}

    holds exactly. Miscalibration is what the best monotone function (isotonic regression) would gain, discrimination
    what it gains over the class frequencies; neither is negative, and no bins are chosen. Where few forecasts come
    often and their frequencies rise with them, the parts are Murphy's reliability and resolution [2]_.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        Probabilities.

    References
    ----------
    .. [1] Dimitriadis, T., Gneiting, T., & Jordan, A. I. (2021). Stable reliability diagrams for probabilistic
       classifiers. PNAS 118, e2016191118.
    .. [2] Murphy, A. H. (1973). A new vector partition of the probability score. J. Appl. Meteorol. 12, 595-600.
    """
    truth = np.eye(y_score.shape[1])[y_true]
    half = 2 if y_score.shape[1] == 2 else 1
    raw, recalibrated, constant = (
        float(((forecast - truth) ** 2).sum(axis=1).mean()) / half
        for forecast in (y_score, _recalibrated(y_score, truth), truth.mean(axis=0))
    )
    return {
        "miscalibration": raw - recalibrated,
        "discrimination": constant - recalibrated,
        "uncertainty": constant,
    }


def _recalibrated(y_score: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return how often each class came, as the least-squares monotone function of its forecast."""
    from sklearn.isotonic import isotonic_regression

    columns = []
    for forecast, came in zip(y_score.T, truth.T, strict=True):
        _, which, counts = np.unique(forecast, return_inverse=True, return_counts=True)
        rate = np.bincount(which, came) / counts  # equal forecasts stay equal
        columns.append(isotonic_regression(rate, sample_weight=counts)[which])
    return np.stack(columns, axis=1)
