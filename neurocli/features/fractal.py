"""Fractal dimensions: Higuchi, Katz, Petrosian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .define import feature

if TYPE_CHECKING:
    from .settings import TwoOrMore

EPSILON = 1e-9  # antropy adds it to the denominator of every slope; kept, so that values agree


def slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the least-squares slope of y (..., n) on x (n,), with antropy's guard against one point."""
    n = x.size
    return (n * (y * x).sum(axis=-1) - x.sum() * y.sum(axis=-1)) / (n * (x @ x) - x.sum() ** 2 + EPSILON)


@feature(unit="1", source="Higuchi (1988); antropy", min_times=lambda given: given["k_max"] + 1)
def higuchi_fd(x: np.ndarray, *, k_max: TwoOrMore = 10) -> np.ndarray:
    r"""Slope of log curve length on log resolution.

    .. math:: L_k = \frac{1}{k} \sum_{m=0}^{k-1} \frac{N - 1}{k^2 n_m} \sum_{j=1}^{n_m} |x_{m+jk} - x_{m+(j-1)k}|,
        \quad n_m = \lfloor (N - m - 1) / k \rfloor

    and the dimension is the slope of :math:`\ln L_k` on :math:`\ln (1/k)`, k = 1 to `k_max`.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    k_max : int
        Longest step, in samples.

    Returns
    -------
    dimension : array, shape (...,)
        1 for a smooth curve, 2 for white noise; NaN for a constant.

    References
    ----------
    .. [1] Higuchi, T. (1988). Approach to an irregular time series on the basis of the fractal theory.
       Physica D 31(2), 277-283.
    """
    x = x.astype(np.float64)
    steps = np.arange(1, k_max + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = np.stack([_curve_length(x, k) for k in range(1, k_max + 1)], axis=-1)
        return slope(np.log(1 / steps), np.log(lengths))


def _curve_length(x: np.ndarray, k: int) -> np.ndarray:
    """Return the mean length of the curves that step k samples at a time."""
    length: np.ndarray = (np.abs(x[..., k:] - x[..., :-k]) * curve_weights(x.shape[-1], k)).sum(axis=-1)
    return length


def curve_weights(n_times: int, k: int) -> np.ndarray:
    """Return the weight of each difference at lag k in the mean length of the k curves of that step."""
    n_steps = (n_times - 1 - np.arange(n_times - k) % k) // k
    return (n_times - 1) / (k**3 * n_steps)


@feature(unit="1", source="Katz (1988); antropy", min_times=2)
def katz_fd(x: np.ndarray) -> np.ndarray:
    r"""Log of the number of steps over that number scaled by extent and length.

    .. math:: D = \frac{\log_{10} n}{\log_{10} (d / a)},\quad n = N - 1,\ d = \max_t |x_t - x_0|,\
        a = \frac{1}{n} \sum_t |x_{t+1} - x_t|

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V; the abscissa is left out, as in antropy and MNE-features.

    Returns
    -------
    dimension : array, shape (...,)
        1 for a straight line; NaN for a constant.

    References
    ----------
    .. [1] Katz, M. J. (1988). Fractals and the analysis of waveforms. Comput. Biol. Med. 18(3), 145-156.
    """
    x = x.astype(np.float64)
    step = np.abs(np.diff(x, axis=-1)).mean(axis=-1)
    return katz(step, np.abs(x - x[..., :1]).max(axis=-1), x.shape[-1])


def katz(step: np.ndarray, extent: np.ndarray, n_times: int) -> np.ndarray:
    """Return the dimension from the mean step and the extent."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(n_times - 1) / np.log10(extent / step)


@feature(unit="1", source="Petrosian (1995); antropy", min_times=3)
def petrosian_fd(x: np.ndarray) -> np.ndarray:
    r"""Dimension from the number of turning points.

    .. math:: D = \frac{\log_{10} N}{\log_{10} N + \log_{10} \frac{N}{N + 0.4\, n}}

    n counts the sign changes of the differences (0 is positive; antropy takes -0.0, from a -0.0 in the signal, for
    negative).

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.

    Returns
    -------
    dimension : array, shape (...,)
        1 where the signal never turns (also for a constant).

    References
    ----------
    .. [1] Petrosian, A. (1995). Kolmogorov complexity of finite sequences and recognition of different preictal EEG
       patterns. Proc. IEEE Symp. Computer-Based Medical Systems, 212-217.
    """
    falling = np.diff(x, axis=-1) < 0
    return petrosian((falling[..., 1:] != falling[..., :-1]).sum(axis=-1), x.shape[-1])


def petrosian(n_turns: np.ndarray, n_times: int) -> np.ndarray:
    """Return the dimension from the number of turning points."""
    return np.log10(n_times) / (np.log10(n_times) + np.log10(n_times / (n_times + 0.4 * n_turns)))
