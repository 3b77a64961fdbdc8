"""The analytic signal in frequency bands, which measures of phase and envelope share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import fft, ifft

from ..errors import InputError
from ._bands import inside
from .band_power import BANDS
from .define import Given, quantity

if TYPE_CHECKING:
    from pydantic import NonNegativeFloat

    from ..si import Bands


def band_names(given: Given) -> list[str]:
    """Return the names of the bands, which are the parts of every feature of the analytic signal."""
    return list(given["analytic"]["bands"])


@quantity()
def analytic(x: np.ndarray, sfreq: float, *, bands: Bands = BANDS, trim: NonNegativeFloat = 0.0) -> np.ndarray:
    r"""Analytic signal in each band, filtered by a mask on the Fourier transform of the epoch.

    .. math:: z = \mathcal{F}^{-1}[w\, \mathcal{F}[x - \bar x]], \quad w(f) = 2 \text{ for } f_l \le f \le f_h

    and 0 elsewhere (1 at the Nyquist frequency, as ``scipy.signal.hilbert`` has it). So it is the analytic signal of a
    zero-phase filter without transition band; the epoch is taken as periodic, which is felt near its ends.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    sfreq : float
        Hz.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, both included, in Hz.
    trim : float
        Part of the epoch that is cut off at either end after filtering, below 0.5.

    Returns
    -------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Complex, in V; zero for a constant. Trimmed, it has fewer samples.

    Raises
    ------
    InputError
        If a band holds no bin of the transform, or nothing is left after trimming (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Gabor, D. (1946). Theory of communication. J. IEE 93(26), 429-457.
    """
    n_times = x.shape[-1]
    spectrum = fft(_centred(x), axis=-1)
    masked = np.stack([spectrum * mask for mask in masks(n_times, sfreq, bands)], axis=-3)
    return np.asarray(ifft(masked, axis=-1, overwrite_x=True))[..., kept(n_times, trim)]


def _centred(x: np.ndarray) -> np.ndarray:
    x = x - x[..., :1]  # a constant becomes exactly zero
    return np.asarray(x - x.mean(axis=-1, keepdims=True))


def masks(n_times: int, sfreq: float, bands: dict[str, tuple[float, float]]) -> np.ndarray:
    """Return the weight of each Fourier coefficient in each band; shape (n_bands, n_times)."""
    freqs = np.arange(n_times // 2 + 1) * (sfreq / n_times)
    weights = np.zeros((len(bands), n_times))
    for row, band in zip(weights, bands.values(), strict=True):
        row[inside(freqs, band)] = 2.0
    weights[:, 0] /= 2
    if n_times % 2 == 0:
        weights[:, n_times // 2] /= 2
    return weights


def kept(n_times: int, trim: float) -> slice:
    """Return the samples that stay when a part of the epoch is cut off at either end."""
    cut = round(trim * n_times)
    if n_times - 2 * cut < 2:
        raise InputError(
            f"Trimming {trim:g} of the epoch at either end leaves {max(0, n_times - 2 * cut)} of {n_times} samples.",
            code="E-FEATURES-BAND",
            remedy="Lower `analytic.trim`, or make longer epochs.",
        )
    return slice(cut, n_times - cut)
