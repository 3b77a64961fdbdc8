"""Moments of the spectrum, taken as a distribution over frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._bands import inside
from .band_power import ratio
from .define import feature, quantity

if TYPE_CHECKING:
    from ..si import Band


@quantity()
def spectral_moments(psd: np.ndarray, freqs: np.ndarray, *, band: Band | None = None) -> np.ndarray:
    """Mean, and second to fourth central moment, of frequency under the spectrum.

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        Power spectral density, in V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq) or None
        Which frequencies enter; all unless said.

    Returns
    -------
    moments : array, shape (..., 4)
        Hz, Hz^2, Hz^3, Hz^4; NaN where there is no power.
    """
    bins = inside(freqs, band, fewest=2)
    share = ratio(psd[..., bins], psd[..., bins].sum(axis=-1, keepdims=True))
    centroid = (share * freqs[bins]).sum(axis=-1)
    away = freqs[bins] - centroid[..., None]
    return np.stack([centroid, *((share * away**power).sum(axis=-1) for power in (2, 3, 4))], axis=-1)


@feature(unit="Hz", cost="spectral", min_times=4, source="Peeters (2004)")
def spectral_centroid(spectral_moments: np.ndarray) -> np.ndarray:
    """Mean frequency of the power.

    Parameters
    ----------
    spectral_moments : array, shape (..., 4)
        Moments of the spectrum.

    Returns
    -------
    centroid : array, shape (...,)
        Hz; NaN where there is no power.

    References
    ----------
    .. [1] Peeters, G. (2004). A large set of audio features for sound description. CUIDADO, IRCAM.
    """
    return spectral_moments[..., 0]


@feature(unit="Hz", cost="spectral", min_times=4, source="Peeters (2004)")
def spectral_spread(spectral_moments: np.ndarray) -> np.ndarray:
    """Standard deviation of frequency under the spectrum.

    Parameters
    ----------
    spectral_moments : array, shape (..., 4)
        Moments of the spectrum.

    Returns
    -------
    spread : array, shape (...,)
        Hz; NaN where there is no power.

    References
    ----------
    .. [1] Peeters, G. (2004). A large set of audio features for sound description. CUIDADO, IRCAM.
    """
    return np.sqrt(spectral_moments[..., 1])


@feature(unit="1", cost="spectral", min_times=4, source="Peeters (2004)")
def spectral_skewness(spectral_moments: np.ndarray) -> np.ndarray:
    """Third standardised moment of frequency under the spectrum.

    Parameters
    ----------
    spectral_moments : array, shape (..., 4)
        Moments of the spectrum.

    Returns
    -------
    skewness : array, shape (...,)
        Without unit; NaN where the power lies at one frequency, or there is none.

    References
    ----------
    .. [1] Peeters, G. (2004). A large set of audio features for sound description. CUIDADO, IRCAM.
    """
    return ratio(spectral_moments[..., 2], spectral_moments[..., 1] ** 1.5)


@feature(unit="1", cost="spectral", min_times=4, source="Peeters (2004), less 3")
def spectral_kurtosis(spectral_moments: np.ndarray) -> np.ndarray:
    """Excess of the fourth standardised moment of frequency under the spectrum over that of a normal distribution.

    Parameters
    ----------
    spectral_moments : array, shape (..., 4)
        Moments of the spectrum.

    Returns
    -------
    kurtosis : array, shape (...,)
        Without unit; NaN where the power lies at one frequency, or there is none.

    References
    ----------
    .. [1] Peeters, G. (2004). A large set of audio features for sound description. CUIDADO, IRCAM.
    """
    return ratio(spectral_moments[..., 3], spectral_moments[..., 1] ** 2) - 3.0
