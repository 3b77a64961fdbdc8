"""Power by wavelet: Morlet's at given frequencies, and Daubechies' by octave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.fft import fft, ifft, next_fast_len

from ..errors import InputError
from .define import feature

if TYPE_CHECKING:
    from pydantic import PositiveFloat, PositiveInt

    from ..si import Hertz

# pywt.Wavelet("db4").dec_lo (Daubechies, 1992, table 6.1, reversed)
DB4 = np.array(
    [
        -0.010597401785069032, 0.0328830116668852, 0.030841381835560764, -0.18703481171909309,
        -0.027983769416859854, 0.6308807679298589, 0.7148465705529157, 0.2303778133088965,
    ]
)  # fmt: skip
DB4_HIGH = DB4[::-1] * np.array([-1, 1] * 4)
EVERY_OTHER = tuple(float(freq) for freq in range(4, 43, 2))


def _half_length(given: Mapping[str, Any]) -> int:
    """Return the samples in half of the longest wavelet."""
    sigma = given["n_cycles"] / (2 * np.pi * min(given["at"]))
    return len(np.arange(0.0, 5.0 * sigma, 1.0 / given["sfreq"])) - 1


@feature(
    unit="V^2",
    cost="spectral",
    source="Tallon-Baudry et al. (1997); MNE's tfr_array_morlet",
    parts=lambda given: [f"{freq:g}Hz" for freq in given["at"]],
    min_times=lambda given: 2 * _half_length(given) + 1,
)
def morlet_power(
    x: np.ndarray, sfreq: float, *, at: tuple[Hertz, ...] = EVERY_OTHER, n_cycles: PositiveFloat = 7.0
) -> np.ndarray:
    r"""Mean over time of the squared convolution with Morlet wavelets.

    .. math:: w_f(t) \propto e^{2 \pi i f t} e^{-t^2 / 2 \sigma_t^2},\quad \sigma_t = n / 2 \pi f

    cut at five sigma, of norm sqrt(2), without a correction of its mean; "same" convolution, so the edges see zeros.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    sfreq : float
        Sampling frequency, in Hz.
    at : tuple of float
        Frequencies, in Hz.
    n_cycles : float
        Width n of each wavelet, in cycles.

    Returns
    -------
    power : array, shape (..., n_freqs)
        V^2, scaled as MNE scales it: 1 for white noise of variance 1 is 2 here.

    Raises
    ------
    InputError
        If a frequency does not lie below half of `sfreq` (``E-FEATURES-NYQUIST``).

    References
    ----------
    .. [1] Tallon-Baudry, C. et al. (1997). Oscillatory gamma-band (30-70 Hz) activity induced by a visual search task
       in humans. J. Neurosci. 17(2), 722-734.
    """
    x = x.astype(np.float64)
    spectrum = fft(x, padded_length(x.shape[-1], sfreq, at, n_cycles))
    kernels = wavelet_spectra(spectrum.shape[-1], sfreq, at, n_cycles)
    power = [np.abs(ifft(spectrum * kernel)[..., : x.shape[-1]]) ** 2 for kernel in kernels]
    return np.stack([one.mean(axis=-1) for one in power], axis=-1)


def padded_length(n_times: int, sfreq: float, at: tuple[float, ...], n_cycles: float) -> int:
    """Return a length at which the transform does not wrap half a wavelet round."""
    if max(at) >= sfreq / 2:
        raise InputError(
            f"A wavelet of {max(at):g} Hz does not fit a signal of {sfreq:g} Hz.",
            code="E-FEATURES-NYQUIST",
            remedy=f"Set `morlet_power.at` to frequencies below {sfreq / 2:g} Hz, or resample less.",
        )
    half = _half_length({"at": at, "n_cycles": n_cycles, "sfreq": sfreq})
    return int(next_fast_len(n_times + half))


def wavelet_spectra(n_fft: int, sfreq: float, at: tuple[float, ...], n_cycles: float) -> np.ndarray:
    """Return the transform of each wavelet, its centre at time 0, shape (n_freqs, n_fft)."""
    padded = np.zeros((len(at), n_fft), complex)
    for row, freq in zip(padded, at, strict=True):
        half = half_wavelet(freq, sfreq, n_cycles)
        row[: half.size] = half
        row[n_fft - half.size + 1 :] = half[:0:-1].conj()
    return np.asarray(fft(padded))


def half_wavelet(freq: float, sfreq: float, n_cycles: float) -> np.ndarray:
    """Return a wavelet from its centre on; before it are the conjugates."""
    sigma = n_cycles / (2 * np.pi * freq)
    t = np.arange(0.0, 5.0 * sigma, 1.0 / sfreq)
    half = np.exp(2j * np.pi * freq * t - t**2 / (2 * sigma**2))
    return np.asarray(half * np.sqrt(2.0 / (2 * (np.abs(half) ** 2).sum() - 1)))


def _octaves(given: Mapping[str, Any]) -> list[str]:
    level = given["level"]
    return [f"a{level}", *(f"d{i}" for i in range(level, 0, -1))]


@feature(
    unit="V^2",
    source="Daubechies (1992); PyWavelets' wavedec, mode symmetric",
    parts=_octaves,
    min_times=lambda given: 7 * 2 ** given["level"],
)
def dwt_energy(x: np.ndarray, *, level: PositiveInt = 5) -> np.ndarray:
    """Sum of squared coefficients of the discrete wavelet transform (db4), by octave.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V; continued at its ends by its mirror image, the last sample repeated.
    level : int
        Octaves.

    Returns
    -------
    energy : array, shape (..., level + 1)
        Of the approximation, then of the details from the coarsest to the finest, in V^2.

    References
    ----------
    .. [1] Daubechies, I. (1992). Ten Lectures on Wavelets. SIAM.
    """
    approximation, energies = x.astype(np.float64), []
    for _ in range(level):
        approximation, detail = _split(approximation)
        energies.append((detail**2).sum(axis=-1))
    energies.append((approximation**2).sum(axis=-1))
    return np.stack(energies[::-1], axis=-1)


def _split(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return every other sample of the low and of the high half of the band."""
    edges = [(0, 0)] * (x.ndim - 1) + [(6, 7)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, edges, mode="symmetric"), 8, axis=-1)[..., ::2, ::-1]
    n = (x.shape[-1] + 7) // 2
    return (windows[..., :n, :] * DB4).sum(axis=-1), (windows[..., :n, :] * DB4_HIGH).sum(axis=-1)
