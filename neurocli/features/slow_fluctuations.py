"""Amplitude of the slow fluctuations of a series, as of regions at rest in functional MRI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._bands import inside
from ._pairs import quotient
from .define import feature, quantity

if TYPE_CHECKING:
    from ..si import Band


@quantity(also=("amplitude_freqs",))
def amplitude_spectrum(x: np.ndarray, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Amplitude of each sinusoid of the series, its linear trend removed.

    .. math:: a_k = 2 |X_k| / n

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in its own unit.
    sfreq : float
        Hz.

    Returns
    -------
    amplitude_spectrum : array, shape (..., n_freqs)
        In the unit of the signal; the frequency zero is left out.
    amplitude_freqs : array, shape (n_freqs,)
        Hz.
    """
    n_times = x.shape[-1]
    amplitude = 2 * np.abs(np.fft.rfft(_detrended(x)))[..., 1:] / n_times
    return amplitude, np.arange(1, n_times // 2 + 1) * (sfreq / n_times)


def _detrended(x: np.ndarray) -> np.ndarray:
    x = x - x[..., :1]  # a constant becomes exactly zero
    x = x - x.mean(axis=-1, keepdims=True)
    time = np.arange(x.shape[-1]) - (x.shape[-1] - 1) / 2
    slope = (x * time).sum(axis=-1, keepdims=True) / (time**2).sum()  # row by row: no other series changes a bit
    return np.asarray(x - slope * time)


@feature(unit="V", cost="spectral", min_times=4, source="Zang et al. (2007)")
def alff(amplitude_spectrum: np.ndarray, amplitude_freqs: np.ndarray, *, band: Band = (0.01, 0.08)) -> np.ndarray:
    """Amplitude of low-frequency fluctuations: mean amplitude of the sinusoids in a band.

    Parameters
    ----------
    amplitude_spectrum : array, shape (..., n_freqs)
        Amplitudes, in the unit of the signal.
    amplitude_freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq)
        Hz, both included.

    Returns
    -------
    alff : array, shape (...,)
        In the unit of the signal; 0 for a constant. Others scale the amplitude or sum it; what is divided by the mean
        of all voxels is the same.

    Raises
    ------
    InputError
        If the band holds no frequency of the transform (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Zang, Y.-F. et al. (2007). Altered baseline brain activity in children with ADHD revealed by resting-state
       functional MRI. Brain Dev. 29(2), 83-91.
    """
    return amplitude_spectrum[..., inside(amplitude_freqs, band)].mean(axis=-1)


@feature(unit="1", cost="spectral", min_times=4, source="Zou et al. (2008)")
def falff(amplitude_spectrum: np.ndarray, amplitude_freqs: np.ndarray, *, band: Band = (0.01, 0.08)) -> np.ndarray:
    """Fractional amplitude: the sum of amplitudes in a band over that of all frequencies but zero.

    Parameters
    ----------
    amplitude_spectrum : array, shape (..., n_freqs)
        Amplitudes, in the unit of the signal.
    amplitude_freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq)
        Hz, both included.

    Returns
    -------
    falff : array, shape (...,)
        From 0 to 1; NaN for a constant.

    Raises
    ------
    InputError
        If the band holds no frequency of the transform (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Zou, Q.-H. et al. (2008). An improved approach to detection of amplitude of low-frequency fluctuation (ALFF)
       for resting-state fMRI: fractional ALFF. J. Neurosci. Methods 172(1), 137-141.
    """
    part = amplitude_spectrum[..., inside(amplitude_freqs, band)].sum(axis=-1)
    return quotient(part, amplitude_spectrum.sum(axis=-1), np.nan)
