"""What shape a spectrum has: where its power lies, and how evenly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._bands import inside
from .band_power import ratio
from .define import feature

if TYPE_CHECKING:
    from ..si import Band
    from .settings import Fraction


@feature(unit="Hz", cost="spectral", min_times=4, source="mne-features (there edge 0.5)")
def spectral_edge(psd: np.ndarray, freqs: np.ndarray, *, edge: Fraction = 0.95, band: Band | None = None) -> np.ndarray:
    """Lowest frequency at which the power below it is a given share of the whole.

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        Power spectral density, in V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz.
    edge : float
        Share; 0.5 gives the median frequency.
    band : (l_freq, h_freq) or None
        What counts as the whole, in Hz; all frequencies unless said.

    Returns
    -------
    edge : array, shape (...,)
        Hz; NaN where there is no power.
    """
    bins = inside(freqs, band)
    below = np.cumsum(psd[..., bins], axis=-1)
    first = np.argmax(below >= edge * below[..., -1:], axis=-1)
    return np.where(below[..., -1] > 0, freqs[bins][first], np.nan)


@feature(unit="1", cost="spectral", min_times=4, source="Inouye et al. (1991); antropy, method welch")
def spectral_entropy(psd: np.ndarray, freqs: np.ndarray, *, band: Band | None = None) -> np.ndarray:
    r"""Shannon entropy of the spectrum as a distribution, from 0 (one frequency) to 1 (white).

    .. math:: H = -\frac{1}{\log_2 n} \sum_f p_f \log_2 p_f, \quad p_f = S_f / \sum S, \quad 0 \log 0 = 0

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        Power spectral density, in V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq) or None
        Which frequencies enter; all, zero included, unless said.

    Returns
    -------
    entropy : array, shape (...,)
        Without unit; NaN where there is no power.

    References
    ----------
    .. [1] Inouye, T. et al. (1991). Quantification of EEG irregularity by use of the entropy of the power spectrum.
       Electroencephalogr. Clin. Neurophysiol. 79(3), 204-210.
    """
    power = psd[..., inside(freqs, band, fewest=2)]
    share = ratio(power, power.sum(axis=-1, keepdims=True))
    bits = np.log2(np.where(share == 0, 1.0, share))  # 0 log 0 = 0
    return -(share * bits).sum(axis=-1) / np.log2(power.shape[-1])


@feature(unit="Hz", cost="spectral", min_times=4, source="Klimesch (1999) for alpha")
def peak_frequency(psd: np.ndarray, freqs: np.ndarray, *, band: Band = (7.0, 14.0)) -> np.ndarray:
    """Frequency of the largest power in a band; alpha and its neighbourhood unless said.

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        Power spectral density, in V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq)
        Hz.

    Returns
    -------
    peak : array, shape (...,)
        Hz, one of `freqs`; the lower of equals; NaN where there is no power.

    References
    ----------
    .. [1] Klimesch, W. (1999). EEG alpha and theta oscillations reflect cognitive and memory performance.
       Brain Res. Rev. 29(2-3), 169-195.
    """
    bins = inside(freqs, band)
    power = psd[..., bins]
    return np.where(power.max(axis=-1) > 0, freqs[bins][power.argmax(axis=-1)], np.nan)
