"""Long memory: the exponent of detrended fluctuations, and Hurst's exponent from the rescaled range."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import gamma, pi, sqrt

import numpy as np

from .define import feature
from .fractal import slope


@feature(unit="1", source="Peng et al. (1994); antropy", min_times=60, version=2)
def dfa_exponent(x: np.ndarray) -> np.ndarray:
    r"""Exponent of detrended fluctuations with the length of the window.

    The walk :math:`y_t = \sum_{s \le t} (x_s - \bar x)` is cut, from the left and without overlap, in windows of n
    samples; F(n) is the root of the mean square of what a straight line leaves in each; the exponent is the slope of
    :math:`\ln F` on :math:`\ln n` over the n = floor(4 * 1.2^i) up to a tenth of the signal.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.

    Returns
    -------
    exponent : array, shape (...,)
        0.5 for white noise, 1 for 1/f noise, 1.5 for a random walk; NaN for a constant.

    References
    ----------
    .. [1] Peng, C.-K. et al. (1994). Mosaic organization of DNA nucleotides. Phys. Rev. E 49(2), 1685-1689.
    """
    x = x.astype(np.float64)
    x = x - x[..., :1]  # a constant becomes exactly zero
    walk = np.cumsum(x - x.mean(axis=-1, keepdims=True), axis=-1)
    sizes = window_sizes(x.shape[-1])
    squares = [_mean_square(_windows(walk, n)) for n in sizes]
    return exponent(np.stack(squares, axis=-1), np.array(sizes))


def exponent(squares: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the slope of the log root of mean squares (..., n_sizes); NaN where one is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return slope(np.log(sizes), 0.5 * np.log(squares))


@cache
def window_sizes(n_times: int) -> tuple[int, ...]:
    """Return the lengths of windows: floor(4 * 1.2^i), each once, up to a tenth of the signal."""
    n_steps = int(np.log(0.1 * n_times / 4) / np.log(1.2)) + 1
    return tuple(dict.fromkeys(int(4 * 1.2**i) for i in range(n_steps)))


def _windows(x: np.ndarray, n: int) -> np.ndarray:
    """Return windows of n samples, from the left: (..., n_windows, n); what is over is left out."""
    n_windows = x.shape[-1] // n
    return x[..., : n_windows * n].reshape(*x.shape[:-1], n_windows, n)


def _mean_square(windows: np.ndarray) -> np.ndarray:
    """Return the mean square about each window's own line."""
    t = np.arange(windows.shape[-1]) - (windows.shape[-1] - 1) / 2
    about_mean = windows - windows.mean(axis=-1, keepdims=True)
    about_line = about_mean - ((about_mean * t).sum(axis=-1) / (t @ t))[..., None] * t
    return (about_line**2).mean(axis=(-2, -1))


@feature(unit="1", source="Qian and Rasheed (2004); mne-features", min_times=64)
def hurst_exponent(x: np.ndarray) -> np.ndarray:
    r"""Exponent of the rescaled range with the length of the window, corrected for short windows.

    The signal is cut in windows of n samples. In each, after k = 2 to n samples, the range of the walk (the summed
    deviations from the window's mean) is divided by the standard deviation so far (ddof 1). The logarithm of the mean
    of all these quotients, less that of its expectation for white noise (Anis and Lloyd), plus ln(n) / 2, is regressed
    on ln n, for 20 values of n from 16 to half the signal.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.

    Returns
    -------
    exponent : array, shape (...,)
        0.5 for white noise; NaN for a constant.

    Notes
    -----
    As mne-features, whose expanding windows are a choice of its own: other libraries differ by up to 30 %. Prefer
    `dfa_exponent` where nothing has to be compared with older results.

    References
    ----------
    .. [1] Qian, B. and Rasheed, K. (2004). Hurst exponent and financial market predictability. IASTED FEA, 203-209.
    .. [2] Anis, A. A. and Lloyd, E. H. (1976). The expected value of the adjusted rescaled Hurst range of independent
       normal summands. Biometrika 63(1), 111-116.
    """
    x = x.astype(np.float64)
    ratios = [_mean_rescaled_range(_windows(x, n)) for n in splits(x.shape[-1])]
    return hurst(np.stack(ratios, axis=-1), x.shape[-1])


def hurst(ratios: np.ndarray, n_times: int) -> np.ndarray:
    """Return the exponent from the mean rescaled range at each of the `splits`."""
    sizes = np.array(splits(n_times))
    log_sizes = np.log(sizes) - np.log(sizes).mean()
    corrected = np.log(ratios) - np.log([white_noise_range(n) for n in splits(n_times)]) + np.log(sizes) / 2
    return (corrected * log_sizes).sum(axis=-1) / (log_sizes @ log_sizes)


@cache
def splits(n_times: int) -> tuple[int, ...]:
    """Return the lengths of windows: 20 from 16 to half the signal, evenly in the logarithm, each once."""
    sizes = np.floor(np.logspace(4, np.log2(n_times / 2), 20, base=2.0)).astype(int)
    return tuple(int(n) for n in np.unique(sizes))


@cache
def white_noise_range(n: int) -> float:
    """Return the rescaled range that white noise is expected to have over n samples."""
    total = sum(sqrt((n - i) / i) for i in range(1, n)) * (n - 0.5) / n
    if n > 340:  # the gamma function leaves the range of float64; mne-features repeats its small factor here
        return total * (n - 0.5) / n / sqrt(pi * n / 2)
    return total * gamma((n - 1) / 2) / (sqrt(pi) * gamma(n / 2))


def _mean_rescaled_range(windows: np.ndarray) -> np.ndarray:
    """Return the mean, over windows and over how much of them has passed, of range over standard deviation."""
    walk = np.cumsum(windows - windows.mean(axis=-1, keepdims=True), axis=-1)
    spread = np.maximum.accumulate(walk, axis=-1) - np.minimum.accumulate(walk, axis=-1)
    deviation = np.stack(list(_expanding_std(windows)), axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(deviation > 0, spread[..., 1:] / deviation, np.nan)
    n = np.isfinite(ratio).sum(axis=(-2, -1))
    return np.where(n > 0, np.nansum(ratio, axis=(-2, -1)) / np.maximum(n, 1), np.nan)


def _expanding_std(windows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the standard deviation (ddof 1) of the first two samples, of the first three, and so on (Welford)."""
    mean, squares = windows[..., 0], np.zeros(windows.shape[:-1])
    for k in range(1, windows.shape[-1]):
        away = windows[..., k] - mean
        mean = mean + away / (k + 1)
        squares = squares + away * (windows[..., k] - mean)
        yield np.sqrt(squares / k)
