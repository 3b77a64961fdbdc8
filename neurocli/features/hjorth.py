"""Hjorth's three descriptors of a signal."""

from __future__ import annotations

import numpy as np

from .define import feature


def _variance(x: np.ndarray) -> np.ndarray:
    return (x - x[..., :1]).var(axis=-1)  # a constant becomes exactly zero, so its variance does too


@feature(unit="V^2", min_times=2, source="Hjorth (1970); antropy")
def hjorth_activity(x: np.ndarray) -> np.ndarray:
    """Variance of the signal.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    activity : array, shape (...,)
        V^2.

    References
    ----------
    .. [1] Hjorth, B. (1970). EEG analysis based on time domain properties. Electroencephalogr. Clin. Neurophysiol.
       29(3), 306-310.
    """
    return _variance(x)


@feature(unit="1/s", min_times=3, source="Hjorth (1970); antropy times sfreq")
def hjorth_mobility(x: np.ndarray, sfreq: float) -> np.ndarray:
    r"""Standard deviation of the slope over that of the signal.

    .. math:: m = \sqrt{\operatorname{var}(\dot x) / \operatorname{var}(x)}

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.
    sfreq : float
        Sampling frequency, in Hz.

    Returns
    -------
    mobility : array, shape (...,)
        1/s; NaN where the signal is constant.

    References
    ----------
    .. [1] Hjorth, B. (1970). EEG analysis based on time domain properties. Electroencephalogr. Clin. Neurophysiol.
       29(3), 306-310.
    """
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we promise
        return np.sqrt(_variance(np.diff(x, axis=-1)) / _variance(x)) * sfreq


@feature(unit="1", min_times=4, source="Hjorth (1970); antropy")
def hjorth_complexity(x: np.ndarray) -> np.ndarray:
    """Mobility of the slope over that of the signal: 1 for a sine, more the less alike to one it is.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    complexity : array, shape (...,)
        Without unit; NaN where the signal or its slope is constant.

    References
    ----------
    .. [1] Hjorth, B. (1970). EEG analysis based on time domain properties. Electroencephalogr. Clin. Neurophysiol.
       29(3), 306-310.
    """
    slope = np.diff(x, axis=-1)
    signal, first, second = _variance(x), _variance(slope), _variance(np.diff(slope, axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        complexity = np.sqrt(second / first) / np.sqrt(first / signal)
    return np.where((signal > 0) & (first > 0), complexity, np.nan)
