"""How the series of regions (or channels) vary together: plain, partial and over sliding windows.

Tangent connectivity needs a mean of all covariances, which belongs to the training samples alone: it is the feature
`covariance` with ``estimator: scm``, followed in `train` by the member `tangent_space`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._pairs import upper
from .define import Given, feature, quantity

if TYPE_CHECKING:
    from ..si import Seconds


@quantity()
def correlation_matrix(x: np.ndarray) -> np.ndarray:
    """Pearson correlation of all channels.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in its own unit.

    Returns
    -------
    correlation : array, shape (..., n_channels, n_channels)
        From -1 to 1, 1 on the diagonal; NaN in the row and the column of a constant channel.
    """
    x = x - x[..., :1]  # a constant becomes exactly zero
    x = x - x.mean(axis=-1, keepdims=True)
    size = np.sqrt((x**2).sum(axis=-1, keepdims=True))
    x = np.divide(x, size, out=np.full_like(x, np.nan), where=size != 0)
    return np.clip(x @ x.swapaxes(-1, -2), -1.0, 1.0)


@feature(unit="1", pairs=True, cost="pairs", min_times=2, source="Pearson (1895); numpy.corrcoef")
def correlation(correlation_matrix: np.ndarray) -> np.ndarray:
    """Pearson correlation of each pair, without shrinkage.

    Parameters
    ----------
    correlation_matrix : array, shape (..., n_channels, n_channels)
        Pearson correlations.

    Returns
    -------
    correlation : array, shape (..., n_pairs)
        From -1 to 1; NaN where a channel is constant. nilearn's default is shrunk (Ledoit-Wolf), and so differs.

    References
    ----------
    .. [1] Pearson, K. (1895). Note on regression and inheritance in the case of two parents. Proc. R. Soc. 58, 240-242.
    """
    return upper(correlation_matrix)


def _more_than_channels(given: Given) -> int:
    return int(given["n_channels"]) + 1


@feature(unit="1", pairs=True, cost="matrix", min_times=_more_than_channels, source="Marrelec et al. (2006); nilearn")
def partial_correlation(correlation_matrix: np.ndarray) -> np.ndarray:
    r"""Correlation of each pair with all other channels held fixed, from the inverse of the plain correlations.

    .. math:: r_{ij} = -P_{ij} / \sqrt{P_{ii} P_{jj}}, \quad P = R^{-1}

    Parameters
    ----------
    correlation_matrix : array, shape (..., n_channels, n_channels)
        Pearson correlations.

    Returns
    -------
    partial : array, shape (..., n_pairs)
        From -1 to 1, without shrinkage. NaN throughout an epoch whose correlations have no inverse: a constant
        channel, or channels that are sums of others (an average reference).

    References
    ----------
    .. [1] Marrelec, G. et al. (2006). Partial correlation for functional brain interactivity investigation in
       functional MRI. NeuroImage 32(1), 228-237.
    """
    precision = _inverse(correlation_matrix)
    scale = np.sqrt(np.diagonal(precision, axis1=-2, axis2=-1))
    return -upper(precision / scale[..., :, None] / scale[..., None, :])


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the inverse of correlations (..., n, n); NaN throughout where there is none."""
    known = np.isfinite(matrix).all(axis=(-1, -2), keepdims=True)
    values, vectors = np.linalg.eigh(np.where(known, matrix, np.eye(matrix.shape[-1])))
    singular = values[..., :1] <= 1e-12 * values[..., -1:]
    scaled = vectors / np.where(singular, 1.0, values)[..., None, :]
    return np.where(known & ~singular[..., None], scaled @ vectors.swapaxes(-1, -2), np.nan)


@feature(unit="1/V^2", pairs=True, cost="matrix", min_times=_more_than_channels, source="Dempster (1972); nilearn")
def precision(x: np.ndarray, correlation_matrix: np.ndarray) -> np.ndarray:
    r"""Precision of each pair: what is off the diagonal of the inverse of the covariance.

    .. math:: P_{ij} = (C^{-1})_{ij}, \quad C_{ij} = \sigma_i \sigma_j r_{ij}

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in its own unit; its standard deviations (ddof 0) scale the inverse of the correlations.
    correlation_matrix : array, shape (..., n_channels, n_channels)
        Pearson correlations.

    Returns
    -------
    precision : array, shape (..., n_pairs)
        One over the square of the signal's unit, without shrinkage; NaN throughout an epoch whose covariance has no
        inverse: a constant channel, or channels that are sums of others.

    References
    ----------
    .. [1] Dempster, A. P. (1972). Covariance selection. Biometrics 28(1), 157-175.
    """
    spread = (x - x[..., :1]).std(axis=-1)  # a constant becomes exactly zero
    safe = np.where(spread > 0, spread, 1.0)
    return upper(_inverse(correlation_matrix) / safe[..., :, None] / safe[..., None, :])


def _window(given: Given) -> int:
    return max(2, round(given["window"] * given["sfreq"]))


@feature(unit="1", pairs=True, parts=("mean", "std"), cost="pairs", min_times=_window, source="Hutchison et al. (2013)")
def dynamic_correlation(
    x: np.ndarray, sfreq: float, *, window: Seconds = 40.0, step: Seconds | None = None
) -> np.ndarray:
    """Mean and spread of the correlation of each pair over sliding windows.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in its own unit.
    sfreq : float
        Hz.
    window : float
        Length of the rectangular window, in s.
    step : float, optional
        From the start of one window to the next, in s; at least and by default one sample.

    Returns
    -------
    summary : array, shape (..., n_pairs, 2)
        Mean and standard deviation (ddof 0), over the windows, of the Pearson correlation; NaN where a channel is
        constant within a window. What is left after the last whole window is not used.

    References
    ----------
    .. [1] Hutchison, R. M. et al. (2013). Dynamic functional connectivity. NeuroImage 80, 360-378.
    """
    length, hop = max(2, round(window * sfreq)), max(1, round((step or 0.0) * sfreq))
    starts = range(0, x.shape[-1] - length + 1, hop)
    over = np.stack([upper(correlation_matrix(x[..., s : s + length])) for s in starts], axis=-1)
    return np.stack([over.mean(axis=-1), over.std(axis=-1)], axis=-1)
