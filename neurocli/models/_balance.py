"""What is done about classes of unequal size, in the training samples only."""

from __future__ import annotations

import numpy as np


def class_weights(y: np.ndarray) -> np.ndarray:
    """Return a weight for each sample, so that each class weighs the same and the mean weight is 1.

    Parameters
    ----------
    y : array, shape (n_samples,)
        Labels.

    Returns
    -------
    weight : array, shape (n_samples,)
    """
    labels, index, counts = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray(len(y) / (len(labels) * counts[index]))


def subsample(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return sorted indices of as many samples of each class as the rarest has.

    Parameters
    ----------
    y : array, shape (n_samples,)
        Labels.
    rng : Generator
        Draws which ones.

    Returns
    -------
    index : array of int
    """
    labels, counts = np.unique(y, return_counts=True)
    chosen = [rng.choice(np.flatnonzero(y == label), counts.min(), replace=False) for label in labels]
    return np.sort(np.concatenate(chosen))


def balanced(policy: str, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the indices of the samples to fit on and their weights under a policy; numbers are left as they are.

    Parameters
    ----------
    policy : str
        ``weights``, ``subsample`` or ``none``.
    y : array, shape (n_samples,)
        Target of the training samples.

    Returns
    -------
    index : array of int
    weight : array, or None
    """
    everyone = np.arange(len(y))
    if policy == "none" or y.dtype.kind == "f":
        return everyone, None
    return (everyone, class_weights(y)) if policy == "weights" else (subsample(y, rng), None)
