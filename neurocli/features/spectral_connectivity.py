"""How steadily two channels go together over the segments of an epoch, from their cross-spectra.

For a recording that was not cut, the segments are what other libraries call epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._bands import inside
from ._pairs import quotient
from .band_power import BANDS
from .define import Given, feature, quantity
from .spectrum import dpss_tapers

if TYPE_CHECKING:
    from ..si import Bands, Hertz, Seconds

SOURCE = "MNE-Connectivity's spectral_connectivity_epochs, mode multitaper"
REAL, IMAG, SIZE, PAIRS, SIZE_PAIRS, SIGN, UNIT_REAL, UNIT_IMAG, POWER = range(9)  # rows of the sums
N_SUMS = 9


@quantity(also=("cross_bins",))
def cross_spectra(
    x: np.ndarray, sfreq: float, *, segment: Seconds = 2.0, bandwidth: Hertz = 2.0, bands: Bands = BANDS
) -> tuple[np.ndarray, list[np.ndarray]]:
    r"""Means, over the segments of an epoch, of what is made of the cross-spectrum of each pair.

    .. math:: S_{ij}(f, s) = \sum_k \lambda_k X_{ik} X_{jk}^*

    with the transform X of segment s, its mean removed, under the taper k of eigenvalue :math:`\lambda_k`. Segments
    follow each other without overlap; what is left after the last whole one is not used.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    sfreq : float
        Hz.
    segment : float
        Length of the segments, in s.
    bandwidth : float
        Full bandwidth of the tapers, in Hz; they are those with an eigenvalue above 0.9.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz.

    Returns
    -------
    sums : array, shape (..., 9, n_pairs, n_freqs)
        For the frequencies that are in a band, with :math:`I = \Im S`, over the segments: the mean of :math:`\Re S`,
        of I and of :math:`|I|`; the mean of :math:`I_s I_t` and of :math:`|I_s I_t|` over all s < t; the mean sign of
        I, and the mean real and imaginary part of :math:`S / |S|`; last the geometric mean of both mean powers.
    cross_bins : list of array of int
        Which of the frequencies are in each band.
    """
    length = segment_length(sfreq, segment)
    bins, cross_bins = bins_of(length, sfreq, bands)
    tapers = weighted_tapers(length, sfreq, bandwidth)
    spectra = np.stack([np.fft.rfft(cut[..., None, :] * tapers)[..., bins] for cut in segments(x, length)])
    return _means(spectra.real, spectra.imag), cross_bins


def segment_length(sfreq: float, segment: float) -> int:
    """Return the samples of a segment, at least two."""
    return max(2, round(segment * sfreq))


def segments(x: np.ndarray, length: int) -> list[np.ndarray]:
    """Return the whole segments of (..., n_times), each with its mean removed."""
    cuts = [x[..., start : start + length] for start in range(0, x.shape[-1] - length + 1, length)]
    cuts = [cut - cut[..., :1] for cut in cuts]  # a constant becomes exactly zero
    return [cut - cut.mean(axis=-1, keepdims=True) for cut in cuts]


def bins_of(length: int, sfreq: float, bands: dict[str, tuple[float, float]]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the bins of the transform that are in a band, and which of these are in each."""
    freqs = np.arange(length // 2 + 1) * (sfreq / length)
    every = [np.arange(len(freqs))[inside(freqs, band)] for band in bands.values()]
    union = np.unique(np.concatenate(every))
    return union, [np.searchsorted(union, one) for one in every]


def weighted_tapers(length: int, sfreq: float, bandwidth: float) -> np.ndarray:
    """Return the tapers times the root of their eigenvalue, shape (n_tapers, length)."""
    tapers, weights = dpss_tapers(length, sfreq, bandwidth)
    return np.asarray(tapers * np.sqrt(weights)[:, None])


def _means(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    """Return the means over segments; real and imag (n_segments, ..., n_channels, n_tapers, n_freqs)."""
    a, b = np.triu_indices(real.shape[-3], 1)
    total = np.zeros((N_SUMS, *real.shape[1:-3], a.size, real.shape[-1]))
    for u, v in zip(real, imag, strict=True):
        ua, ub, va, vb = u[..., a, :, :], u[..., b, :, :], v[..., a, :, :], v[..., b, :, :]
        _add(total, (ua * ub + va * vb).sum(axis=-2), (va * ub - ua * vb).sum(axis=-2))
    n = len(real)
    total /= np.where(np.isin(np.arange(N_SUMS), (PAIRS, SIZE_PAIRS)), n * (n - 1) / 2, n).reshape(
        -1, *(1,) * (total.ndim - 1)
    )
    power = (real**2 + imag**2).sum(axis=-2).mean(axis=0)
    total[POWER] = np.sqrt(power[..., a, :] * power[..., b, :])
    return np.moveaxis(total, 0, -3)


def _add(total: np.ndarray, real: np.ndarray, imag: np.ndarray) -> None:
    """Add one segment to the sums."""
    total[PAIRS] += imag * total[IMAG]
    total[SIZE_PAIRS] += np.abs(imag) * total[SIZE]
    size = np.sqrt(real**2 + imag**2)
    terms = {REAL: real, IMAG: imag, SIZE: np.abs(imag), SIGN: np.sign(imag)}
    terms |= {UNIT_REAL: quotient(real, size, 0.0), UNIT_IMAG: quotient(imag, size, 0.0)}
    for row, term in terms.items():
        total[row] += term


def _bands(given: Given) -> list[str]:
    return list(given["cross_spectra"]["bands"])


def _two_segments(given: Given) -> int:
    return 2 * segment_length(given["sfreq"], given["cross_spectra"]["segment"])


def _averaged(value: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    """Return the mean over each band: (..., n_pairs, n_freqs) to (..., n_pairs, n_bands)."""
    return np.stack([value[..., bins].mean(axis=-1) for bins in cross_bins], axis=-1)


def _row(sums: np.ndarray, row: int) -> np.ndarray:
    return sums[..., row, :, :]


@feature(unit="1", pairs=True, parts=_bands, cost="pairs", min_times=_two_segments, source=SOURCE)
def spectral_coherence(cross_spectra: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    r"""Size of the mean cross-spectrum, over the geometric mean of the powers.

    .. math:: |\sum_s S_{ij}| / \sqrt{\sum_s S_{ii} \sum_s S_{jj}}

    Parameters
    ----------
    cross_spectra : array, shape (..., 9, n_pairs, n_freqs)
        Means over segments.
    cross_bins : list of array of int
        Frequencies of each band.

    Returns
    -------
    coherence : array, shape (..., n_pairs, n_bands)
        From 0 to 1, not squared, the mean over the frequencies of the band; NaN where a channel is constant.

    References
    ----------
    .. [1] Nunez, P. L. et al. (1997). EEG coherency I. Electroencephalogr. Clin. Neurophysiol. 103(5), 499-515.
    """
    size = np.hypot(_row(cross_spectra, REAL), _row(cross_spectra, IMAG))
    return _averaged(quotient(size, _row(cross_spectra, POWER), np.nan), cross_bins)


@feature(unit="1", pairs=True, parts=_bands, cost="pairs", min_times=_two_segments, source=SOURCE)
def spectral_imaginary_coherence(cross_spectra: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    r"""Imaginary part of the mean cross-spectrum, over the geometric mean of the powers.

    .. math:: \Im \sum_s S_{ij} / \sqrt{\sum_s S_{ii} \sum_s S_{jj}}

    Parameters
    ----------
    cross_spectra : array, shape (..., 9, n_pairs, n_freqs)
        Means over segments.
    cross_bins : list of array of int
        Frequencies of each band.

    Returns
    -------
    imaginary_coherence : array, shape (..., n_pairs, n_bands)
        From -1 to 1, positive where the first channel leads; MNE-Connectivity, which has the second channel first,
        gives the opposite sign. NaN where a channel is constant.

    References
    ----------
    .. [1] Nolte, G. et al. (2004). Identifying true brain interaction from EEG data using the imaginary part of
       coherency. Clin. Neurophysiol. 115(10), 2292-2307.
    """
    return _averaged(quotient(_row(cross_spectra, IMAG), _row(cross_spectra, POWER), np.nan), cross_bins)


@feature(unit="1", pairs=True, parts=_bands, cost="pairs", min_times=_two_segments, source=SOURCE, version=2)
def spectral_plv(cross_spectra: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    r"""Phase-locking value over segments: length of the mean direction of the cross-spectrum.

    .. math:: \left| \frac{1}{n} \sum_s S_{ij} / |S_{ij}| \right|

    Parameters
    ----------
    cross_spectra : array, shape (..., 9, n_pairs, n_freqs)
        Means over segments.
    cross_bins : list of array of int
        Frequencies of each band.

    Returns
    -------
    plv : array, shape (..., n_pairs, n_bands)
        From 0 to 1; NaN where a channel is constant.

    References
    ----------
    .. [1] Lachaux, J.-P. et al. (1999). Measuring phase synchrony in brain signals. Hum. Brain Mapp. 8(4), 194-208.
    """
    locked = np.hypot(_row(cross_spectra, UNIT_REAL), _row(cross_spectra, UNIT_IMAG))
    return _averaged(np.where(_row(cross_spectra, POWER) > 0, locked, np.nan), cross_bins)


@feature(unit="1", pairs=True, parts=_bands, cost="pairs", min_times=_two_segments, source=SOURCE)
def spectral_pli(cross_spectra: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    r"""Phase-lag index over segments: how much more often one channel leads than follows.

    .. math:: \left| \frac{1}{n} \sum_s \operatorname{sign} \Im S_{ij} \right|

    Parameters
    ----------
    cross_spectra : array, shape (..., 9, n_pairs, n_freqs)
        Means over segments.
    cross_bins : list of array of int
        Frequencies of each band.

    Returns
    -------
    pli : array, shape (..., n_pairs, n_bands)
        From 0 to 1; 0 for equal channels and where a channel is constant.

    References
    ----------
    .. [1] Stam, C. J., Nolte, G. & Daffertshofer, A. (2007). Phase lag index. Hum. Brain Mapp. 28(11), 1178-1193.
    """
    return _averaged(np.abs(_row(cross_spectra, SIGN)), cross_bins)


@feature(unit="1", pairs=True, parts=_bands, cost="pairs", min_times=_two_segments, source=SOURCE)
def spectral_wpli(cross_spectra: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    r"""Weighted phase-lag index over segments, not debiased.

    .. math:: |\sum_s \Im S_{ij}| / \sum_s |\Im S_{ij}|

    Parameters
    ----------
    cross_spectra : array, shape (..., 9, n_pairs, n_freqs)
        Means over segments.
    cross_bins : list of array of int
        Frequencies of each band.

    Returns
    -------
    wpli : array, shape (..., n_pairs, n_bands)
        From 0 to 1; 0 where there is no imaginary part at all (equal channels, a constant channel).

    References
    ----------
    .. [1] Vinck, M. et al. (2011). An improved index of phase-synchronization. NeuroImage 55(4), 1548-1565.
    """
    return _averaged(quotient(np.abs(_row(cross_spectra, IMAG)), _row(cross_spectra, SIZE), 0.0), cross_bins)


@feature(unit="1", pairs=True, parts=_bands, cost="pairs", min_times=_two_segments, source=SOURCE, version=2)
def spectral_wpli_debiased(cross_spectra: np.ndarray, cross_bins: list[np.ndarray]) -> np.ndarray:
    r"""Debiased estimate of the squared weighted phase-lag index, over segments.

    .. math:: \sum_{s \ne t} I_s I_t \Big/ \sum_{s \ne t} |I_s I_t|, \quad I = \Im S_{ij}

    Parameters
    ----------
    cross_spectra : array, shape (..., 9, n_pairs, n_freqs)
        Means over segments.
    cross_bins : list of array of int
        Frequencies of each band.

    Returns
    -------
    wpli_debiased : array, shape (..., n_pairs, n_bands)
        At most 1, and a little below 0 where there is no coupling; 0 where there is no imaginary part at all.

    References
    ----------
    .. [1] Vinck, M. et al. (2011). An improved index of phase-synchronization. NeuroImage 55(4), 1548-1565.
    """
    return _averaged(quotient(_row(cross_spectra, PAIRS), _row(cross_spectra, SIZE_PAIRS), 0.0), cross_bins)
