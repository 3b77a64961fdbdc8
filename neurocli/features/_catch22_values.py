"""Of the 22: where most values lie, and how long the series stays high, keeps falling or jumps."""

from __future__ import annotations

import numpy as np

from ._catch22_common import binned, edges, mean


def mode(z: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the centre of the fullest of some bins of equal width; of equally full ones, the mean of their centres."""
    bounds = edges(z, n_bins)
    bins = binned(z, bounds)
    counts = np.stack([(bins == k).sum(axis=-1) for k in range(n_bins)], axis=-1)
    fullest = counts == counts.max(axis=-1, keepdims=True)
    centres = (bounds[..., :-1] + bounds[..., 1:]) / 2
    return np.asarray((centres * fullest).sum(axis=-1) / fullest.sum(axis=-1))


def longest_run(yes: np.ndarray) -> np.ndarray:
    """Return the largest number of neighbouring samples that are True."""
    place = np.arange(1, yes.shape[-1] + 1)
    last_no = np.maximum.accumulate(np.where(yes, 0, place), axis=-1)
    return (place - last_no).max(axis=-1).astype(float)


def stretch_high(z: np.ndarray) -> np.ndarray:
    """Return the longest stretch above the mean, in samples."""
    return longest_run(z - mean(z)[..., None] > 0)


def stretch_decreasing(z: np.ndarray) -> np.ndarray:
    """Return the longest stretch without an increase, in samples."""
    return longest_run(np.diff(z, axis=-1) <= 0)


def high_fluctuation(z: np.ndarray) -> np.ndarray:
    """Return the share of steps of more than 0.04 standard deviations."""
    return (np.abs(np.diff(z, axis=-1)) * 1000 > 40).mean(axis=-1)


def trev(z: np.ndarray) -> np.ndarray:
    """Return the mean cube of the steps: not zero where rises and falls differ, as time backwards would show."""
    return (np.diff(z, axis=-1) ** 3).mean(axis=-1)
