"""How the channels follow an envelope from outside: that of a sound or of any stimulus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import csd, welch

from ..errors import InputError, unknown
from ._bands import inside
from ._pairs import quotient
from .band_power import BANDS
from .define import Given, feature, quantity
from .spectrum import segmentation

if TYPE_CHECKING:
    from ..si import Bands, Seconds
    from .settings import Fraction

SOURCE = "Aiken and Picton (2008); scipy.signal.csd"


@quantity(also=("following_coherence", "following_freqs"))
def following(
    x: np.ndarray,
    sfreq: float,
    ch_names: tuple[str, ...],
    *,
    envelope: str | list[float] | None = None,
    segment: Seconds = 1.0,
    overlap: Fraction = 0.5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Cross-spectral density of an envelope and each channel, and their coherence.

    .. math:: S_{ex}(f) = \langle E^*(f) X(f) \rangle, \quad C(f) = \frac{|S_{ex}|^2}{S_{ee} S_{xx}}

    by Welch's segments: Hann (periodic), the mean of each removed.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    sfreq : float
        Hz.
    ch_names : tuple of str
        Names of the channels.
    envelope : str or list of float, optional
        The channel that holds the envelope; or the envelope itself, a number a sample, the same in each epoch. By
        default the last channel.
    segment : float
        Length of the segments, in s.
    overlap : float
        Share of a segment that the next one repeats.

    Returns
    -------
    following : array, shape (..., n_channels, n_freqs)
        Complex; V^2/Hz, or V/Hz times the unit of an envelope that was given as numbers.
    following_coherence : array, shape (..., n_channels, n_freqs)
        Magnitude squared; NaN where a channel or the envelope has no power. Of n independent segments about 1/n where
        nothing is followed.
    following_freqs : array, shape (n_freqs,)
        Hz.

    Raises
    ------
    InputError
        If there is no such channel or not one number a sample (``E-FEATURES-ENVELOPE``), or the epoch holds a single
        segment, the coherence of which is 1 (``E-FEATURES-SEGMENT``).
    """
    n_segment, n_overlap = _segments(x.shape[-1], sfreq, segment, overlap)
    options = {"fs": sfreq, "nperseg": n_segment, "noverlap": n_overlap}
    x = x - x[..., :1]  # a constant becomes exactly zero
    outside = _envelope(x, ch_names, envelope)
    freqs, cross = csd(outside, x, **options)
    power = welch(x, **options)[1] * welch(outside, **options)[1]
    return cross, quotient(np.abs(cross) ** 2, power, np.nan), freqs


def _segments(n_times: int, sfreq: float, segment: float, overlap: float) -> tuple[int, int]:
    n_segment, n_overlap = segmentation(n_times, sfreq, segment, overlap)
    if 2 * n_segment - n_overlap > n_times:
        raise InputError(
            f"An epoch of {n_times / sfreq:g} s holds one segment of {n_segment / sfreq:g} s, and what is coherent over"
            " one segment is everything.",
            code="E-FEATURES-SEGMENT",
            remedy="Set `following.segment` to half the epoch or less.",
        )
    return n_segment, n_overlap


def _envelope(x: np.ndarray, ch_names: tuple[str, ...], given: str | list[float] | None) -> np.ndarray:
    """Return the envelope of each epoch: (..., 1, n_times), or (n_times,) where it is given."""
    if given is None:
        return x[..., -1:, :]
    if isinstance(given, str):
        if given not in ch_names:
            said = unknown("channel with the envelope", given, ch_names)
            raise InputError(said, code="E-FEATURES-ENVELOPE", remedy="Name a channel that `pick` keeps.")
        where = ch_names.index(given)
        return x[..., where : where + 1, :]
    outside = np.asarray(given, dtype=np.float64)
    if outside.shape != x.shape[-1:] or not np.isfinite(outside).all():
        raise InputError(
            f"The envelope has {outside.size} numbers and the epoch {x.shape[-1]} samples; they must be as many, and"
            " finite.",
            code="E-FEATURES-ENVELOPE",
            remedy="Resample the envelope to the rate of the signal, and cut it as the epochs are cut.",
        )
    return outside - outside[0]


def _names(given: Given) -> list[str]:
    return list(given["bands"])


