"""How steadily the phases of two channels go together, over the time of each epoch."""

from __future__ import annotations

import numpy as np

from ._pairs import by_pair, quotient
from .analytic import band_names
from .define import feature


def unit_vectors(z: np.ndarray) -> np.ndarray:
    """Return the complex numbers of length one with the same phase; NaN for series that are zero throughout."""
    size = np.abs(z)
    silent = ~size.any(axis=-1, keepdims=True)
    return np.where(silent, np.nan, quotient(z, size.astype(z.dtype), 0.0))


def _imag(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.imag * b.real - a.real * b.imag  # exactly zero for equal channels


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Lachaux et al. (1999)")
def plv(analytic: np.ndarray) -> np.ndarray:
    r"""Phase-locking value: length of the mean phase difference, over time.

    .. math:: \mathrm{PLV} = \left| \frac{1}{n} \sum_t \frac{z_i z_j^*}{|z_i z_j|} \right|

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    plv : array, shape (..., n_pairs, n_bands)
        From 0 to 1; 1 for a steady phase difference, zero lag included. NaN where a channel is constant.

    References
    ----------
    .. [1] Lachaux, J.-P. et al. (1999). Measuring phase synchrony in brain signals. Hum. Brain Mapp. 8(4), 194-208.
    """
    return by_pair(unit_vectors(analytic), lambda a, b: np.abs((a * b.conj()).mean(axis=-1)))


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Stam et al. (2007)")
def pli(analytic: np.ndarray) -> np.ndarray:
    r"""Phase-lag index: how much more often one channel leads the other than follows it.

    .. math:: \mathrm{PLI} = \left| \frac{1}{n} \sum_t \operatorname{sign} \Im(z_i z_j^*) \right|

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    pli : array, shape (..., n_pairs, n_bands)
        From 0 to 1; 0 for equal channels and where a channel is constant, since nothing leads there.

    References
    ----------
    .. [1] Stam, C. J., Nolte, G. & Daffertshofer, A. (2007). Phase lag index. Hum. Brain Mapp. 28(11), 1178-1193.
    """
    return by_pair(analytic, lambda a, b: np.abs(np.sign(_imag(a, b)).mean(axis=-1)))


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Vinck et al. (2011)")
def wpli(analytic: np.ndarray) -> np.ndarray:
    r"""Weighted phase-lag index, not debiased: the phase-lag index with each sample weighed by its imaginary part.

    .. math:: \mathrm{wPLI} = \frac{|\sum_t \Im(z_i z_j^*)|}{\sum_t |\Im(z_i z_j^*)|}

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    wpli : array, shape (..., n_pairs, n_bands)
        From 0 to 1; 0 where there is no imaginary part at all (equal channels, a constant channel).

    References
    ----------
    .. [1] Vinck, M. et al. (2011). An improved index of phase-synchronization. NeuroImage 55(4), 1548-1565.
    """

    def measure(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        lag = _imag(a, b)
        return quotient(np.abs(lag.sum(axis=-1)), np.abs(lag).sum(axis=-1), 0.0)

    return by_pair(analytic, measure)


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Vinck et al. (2011)", version=2)
def wpli_debiased(analytic: np.ndarray) -> np.ndarray:
    r"""Debiased estimate of the squared weighted phase-lag index, over time.

    .. math:: \frac{(\sum_t I_t)^2 - \sum_t I_t^2}{(\sum_t |I_t|)^2 - \sum_t I_t^2}, \quad I = \Im(z_i z_j^*)

    The correction supposes independent samples; those of a narrow band are not, so some bias stays.

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    wpli_debiased : array, shape (..., n_pairs, n_bands)
        At most 1, and a little below 0 where there is no coupling; 0 where there is no imaginary part at all.

    References
    ----------
    .. [1] Vinck, M. et al. (2011). An improved index of phase-synchronization. NeuroImage 55(4), 1548-1565.
    """

    def measure(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        lag = _imag(a, b)
        own = (lag**2).sum(axis=-1)
        return quotient(lag.sum(axis=-1) ** 2 - own, np.abs(lag).sum(axis=-1) ** 2 - own, 0.0)

    return by_pair(analytic, measure)
