"""Share of right decisions, over all samples and over classes."""

from __future__ import annotations

import numpy as np

from .define import decided, metric, shares


def _most_frequent(y_true: np.ndarray, n_classes: int) -> float:
    return float(shares(y_true, n_classes).max())


def _one_of_those_present(y_true: np.ndarray, n_classes: int) -> float:  # noqa: ARG001 - absent classes do not count
    return 1 / len(np.unique(y_true))


@metric(best="max", chance=_most_frequent, needs="labels")
def accuracy(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Share of samples whose class has the highest score.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.
    """
    return float(np.mean(decided(y_score) == y_true))


@metric(best="max", chance=_one_of_those_present, needs="labels")
def balanced_accuracy(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean, over the classes that occur, of the share of their samples that were decided for them.

    Parameters
    ----------
    y_true : array of int, shape (n_samples,)
        Class index.
    y_score : array, shape (n_samples, n_classes)
        A value a class.
    """
    right = np.bincount(y_true, weights=decided(y_score) == y_true)
    counts = np.bincount(y_true)
    return float(np.mean(right[counts > 0] / counts[counts > 0]))
