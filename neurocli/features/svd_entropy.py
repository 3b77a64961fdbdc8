"""Entropy of the singular values of a signal beside its own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .define import feature

if TYPE_CHECKING:
    from pydantic import PositiveInt

    from .settings import TwoOrMore


@feature(
    unit="1",
    source="Roberts et al. (1999); antropy",
    min_times=lambda given: given["order"] * given["delay"] + 1,
)
def svd_entropy(x: np.ndarray, *, order: TwoOrMore = 3, delay: PositiveInt = 1, normalize: bool = True) -> np.ndarray:
    r"""Shannon entropy of the singular values of the delay embedding.

    .. math:: H = -\sum_i \bar\sigma_i \log_2 \bar\sigma_i,\quad \bar\sigma_i = \sigma_i / \sum_j \sigma_j

    of the matrix whose rows are :math:`x_t, x_{t+\tau}, \dots, x_{t+(m-1)\tau}`.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V; its mean is not removed.
    order : int
        Columns m, 2 or more.
    delay : int
        Samples tau between columns.
    normalize : bool
        Divide by log2(m), so that the values lie in [0, 1]; else they are in bit.

    Returns
    -------
    entropy : array, shape (...,)
        About 0 for a constant that is not zero; NaN for zeros.

    Notes
    -----
    As antropy. mne-features' defaults are order 10, delay 2, not normalised.

    References
    ----------
    .. [1] Roberts, S. J. et al. (1999). Temporal and spatial complexity measures for electroencephalogram based
       brain-computer interfacing. Med. Biol. Eng. Comput. 37(1), 93-98.
    """
    singular = np.linalg.svd(embedded(x.astype(np.float64), order, delay), compute_uv=False)
    return entropy_of(singular, order, normalize=normalize)


def embedded(x: np.ndarray, order: int, delay: int) -> np.ndarray:
    """Return the delayed copies of the signal as columns, shape (..., n_times - (order - 1) delay, order)."""
    n = x.shape[-1] - (order - 1) * delay
    return np.stack([x[..., i * delay : i * delay + n] for i in range(order)], axis=-1)


def entropy_of(singular: np.ndarray, order: int, *, normalize: bool) -> np.ndarray:
    """Return the entropy of singular values along the last axis."""
    with np.errstate(invalid="ignore"):
        p = singular / singular.sum(axis=-1, keepdims=True)
    entropy: np.ndarray = -(p * np.log2(p, where=p > 0, out=np.zeros_like(p))).sum(axis=-1) + 0.0
    return entropy / np.log2(order) if normalize else entropy
