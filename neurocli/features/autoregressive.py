"""The signal as a filtered noise: autoregressive coefficients and the cepstrum they imply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .define import feature, quantity

if TYPE_CHECKING:
    from pydantic import PositiveInt


@quantity()
def ar(x: np.ndarray, *, order: PositiveInt = 8, method: Literal["yule_walker", "burg"] = "yule_walker") -> np.ndarray:
    r"""Coefficients of the autoregressive model of the signal, its mean removed.

    .. math:: x_t = \sum_{k=1}^{p} \varphi_k x_{t-k} + e_t

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    order : int
        Number p of coefficients.
    method : {"yule_walker", "burg"}
        From the biased autocovariance by Levinson's recursion; or by minimising, lag after lag, the sum of forward and
        backward prediction errors.

    Returns
    -------
    phi : array, shape (..., order)
        Dimensionless; NaN for a constant. The sign is that of the prediction, as in statsmodels; ``spectrum`` and
        MATLAB return -phi.

    References
    ----------
    .. [1] Kay, S. M. (1988). Modern Spectral Estimation. Prentice Hall.
    """
    x = x.astype(np.float64)
    x = x - x[..., :1]  # a constant becomes exactly zero
    x = x - x.mean(axis=-1, keepdims=True)
    return levinson(_autocovariance(x, order)) if method == "yule_walker" else _burg(x, order)


def _autocovariance(x: np.ndarray, order: int) -> np.ndarray:
    """Return the biased autocovariance at lags 0 to `order`."""
    n = x.shape[-1]
    return np.stack([(x[..., lag:] * x[..., : n - lag]).sum(axis=-1) / n for lag in range(order + 1)], axis=-1)


def levinson(covariance: np.ndarray) -> np.ndarray:
    """Solve the Yule-Walker equations for covariances (..., order + 1) at lags 0, 1, ...; NaN where all are zero."""
    error, phi = covariance[..., 0], np.zeros((*covariance.shape[:-1], 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in range(1, covariance.shape[-1]):
            missed = covariance[..., k] - (phi * covariance[..., k - 1 : 0 : -1]).sum(axis=-1)
            phi = _grown(phi, missed / error)
            error = error * (1.0 - phi[..., -1] ** 2)
    return phi


def _grown(phi: np.ndarray, reflection: np.ndarray) -> np.ndarray:
    """Return the coefficients of one order more (Levinson's step)."""
    reflection = reflection[..., None]
    return np.concatenate([phi - reflection * phi[..., ::-1], reflection], axis=-1)


def _burg(x: np.ndarray, order: int) -> np.ndarray:
    forward, backward, phi = x[..., 1:], x[..., :-1], np.zeros((*x.shape[:-1], 0))
    for _ in range(order):
        with np.errstate(divide="ignore", invalid="ignore"):
            power = (forward**2 + backward**2).sum(axis=-1)
            reflection = 2.0 * (forward * backward).sum(axis=-1) / power
        phi, k = _grown(phi, reflection), reflection[..., None]
        forward, backward = (forward - k * backward)[..., 1:], (backward - k * forward)[..., :-1]
    return phi


def _lags(given: Mapping[str, Any]) -> list[str]:
    return [str(k) for k in range(1, given["ar"]["order"] + 1)]


def _fewest(given: Mapping[str, Any]) -> int:
    return int(given["ar"]["order"]) + 2


@feature(unit="1", parts=_lags, source="Kay (1988); statsmodels' sign", min_times=_fewest)
def ar_coefficients(ar: np.ndarray) -> np.ndarray:
    """Coefficients of the autoregressive model, by Yule-Walker or Burg; see the quantity `ar`.

    Parameters
    ----------
    ar : array, shape (..., order)
        Coefficients; ``{ar: {order: 8, method: burg}}`` chooses them.

    Returns
    -------
    phi : array, shape (..., order)
        Dimensionless; NaN for a constant.

    References
    ----------
    .. [1] Kay, S. M. (1988). Modern Spectral Estimation. Prentice Hall.
    """
    return ar


@feature(unit="1", parts=_lags, source="Atal (1974)", min_times=_fewest)
def lpc_cepstrum(ar: np.ndarray) -> np.ndarray:
    r"""Cepstrum of the autoregressive model.

    .. math:: c_n = \varphi_n + \sum_{k=1}^{n-1} \frac{k}{n} c_k \varphi_{n-k}

    which are the coefficients of :math:`\ln 1/A(z)`.

    Parameters
    ----------
    ar : array, shape (..., order)
        Coefficients of the model.

    Returns
    -------
    cepstrum : array, shape (..., order)
        c_1 to c_order, dimensionless; NaN for a constant.

    References
    ----------
    .. [1] Atal, B. S. (1974). Effectiveness of linear prediction characteristics of the speech wave for automatic
       speaker identification and verification. J. Acoust. Soc. Am. 55(6), 1304-1312.
    """
    cepstrum = np.empty_like(ar)
    for n in range(1, ar.shape[-1] + 1):
        k = np.arange(1, n)
        cepstrum[..., n - 1] = ar[..., n - 1] + (k / n * cepstrum[..., : n - 1] * ar[..., n - 1 - k]).sum(axis=-1)
    return cepstrum
