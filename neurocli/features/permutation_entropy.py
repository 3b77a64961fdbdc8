"""Permutation entropy: how evenly the orders of neighbouring samples are used."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Literal

import numpy as np

from .define import feature

if TYPE_CHECKING:
    from pydantic import PositiveInt


@feature(
    unit="1",
    source="Bandt and Pompe (2002)",
    min_times=lambda given: (given["order"] - 1) * given["delay"] + 1,
)
def permutation_entropy(
    x: np.ndarray, *, order: Literal[2, 3, 4, 5, 6, 7, 8] = 3, delay: PositiveInt = 1, normalize: bool = True
) -> np.ndarray:
    r"""Shannon entropy of the ordinal patterns of neighbouring samples.

    .. math:: H = -\sum_\pi p(\pi) \log_2 p(\pi)

    over the patterns of :math:`x_t, x_{t+\tau}, \dots, x_{t+(m-1)\tau}`; equal samples are ordered by position.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    order : int
        Samples m in a pattern, 2 to 8.
    delay : int
        Samples tau between them.
    normalize : bool
        Divide by log2(m!), so that the values lie in [0, 1]; else they are in bit.

    Returns
    -------
    entropy : array, shape (...,)
        0 for a monotonic or constant signal.

    References
    ----------
    .. [1] Bandt, C. and Pompe, B. (2002). Permutation entropy: a natural complexity measure for time series.
       Phys. Rev. Lett. 88(17), 174102.
    """
    n_patterns = x.shape[-1] - (order - 1) * delay
    windows = np.stack([x[..., i * delay : i * delay + n_patterns] for i in range(order)], axis=-1)
    ranks = windows.argsort(axis=-1, kind="stable") @ order ** np.arange(order)
    counts = _counts(ranks.reshape(-1, n_patterns), order**order)
    return entropy_of_counts(counts, order, normalize=normalize).reshape(x.shape[:-1])


def _counts(codes: np.ndarray, n_codes: int) -> np.ndarray:
    """Return how often each code is used in each row."""
    return np.stack([np.bincount(row, minlength=n_codes) for row in codes])


def entropy_of_counts(counts: np.ndarray, order: int, *, normalize: bool) -> np.ndarray:
    """Return the entropy of counts along the last axis, in bit or as a fraction of log2(order!)."""
    p = counts / counts.sum(axis=-1, keepdims=True)
    entropy = -(p * np.log2(p, where=p > 0, out=np.zeros_like(p))).sum(axis=-1) + 0.0  # no negative zero
    return np.clip(entropy / np.log2(factorial(order)), 0.0, 1.0) if normalize else entropy
