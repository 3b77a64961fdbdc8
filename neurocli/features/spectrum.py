"""The power spectral density, which all spectral features share."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.signal import welch
from scipy.signal.windows import dpss

from ..errors import InputError
from .define import quantity

if TYPE_CHECKING:
    from ..si import Hertz, Seconds
    from .settings import Fraction


@quantity(also=("freqs",))
def psd(
    x: np.ndarray,
    sfreq: float,
    *,
    method: Literal["welch", "multitaper"] = "welch",
    segment: Seconds = 2.0,
    overlap: Fraction = 0.5,
    bandwidth: Hertz = 2.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Power spectral density.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.
    sfreq : float
        Sampling frequency, in Hz.
    method : {"welch", "multitaper"}
        Welch: the mean over overlapping Hann (periodic) segments, the mean of each removed, as `scipy.signal.welch`.
        Multitaper: DPSS tapers of the whole epoch with an eigenvalue above 0.9, weighted by it, the mean removed, as
        MNE's `psd_array_multitaper` with ``adaptive=False, low_bias=True, normalization="full"``.
    segment : float
        Length of Welch's segments, in s; at most the epoch.
    overlap : float
        Share of a segment that the next one repeats.
    bandwidth : float
        Full bandwidth of the multitaper window, in Hz.

    Returns
    -------
    psd : array, shape (..., n_freqs)
        V^2/Hz; zero where the signal is constant.
    freqs : array, shape (n_freqs,)
        Hz.

    References
    ----------
    .. [1] Welch, P. (1967). The use of fast Fourier transform for the estimation of power spectra. IEEE Trans. Audio
       Electroacoust. 15(2), 70-73.
    .. [2] Thomson, D. J. (1982). Spectrum estimation and harmonic analysis. Proc. IEEE 70(9), 1055-1096.
    """
    x = x - x[..., :1]  # a constant becomes exactly zero, so its spectrum does too
    if method == "multitaper":
        return _multitaper(x, sfreq, bandwidth)
    n_segment, n_overlap = segmentation(x.shape[-1], sfreq, segment, overlap)
    freqs, power = welch(x, sfreq, nperseg=n_segment, noverlap=n_overlap)
    return power, freqs


def segmentation(n_times: int, sfreq: float, segment: float, overlap: float) -> tuple[int, int]:
    """Return the length of Welch's segments and of their overlap, in samples.

    Raises
    ------
    InputError
        If a segment would have no sample pair, or never move on (``E-FEATURES-SEGMENT``).
    """
    n_segment = min(round(segment * sfreq), n_times)
    n_overlap = int(overlap * n_segment)
    if n_segment < 2 or n_overlap >= n_segment:
        raise InputError(
            f"A spectrum of {n_times} samples in segments of {segment:g} s that overlap by {overlap:g} cannot be made.",
            code="E-FEATURES-SEGMENT",
            remedy=f"Set `segment` to some periods of the slowest rhythm (at {sfreq:g} Hz, {8 / sfreq:g} s or more) and"
            " `overlap` below 1.",
        )
    return n_segment, n_overlap


def _multitaper(x: np.ndarray, sfreq: float, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    n_times = x.shape[-1]
    tapers, weights = dpss_tapers(n_times, sfreq, bandwidth)
    x = x - x.mean(axis=-1, keepdims=True)
    power = np.zeros((*x.shape[:-1], n_times // 2 + 1))
    for taper, weight in zip(tapers, weights, strict=True):  # one at a time: seven at once leave the cache
        power += weight * np.abs(np.fft.rfft(x * taper)) ** 2
    power *= 2.0 / (sfreq * weights.sum())
    power[..., 0] /= 2.0
    if n_times % 2 == 0:
        power[..., -1] /= 2.0
    return power, np.fft.rfftfreq(n_times, 1.0 / sfreq)


@lru_cache(maxsize=8)
def dpss_tapers(n_times: int, sfreq: float, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the tapers that concentrate more than 0.9 of their energy in the band, and how much they do.

    Raises
    ------
    InputError
        If the band is narrower than the epoch can resolve (``E-FEATURES-BANDWIDTH``).
    """
    half = n_times * bandwidth / (2.0 * sfreq)
    if half < 0.5 or half >= n_times / 2:
        raise InputError(
            f"Tapers of {bandwidth:g} Hz do not fit {n_times} samples at {sfreq:g} Hz.",
            code="E-FEATURES-BANDWIDTH",
            remedy=f"Set `bandwidth` to {2.0 * sfreq / n_times:.3g} Hz or somewhat more.",
        )
    tapers, ratios = dpss(n_times, half, int(2 * half), sym=False, return_ratios=True)
    keep = ratios > 0.9
    keep[np.argmax(ratios)] = True
    return tapers[keep], ratios[keep]
