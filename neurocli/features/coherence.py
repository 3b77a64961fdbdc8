"""Coherency of two channels in a band, from the analytic signal over the time of each epoch."""

from __future__ import annotations

import numpy as np

from ._pairs import by_pair
from .analytic import band_names
from .define import feature


def coherency(analytic: np.ndarray) -> np.ndarray:
    """Return the complex coherency of each pair; shape (..., n_pairs, n_bands), NaN where a channel is constant."""
    power = np.sqrt((np.abs(analytic) ** 2).sum(axis=-1, keepdims=True))
    scaled = np.divide(analytic, power, out=np.full_like(analytic, np.nan), where=power != 0)
    return by_pair(scaled, lambda a, b: (a * b.conj()).sum(axis=-1))


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Nunez et al. (1997)")
def coherence(analytic: np.ndarray) -> np.ndarray:
    r"""Size of the coherency of the two band-passed signals.

    .. math:: \frac{|\sum_t z_i z_j^*|}{\sqrt{\sum_t |z_i|^2 \sum_t |z_j|^2}}

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    coherence : array, shape (..., n_pairs, n_bands)
        From 0 to 1, not squared (MNE's ``coh``); NaN where a channel is constant.

    References
    ----------
    .. [1] Nunez, P. L. et al. (1997). EEG coherency I. Electroencephalogr. Clin. Neurophysiol. 103(5), 499-515.
    """
    return np.abs(coherency(analytic))


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Nolte et al. (2004)")
def imaginary_coherence(analytic: np.ndarray) -> np.ndarray:
    r"""Imaginary part of the coherency, which conduction without delay does not change.

    .. math:: \frac{\Im \sum_t z_i z_j^*}{\sqrt{\sum_t |z_i|^2 \sum_t |z_j|^2}}

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    imaginary_coherence : array, shape (..., n_pairs, n_bands)
        From -1 to 1, with its sign: positive where the first channel leads. NaN where a channel is constant.

    References
    ----------
    .. [1] Nolte, G. et al. (2004). Identifying true brain interaction from EEG data using the imaginary part of
       coherency. Clin. Neurophysiol. 115(10), 2292-2307.
    """
    return coherency(analytic).imag
