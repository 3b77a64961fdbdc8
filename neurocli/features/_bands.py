"""Bands of a spectrum: which of its bins a band holds."""

from __future__ import annotations

import numpy as np

from ..errors import InputError


def inside(freqs: np.ndarray, band: tuple[float, float] | None, fewest: int = 1) -> slice:
    """Return the bins of a band, both edges included; of no band, all.

    Parameters
    ----------
    freqs : array, shape (n_freqs,)
        Evenly spaced, in Hz.
    band : (l_freq, h_freq) or None
        Hz.
    fewest : int
        How many bins there must be.

    Raises
    ------
    InputError
        If the band goes beyond the highest frequency or holds too few bins (``E-FEATURES-BAND``).
    """
    if band is None:
        return slice(0, len(freqs))
    step = freqs[1] - freqs[0] if len(freqs) > 1 else 1.0
    low, high = np.searchsorted(freqs, [band[0] - 1e-6 * step, band[1] + 1e-6 * step])  # k * step is not exact
    if band[1] > freqs[-1] + 1e-6 * step:
        raise _error(band, f"reaches beyond {freqs[-1]:g} Hz, the highest frequency of the spectrum")
    if high - low < fewest:
        raise _error(band, f"holds {high - low} of the frequencies of the spectrum, which are {step:g} Hz apart")
    return slice(int(low), int(high))


def _error(band: tuple[float, float], why: str) -> InputError:
    return InputError(
        f"The band [{band[0]:g} Hz, {band[1]:g} Hz] {why}.",
        code="E-FEATURES-BAND",
        remedy="Change the band, the sampling rate, or the length of the epochs and of `psd.segment`.",
    )
