"""Power in frequency bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import simpson

from ._bands import inside
from .define import Given, feature

if TYPE_CHECKING:
    from ..si import Band, Bands

BANDS = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}


def _unit(given: Given) -> str:
    unit = "1" if given["relative"] else "V^2"
    return f"log10 {unit}" if given["log"] else unit


def _bands(given: Given) -> list[str]:
    return list(given["bands"])


@feature(unit=_unit, parts=_bands, cost="spectral", min_times=4, source="Welch (1967); scipy.signal.welch, Simpson")
def band_power(
    psd: np.ndarray, freqs: np.ndarray, *, bands: Bands = BANDS, relative: bool = False, log: bool = False
) -> np.ndarray:
    r"""Power in each band: the integral of the power spectral density over it.

    .. math:: P = \int_{f_l}^{f_h} S(f)\, df

    by Simpson's rule over the bins of the band, both edges included.

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        Power spectral density, in V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz.
    bands : dict of (l_freq, h_freq)
        Name of each band and its edges, in Hz.
    relative : bool
        Divide by the power between the lowest and the highest edge of all bands.
    log : bool
        Return the decimal logarithm.

    Returns
    -------
    power : array, shape (..., n_bands)
        V^2; without unit if relative; its decimal logarithm if so asked. NaN where a share or a logarithm of zero
        power is asked for (constant signal).

    Raises
    ------
    InputError
        If a band holds fewer than two bins, or goes beyond the spectrum.
    """
    power = np.stack([integral(psd, freqs, band) for band in bands.values()], axis=-1)
    if relative:
        lows, highs = zip(*bands.values(), strict=True)
        power = ratio(power, integral(psd, freqs, (min(lows), max(highs)))[..., None])
    return log10(power) if log else power


@feature(unit="1", cost="spectral", min_times=4, source="Lubar (1991) for theta / beta")
def band_ratio(
    psd: np.ndarray, freqs: np.ndarray, *, numerator: Band = (4.0, 8.0), denominator: Band = (13.0, 30.0)
) -> np.ndarray:
    """Power in one band over that in another; theta over beta unless said.

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        Power spectral density, in V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz.
    numerator, denominator : (l_freq, h_freq)
        Hz.

    Returns
    -------
    ratio : array, shape (...,)
        Without unit; NaN where the denominator has no power.

    References
    ----------
    .. [1] Lubar, J. F. (1991). Discourse on the development of EEG diagnostics and biofeedback for attention-deficit/
       hyperactivity disorders. Biofeedback Self Regul. 16(3), 201-225.
    """
    return ratio(integral(psd, freqs, numerator), integral(psd, freqs, denominator))


def integral(psd: np.ndarray, freqs: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    """Return the integral of a spectrum over a band, by Simpson's rule; shape (..., n_freqs) to (...,)."""
    bins = inside(freqs, band, fewest=2)
    weights = simpson(np.eye(bins.stop - bins.start), dx=freqs[1] - freqs[0], axis=-1)  # the rule is linear
    return (psd[..., bins] * weights.astype(psd.dtype)).sum(axis=-1)


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, NaN where b is zero."""
    return a / np.where(b != 0, b, np.nan)  # unlike `where=` of the division, this is vectorised


def log10(a: np.ndarray) -> np.ndarray:
    """Return the decimal logarithm, NaN where there is none."""
    return np.log10(a, out=np.full_like(a, np.nan), where=a > 0)