def _unit(given: Given) -> str:
    return "V^2/Hz" if isinstance(given["following"]["envelope"], str | None) else "V/Hz"


@feature(unit=_unit, per="node", parts=_names, cost="spectral", min_times=4, source=SOURCE)
def envelope_csd(following: np.ndarray, following_freqs: np.ndarray, *, bands: Bands = BANDS) -> np.ndarray:
    """Size of the cross-spectral density with an envelope, its mean over each band.

    Parameters
    ----------
    following : array, shape (..., n_channels, n_freqs)
        Cross-spectral density; ``{following: {envelope: audio, segment: 1 s}}`` says with what.
    following_freqs : array, shape (n_freqs,)
        Hz.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz.

    Returns
    -------
    csd : array, shape (..., n_channels, n_bands)
        V^2/Hz, or V/Hz where the envelope is given as numbers; 0 for a constant.

    Raises
    ------
    InputError
        If a band holds no frequency (``E-FEATURES-BAND``), the envelope is not there (``E-FEATURES-ENVELOPE``), or an
        epoch holds one segment (``E-FEATURES-SEGMENT``).

    References
    ----------
    .. [1] Aiken, S. J. and Picton, T. W. (2008). Human cortical responses to the speech envelope. Ear Hear. 29(2),
       139-157.
    """
    means = [np.abs(following[..., inside(following_freqs, band)]).mean(axis=-1) for band in bands.values()]
    return np.stack(means, axis=-1)


@feature(unit="1", per="node", parts=_names, cost="spectral", min_times=4, source=SOURCE)
def envelope_coherence(
    following_coherence: np.ndarray, following_freqs: np.ndarray, *, bands: Bands = BANDS
) -> np.ndarray:
    """Magnitude-squared coherence with an envelope, its mean over each band.

    Parameters
    ----------
    following_coherence : array, shape (..., n_channels, n_freqs)
        Coherence; ``{following: {envelope: audio, segment: 1 s}}`` says with what.
    following_freqs : array, shape (n_freqs,)
        Hz.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz.

    Returns
    -------
    coherence : array, shape (..., n_channels, n_bands)
        From 0 to 1; 1 for the channel of the envelope, NaN for a constant.

    Raises
    ------
    InputError
        If a band holds no frequency (``E-FEATURES-BAND``), the envelope is not there (``E-FEATURES-ENVELOPE``), or an
        epoch holds one segment (``E-FEATURES-SEGMENT``).

    References
    ----------
    .. [1] Aiken, S. J. and Picton, T. W. (2008). Human cortical responses to the speech envelope. Ear Hear. 29(2),
       139-157.
    """
    means = [following_coherence[..., inside(following_freqs, band)].mean(axis=-1) for band in bands.values()]
    return np.stack(means, axis=-1)


@feature(unit="rad", per="node", parts=_names, cost="spectral", min_times=4, source=SOURCE)
def envelope_phase(following: np.ndarray, following_freqs: np.ndarray, *, bands: Bands = BANDS) -> np.ndarray:
    """Phase of each channel relative to an envelope, of the cross-spectral density summed over each band.

    Parameters
    ----------
    following : array, shape (..., n_channels, n_freqs)
        Cross-spectral density; ``{following: {envelope: audio, segment: 1 s}}`` says with what.
    following_freqs : array, shape (n_freqs,)
        Hz.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz. A delay turns the phase with frequency, so that bands
        should be narrow.

    Returns
    -------
    phase : array, shape (..., n_channels, n_bands)
        From -pi to pi, below 0 where the channel lags; NaN for a constant.

    Raises
    ------
    InputError
        If a band holds no frequency (``E-FEATURES-BAND``), the envelope is not there (``E-FEATURES-ENVELOPE``), or an
        epoch holds one segment (``E-FEATURES-SEGMENT``).

    References
    ----------
    .. [1] Aiken, S. J. and Picton, T. W. (2008). Human cortical responses to the speech envelope. Ear Hear. 29(2),
       139-157.
    """
    sums = np.stack([following[..., inside(following_freqs, band)].sum(axis=-1) for band in bands.values()], axis=-1)
    return np.where(sums == 0, np.nan, np.angle(sums))
