"""The fractal part of the spectrum by irregular resampling, which moves rhythms and leaves power laws in place."""

from __future__ import annotations

from fractions import Fraction as Ratio
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import resample_poly, welch

from ..errors import InputError
from ._bands import inside
from .define import Given, feature, quantity
from .spectrum import segmentation

if TYPE_CHECKING:
    from ..si import Band, Bands, Hertz, Seconds
    from .settings import Fraction

FACTORS = tuple(Ratio(k, 20) for k in range(22, 39))  # 1.1, 1.15 ... 1.9
LARGEST = float(FACTORS[-1])
BAND = (2.0, 30.0)
RHYTHMS = {"alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
SOURCE = "Wen and Liu (2016); neurodsp"


@quantity(also=("rhythmic_psd", "fractal_freqs"))
def fractal_psd(
    x: np.ndarray, sfreq: float, *, segment: Seconds = 2.0, overlap: Fraction = 0.5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Power spectral density without its rhythms: the median over resampled versions of the signal.

    .. math:: S_\mathrm{fractal}(f_k) = \operatorname{median}_h \sqrt{S_h(f_k)\, S_{1/h}(f_k)}

    over h = 1.1, 1.15 to 1.9, where S_h is Welch's spectrum of the signal resampled by h, bin by bin.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    sfreq : float
        Hz.
    segment : float
        Length of Welch's segments, in s; at most the epoch over 1.9, for that is how short it becomes.
    overlap : float
        Share of a segment that the next one repeats.

    Returns
    -------
    fractal_psd : array, shape (..., n_freqs)
        V^2/Hz.
    rhythmic_psd : array, shape (..., n_freqs)
        What it leaves of the spectrum of the signal, in V^2/Hz; may be negative.
    fractal_freqs : array, shape (n_freqs,)
        Hz. Above ``sfreq / 3.8`` the anti-aliasing filter has taken its part.

    Notes
    -----
    The mean is removed before resampling, where neurodsp keeps it, which rings at the ends of the epoch.

    References
    ----------
    .. [1] Wen, H. and Liu, Z. (2016). Separating fractal and oscillatory components in the power spectrum of
       neurophysiological signal. Brain Topogr. 29(1), 13-26.
    """
    n_segment, n_overlap = segmentation(x.shape[-1], sfreq, segment, overlap)
    x = centred(x)

    def spectrum(y: np.ndarray) -> np.ndarray:
        return np.asarray(welch(y, sfreq, nperseg=n_segment, noverlap=n_overlap)[1])

    pairs = [(resample_poly(x, up, down, axis=-1), resample_poly(x, down, up, axis=-1)) for up, down in ratios()]
    fractal = np.median([np.sqrt(spectrum(longer) * spectrum(shorter)) for longer, shorter in pairs], axis=0)
    return fractal, spectrum(x) - fractal, np.fft.rfftfreq(n_segment, 1 / sfreq)


def ratios() -> list[tuple[int, int]]:
    """Return numerator and denominator of each factor."""
    return [factor.as_integer_ratio() for factor in FACTORS]


def centred(x: np.ndarray) -> np.ndarray:
    """Return the signal less its mean; a constant becomes exactly zero."""
    x = x - x[..., :1]
    return np.asarray(x - x.mean(axis=-1, keepdims=True))


def _fewest(given: Given) -> int:
    """Return how many samples leave a whole segment after resampling by the largest factor."""
    chosen = given["fractal_psd"]
    return ceil(LARGEST * round(chosen["segment"] * given["sfreq"]))


def _usable(freqs: np.ndarray, band: tuple[float, float]) -> slice:
    if band[1] * LARGEST > freqs[-1] * (1 + 1e-9) or band[0] <= 0:
        raise InputError(
            f"The band [{band[0]:g} Hz, {band[1]:g} Hz] is not between 0 and {freqs[-1] / LARGEST:g} Hz, which is half"
            f" the sampling rate over {LARGEST:g}, the largest factor of resampling.",
            code="E-FEATURES-BAND",
            remedy="Lower the upper edge, or keep a higher sampling rate.",
        )
    return inside(freqs, band, fewest=2)


def _line(fractal: np.ndarray, freqs: np.ndarray, band: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return level at 1 Hz and slope of log10 power on log10 frequency, by least squares; NaN where power is zero."""
    bins = _usable(freqs, band)
    with np.errstate(divide="ignore", invalid="ignore"):
        level, place = np.log10(fractal[..., bins]), np.log10(freqs[bins])
        away = place - place.mean()
        slope = (level * away).sum(axis=-1) / (away @ away)
        offset = level.mean(axis=-1) - slope * place.mean()
    known = np.isfinite(slope)
    return np.where(known, offset, np.nan), np.where(known, slope, np.nan)


@feature(unit="1", cost="spectral", source=SOURCE, min_times=_fewest, version=2)
def irasa_exponent(fractal_psd: np.ndarray, fractal_freqs: np.ndarray, *, band: Band = BAND) -> np.ndarray:
    """How steeply the fractal part of the spectrum falls: its power goes with f to the minus this.

    Parameters
    ----------
    fractal_psd : array, shape (..., n_freqs)
        V^2/Hz; see the quantity `fractal_psd`.
    fractal_freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq)
        Where a straight line is fitted to the logarithms, in Hz; up to the sampling rate over 3.8.

    Returns
    -------
    exponent : array, shape (...,)
        0 for white noise, 2 for a random walk; NaN for a constant.

    Raises
    ------
    InputError
        If the band goes beyond what resampling leaves, or holds fewer than two bins (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Wen, H. and Liu, Z. (2016). Separating fractal and oscillatory components in the power spectrum of
       neurophysiological signal. Brain Topogr. 29(1), 13-26.
    """
    return -_line(fractal_psd, fractal_freqs, band)[1]


@feature(unit="log10 V^2/Hz", cost="spectral", source=SOURCE, min_times=_fewest, version=2)
def irasa_offset(
    fractal_psd: np.ndarray, fractal_freqs: np.ndarray, *, band: Band = BAND, at: Hertz = 1.0
) -> np.ndarray:
    """Level of the fractal part of the spectrum at a frequency.

    Parameters
    ----------
    fractal_psd : array, shape (..., n_freqs)
        V^2/Hz; see the quantity `fractal_psd`.
    fractal_freqs : array, shape (n_freqs,)
        Hz.
    band : (l_freq, h_freq)
        Where a straight line is fitted to the logarithms, in Hz; up to the sampling rate over 3.8.
    at : float
        Frequency of which the level of that line is told, in Hz.

    Returns
    -------
    offset : array, shape (...,)
        log10 of V^2/Hz; NaN for a constant.

    Raises
    ------
    InputError
        If the band goes beyond what resampling leaves, or holds fewer than two bins (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Wen, H. and Liu, Z. (2016). Separating fractal and oscillatory components in the power spectrum of
       neurophysiological signal. Brain Topogr. 29(1), 13-26.
    """
    offset, slope = _line(fractal_psd, fractal_freqs, band)
    return offset + slope * np.log10(at)


def _names(given: Given) -> list[str]:
    return list(given["bands"])


@feature(unit="V^2", cost="spectral", parts=_names, source=SOURCE, min_times=_fewest, version=2)
def irasa_rhythm(rhythmic_psd: np.ndarray, fractal_freqs: np.ndarray, *, bands: Bands = RHYTHMS) -> np.ndarray:
    """Power in each band beyond the fractal part: the sum over its bins, times their distance.

    Parameters
    ----------
    rhythmic_psd : array, shape (..., n_freqs)
        Spectrum of the signal less its fractal part, in V^2/Hz.
    fractal_freqs : array, shape (n_freqs,)
        Hz.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz; up to the sampling rate over 3.8.

    Returns
    -------
    power : array, shape (..., n_bands)
        V^2; around zero, and below it too, where there is no rhythm; 0 for a constant.

    Raises
    ------
    InputError
        If a band goes beyond what resampling leaves, or holds fewer than two bins (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Wen, H. and Liu, Z. (2016). Separating fractal and oscillatory components in the power spectrum of
       neurophysiological signal. Brain Topogr. 29(1), 13-26.
    """
    step = fractal_freqs[1] - fractal_freqs[0]
    within = [_usable(fractal_freqs, band) for band in bands.values()]
    return np.stack([rhythmic_psd[..., bins].sum(axis=-1) * step for bins in within], axis=-1)
