"""Statistics of the samples of one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .define import Given, feature

if TYPE_CHECKING:
    from .settings import Fraction


def _centred(x: np.ndarray) -> np.ndarray:
    x = x - x[..., :1]  # a constant becomes exactly zero
    return x - x.mean(axis=-1, keepdims=True)


def _standardised(x: np.ndarray, power: int) -> np.ndarray:
    x = _centred(x)
    scale = x.std(axis=-1)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we promise
        return (x**power).mean(axis=-1) / scale**power


@feature(unit="V", source="NumPy")
def mean(x: np.ndarray) -> np.ndarray:
    """Mean of the samples.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    mean : array, shape (...,)
        Volts.
    """
    return x.mean(axis=-1)


@feature(unit="V^2", source="NumPy, ddof=0")
def variance(x: np.ndarray) -> np.ndarray:
    """Mean squared deviation from the mean (ddof 0).

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    variance : array, shape (...,)
        V^2; exactly zero where the signal is constant.
    """
    return (_centred(x) ** 2).mean(axis=-1)


@feature(unit="V", source="NumPy, ddof=0")
def std(x: np.ndarray) -> np.ndarray:
    """Standard deviation (ddof 0).

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    std : array, shape (...,)
        Volts; exactly zero where the signal is constant.
    """
    return np.sqrt(variance(x))


@feature(unit="log10 V^2", min_times=2, source="Müller-Gerking et al. (1999)")
def log_variance(x: np.ndarray) -> np.ndarray:
    """Decimal logarithm of the variance (ddof 0).

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    log_variance : array, shape (...,)
        log10 of V^2; NaN where the signal is constant.

    References
    ----------
    .. [1] Müller-Gerking, J., Pfurtscheller, G., Flyvbjerg, H. (1999). Designing optimal spatial filters for
       single-trial EEG classification in a movement task. Clin. Neurophysiol. 110(5), 787-798.
    """
    value = variance(x)
    return np.log10(value, out=np.full_like(value, np.nan), where=value > 0)


@feature(unit="1", min_times=2, source="scipy.stats.skew, biased")
def skewness(x: np.ndarray) -> np.ndarray:
    r"""Third standardised moment, biased (g1).

    .. math:: g_1 = \frac{m_3}{m_2^{3/2}}

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    skewness : array, shape (...,)
        Without unit; NaN where the signal is constant.
    """
    return _standardised(x, 3)


@feature(unit="1", min_times=2, source="scipy.stats.kurtosis, biased, Fisher")
def kurtosis(x: np.ndarray) -> np.ndarray:
    r"""Excess of the fourth standardised moment over that of a normal distribution, biased.

    .. math:: g_2 = \frac{m_4}{m_2^2} - 3

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    kurtosis : array, shape (...,)
        Without unit; NaN where the signal is constant. mne-features reports 3 more.
    """
    return _standardised(x, 4) - 3.0


@feature(unit="V", source="mne-features")
def rms(x: np.ndarray) -> np.ndarray:
    """Root mean square, the mean not removed.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    rms : array, shape (...,)
        Volts.
    """
    return np.sqrt((x**2).mean(axis=-1))


@feature(unit="V", source="NumPy")
def peak_to_peak(x: np.ndarray) -> np.ndarray:
    """Largest minus smallest sample.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    peak_to_peak : array, shape (...,)
        Volts.
    """
    return np.ptp(x, axis=-1)


def _probabilities(given: Given) -> list[str]:
    return [f"{probability:g}" for probability in given["at"]]


@feature(unit="V", parts=_probabilities, source="NumPy, method linear")
def quantiles(x: np.ndarray, *, at: list[Fraction] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> np.ndarray:  # type: ignore[assignment]
    """Quantiles of the samples, interpolated linearly.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.
    at : list of float
        Probabilities, from 0 to 1.

    Returns
    -------
    quantiles : array, shape (..., n_probabilities)
        Volts.
    """
    return np.stack(np.quantile(x, at, axis=-1), axis=-1)
