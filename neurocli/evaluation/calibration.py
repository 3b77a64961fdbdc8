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
    r"""Return Murphy's parts of the Brier score over the distinct forecasts.

    .. math:: B = \mathrm{reliability} - \mathrm{resolution} + \mathrm{uncertainty}

    holds exactly where samples with one forecast form one bin.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        Probabilities.

    References
    ----------
    .. [1] Murphy, A. H. (1973). A new vector partition of the probability score. J. Appl. Meteorol. 12, 595-600.
    """
    truth = np.eye(y_score.shape[1])[y_true]
    half = 2 if y_score.shape[1] == 2 else 1
    forecasts, which, counts = np.unique(y_score, axis=0, return_inverse=True, return_counts=True)
    came = np.array([np.bincount(which.ravel(), column) for column in truth.T]).T / counts[:, None]
    base = truth.mean(axis=0)
    share = counts / len(y_true)
    return {
        "reliability_loss": float(share @ ((forecasts - came) ** 2).sum(axis=1)) / half,
        "resolution": float(share @ ((came - base) ** 2).sum(axis=1)) / half,
        "uncertainty": float((base * (1 - base)).sum()) / half,
    }
