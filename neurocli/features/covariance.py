"""Covariance matrices between channels, one an epoch; what consumes them is fitted in `train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .define import Given, feature

if TYPE_CHECKING:
    from pydantic import PositiveInt


@feature(
    unit="V^2", per="array", cost="matrix", min_times=2, source="pyRiemann (scm), scikit-learn (lwf, oas)", version=2
)
def covariance(x: np.ndarray, *, estimator: Literal["scm", "lwf", "oas"] = "lwf") -> np.ndarray:
    r"""Covariance between channels, the mean removed, divided by the number of samples.

    ``lwf`` and ``oas`` shrink it towards the mean variance, which keeps it positive definite:

    .. math:: (1 - s) C + s \frac{\operatorname{tr} C}{n_{channels}} I

    For tangent connectivity of regions take ``scm``, and in `train` the member `tangent_space`: its reference is the
    mean of the training samples alone.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in volts.
    estimator : {"scm", "lwf", "oas"}
        Sample covariance as it is; shrunk by Ledoit and Wolf's, or by the oracle approximating formula.

    Returns
    -------
    cov : array, shape (..., n_channels, n_channels)
        V^2.

    References
    ----------
    .. [1] Ledoit, O., Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices.
       J. Multivar. Anal. 88(2), 365-411.
    .. [2] Chen, Y. et al. (2010). Shrinkage algorithms for MMSE covariance estimation. IEEE Trans. Signal Process.
       58(10), 5016-5029.
    """
    x = x - x[..., :1]
    x = x - x.mean(axis=-1, keepdims=True)
    cov = x @ np.swapaxes(x, -1, -2) / x.shape[-1]
    if estimator == "scm":
        return cov
    if estimator == "oas":
        return shrunk(cov, oas_weight(cov, x.shape[-1]))
    norms = (x**2).sum(axis=-2)
    return shrunk(cov, lwf_weight(cov, (norms**2).sum(axis=-1), x.shape[-1]))


def _longer_than_the_lags(given: Given) -> int:
    return int(given["order"] * given["lag"] + 2)


@feature(
    unit="V^2",
    per="array",
    cost="matrix",
    min_times=_longer_than_the_lags,
    source="Carrara & Papadopoulo (2024); moabb",
    version=2,
)
def augmented_covariance(
    x: np.ndarray, *, order: PositiveInt = 4, lag: PositiveInt = 8, estimator: Literal["scm", "lwf", "oas"] = "lwf"
) -> np.ndarray:
    """Covariance between the channels and their delayed copies.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in volts.
    order : int
        Number of copies, the undelayed one included.
    lag : int
        Delay between copies, in samples.
    estimator : {"scm", "lwf", "oas"}
        As for `covariance`.

    Returns
    -------
    cov : array, shape (..., order * n_channels, order * n_channels)
        V^2, in blocks of channels, the least delayed first. As in moabb, ``n_times - order * lag`` samples enter,
        which is `lag` fewer than could; all of them where the order is 1.

    References
    ----------
    .. [1] Carrara, I., Papadopoulo, T. (2024). Classification of BCI-EEG based on the augmented covariance matrix.
       IEEE Trans. Biomed. Eng. 71(9), 2651-2662.
    """
    return covariance(delayed(x, order, lag), estimator=estimator)


def delayed(x: np.ndarray, order: int, lag: int) -> np.ndarray:
    """Stack delayed copies; (..., n_channels, n_times) to (..., order * n_channels, n_times - order * lag)."""
    if order == 1:
        return x
    n_kept = x.shape[-1] - order * lag
    return np.concatenate([x[..., k * lag : k * lag + n_kept] for k in range(order)], axis=-2)


def shrunk(cov: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the covariance moved by `weight` (...,) towards the mean variance times the identity."""
    mean_variance = np.trace(cov, axis1=-2, axis2=-1) / cov.shape[-1]
    weight = weight[..., None, None]
    return (1.0 - weight) * cov + weight * mean_variance[..., None, None] * np.eye(cov.shape[-1], dtype=cov.dtype)


def lwf_weight(cov: np.ndarray, fourth: np.ndarray, n_times: int) -> np.ndarray:
    """Return Ledoit and Wolf's shrinkage; `fourth` (...,) is the sum over time of the fourth power of the norm."""
    n_channels = cov.shape[-1]
    squared = (cov**2).sum(axis=(-2, -1))
    trace = np.trace(cov, axis1=-2, axis2=-1)
    noise = (fourth / n_times - squared) / (n_channels * n_times)
    distance = (squared - trace**2 / n_channels) / n_channels
    noise = np.minimum(noise, distance)
    usable = (noise > 0) & (distance > 0)  # one channel, or nothing to shrink
    return np.divide(noise, distance, out=np.zeros_like(noise), where=usable)


def oas_weight(cov: np.ndarray, n_times: int) -> np.ndarray:
    """Return the oracle approximating shrinkage."""
    n_channels = cov.shape[-1]
    alpha = (cov**2).mean(axis=(-2, -1))
    mean_squared = (np.trace(cov, axis1=-2, axis2=-1) / n_channels) ** 2
    below = (n_times + 1.0) * (alpha - mean_squared / n_channels)
    weight = np.divide(alpha + mean_squared, below, out=np.ones_like(alpha), where=below > 0)
    return np.minimum(weight, 1.0)
