"""Responses to what comes at a steady rate: phase over trials, and lines in the spectrum beside their neighbours.

The trials are those that an epoch holds one after another: of a stream at a steady rate, cut into long epochs or not at
all. A feature knows one epoch alone: where trials are epochs apart, the step `join_epochs` lays those of each condition
end to end before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.fft import fft

from ..errors import InputError
from ._pairs import quotient
from .define import Given, feature, quantity

if TYPE_CHECKING:
    from pydantic import NonNegativeInt, PositiveInt

    from ..si import Hertz, Seconds

RATES = (10.0,)
ROSSION = "Retter and Rossion (2016)"
NOZARADAN = "Tallon-Baudry et al. (1996); neighbours as Retter and Rossion (2016)"


@quantity()
def tagged(
    x: np.ndarray,
    sfreq: float,
    *,
    rates: list[Hertz] = RATES,  # type: ignore[assignment]  # a list is what YAML gives
    trial: Seconds | None = None,
    harmonics: PositiveInt = 1,
    n_neighbours: PositiveInt = 5,
    n_skip: NonNegativeInt = 1,
) -> np.ndarray:
    r"""Fourier coefficients of each trial at given rates and at frequencies beside them.

    .. math:: c_k = \frac{1}{n} \sum_{t=0}^{n-1} (x_t - \bar x)\, e^{-2 \pi i (f + k / T) t / f_s}

    at exactly the rate f, whether or not it is one of the transform; a steady rhythm of that rate leaves nothing in
    the neighbours, which are whole multiples of 1/T away.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    sfreq : float
        Hz.
    rates : list of float
        In Hz.
    trial : float, optional
        Length T of the trials into which the epoch is cut from its first sample on, in s; by default one, the epoch.
        What is left over at the end does not count.
    harmonics : int
        Multiples 1, 2, ... of each rate.
    n_neighbours : int
        Frequencies on either side.
    n_skip : int
        How many next to the rate are left out.

    Returns
    -------
    tagged : array, shape (..., n_rates, n_harmonics, 2 * n_neighbours + 1, n_trials)
        Complex, in V; at the rate first, then its neighbours. Exactly zero for a constant.

    Raises
    ------
    InputError
        If a trial is longer than the epoch (``E-FEATURES-TRIALS``), or a neighbour is not between 0 and half the
        sampling rate (``E-FEATURES-BAND``).
    """
    parts = trials(x, sfreq, trial)
    n = parts.shape[-1]
    steps = np.arange(n_skip + 1, n_skip + n_neighbours + 1)
    lines = np.r_[0, -steps[::-1], steps]
    found = [[_at(parts, f, sfreq, lines) for f in _multiples(r, harmonics, steps[-1] / n, sfreq)] for r in rates]
    return np.stack([np.stack(one, axis=-3) for one in found], axis=-4)


def trials(x: np.ndarray, sfreq: float, trial: float | None) -> np.ndarray:
    """Return the trials of each series less their means: (..., n_times) to (..., n_trials, n)."""
    n_times = x.shape[-1]
    length = n_times if trial is None else trial * sfreq
    n, n_trials = int(length + 1e-9), int(n_times / length + 1e-9)
    if n_trials < 1 or n < 4:
        raise _too_few(n_trials, n_times / sfreq, trial)
    x = x - x[..., :1]  # a constant becomes exactly zero
    starts = np.round(np.arange(n_trials) * length).astype(int)  # of trials that are no whole number of samples, too
    parts = np.stack([x[..., start : start + n] for start in starts], axis=-2)
    return np.asarray(parts - parts.mean(axis=-1, keepdims=True))


def _too_few(n_trials: int, seconds: float, trial: float | None) -> InputError:
    said = "trials of " + (f"{trial:g} s" if trial is not None else "the whole epoch")
    return InputError(
        f"An epoch of {seconds:g} s holds {n_trials} {said}, and that is too few or too short.",
        code="E-FEATURES-TRIALS",
        remedy="Set `tagged.trial` to the length of one trial, and cut epochs that hold several, or none at all.",
    )


def _multiples(rate: float, harmonics: int, reach: float, sfreq: float) -> list[float]:
    """Return the rate and its harmonics; `reach` is that of the neighbours, in parts of the sampling rate."""
    lowest, highest = rate - reach * sfreq, harmonics * rate + reach * sfreq
    if lowest <= 0 or highest >= sfreq / 2:
        raise InputError(
            f"The neighbours of {rate:g} Hz and its {harmonics} harmonics reach from {lowest:g} Hz to {highest:g} Hz,"
            f" and they must be between 0 and {sfreq / 2:g} Hz.",
            code="E-FEATURES-BAND",
            remedy="Take fewer neighbours (`tagged.n_neighbours`) or harmonics, or longer trials.",
        )
    return [rate * k for k in range(1, harmonics + 1)]


def _at(parts: np.ndarray, freq: float, sfreq: float, lines: np.ndarray) -> np.ndarray:
    """Return the coefficients (..., n_lines, n_trials) at a frequency and at others in steps of 1/T from it."""
    n = parts.shape[-1]
    carrier = np.exp(-2j * np.pi * freq / sfreq * np.arange(n))
    return np.asarray(fft(parts * carrier, axis=-1)[..., lines]).swapaxes(-1, -2) / n


def _names(given: Given) -> list[str]:
    return [f"{rate:g}Hz" for rate in given["tagged"]["rates"]]


def _about(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the value of the line, and mean and standard deviation (ddof 1) of its neighbours."""
    line, beside = values[..., 0], values[..., 1:]
    return line, beside.mean(axis=-1), beside.std(axis=-1, ddof=1)


def _amplitudes(tagged: np.ndarray) -> np.ndarray:
    """Return the amplitudes of the mean over trials, summed over harmonics: (..., n_rates, n_lines)."""
    return 2 * np.abs(tagged.mean(axis=-1)).sum(axis=-2)


def _coherence(tagged: np.ndarray) -> np.ndarray:
    """Return the inter-trial coherence, meaned over harmonics: (..., n_rates, n_lines)."""
    if tagged.shape[-1] < 2:
        raise InputError(
            "The epochs hold one trial each, and its coherence with itself is 1 whatever the signal.",
            code="E-FEATURES-TRIALS",
            remedy="Set `tagged.trial` to the length of one trial, and cut epochs that hold several, or none at all.",
        )
    phases = quotient(tagged, np.abs(tagged).astype(tagged.dtype), np.nan)
    return np.abs(phases.mean(axis=-1)).mean(axis=-2)


ABOUT: dict[str, Any] = {"parts": _names, "cost": "spectral", "min_times": 4}


@feature(unit="1", source=NOZARADAN, presets={"tagged": {"trial": 1.0}}, **ABOUT)
def itc(tagged: np.ndarray) -> np.ndarray:
    r"""Inter-trial coherence: how steady the phase at a rate is over trials.

    .. math:: \mathrm{ITC} = \left| \frac{1}{n} \sum_k \frac{c_k}{|c_k|} \right|

    Parameters
    ----------
    tagged : array, shape (..., n_rates, n_harmonics, n_lines, n_trials)
        Fourier coefficients; ``{tagged: {rates: [1.25 Hz], trial: 4 s}}`` says which, and what a trial is.

    Returns
    -------
    itc : array, shape (..., n_rates)
        From 0 to 1, the mean over harmonics; of n trials without a common phase about :math:`\sqrt{\pi / 4n}`. NaN
        for a constant.

    Raises
    ------
    InputError
        If an epoch holds fewer than two trials (``E-FEATURES-TRIALS``), or a neighbour is not between 0 and half the
        sampling rate (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Tallon-Baudry, C. et al. (1996). Stimulus specificity of phase-locked and non-phase-locked 40 Hz visual
       responses in human. J. Neurosci. 16(13), 4240-4249.
    """
    return _coherence(tagged)[..., 0]


@feature(unit="1", source=NOZARADAN, presets={"tagged": {"trial": 1.0}}, **ABOUT)
def itc_z(tagged: np.ndarray) -> np.ndarray:
    """Inter-trial coherence at a rate, as standard deviations beyond the mean of its neighbours.

    Parameters
    ----------
    tagged : array, shape (..., n_rates, n_harmonics, n_lines, n_trials)
        Fourier coefficients; ``{tagged: {rates: [1.25 Hz], trial: 4 s, n_neighbours: 5, n_skip: 1}}``.

    Returns
    -------
    z : array, shape (..., n_rates)
        About 0 where nothing is special about the rate; NaN for a constant.

    Raises
    ------
    InputError
        If an epoch holds fewer than two trials (``E-FEATURES-TRIALS``), or a neighbour is not between 0 and half the
        sampling rate (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Retter, T. L. and Rossion, B. (2016). Uncovering the neural magnitude and spatio-temporal dynamics of
       natural image categorization in a fast visual stream. Neuropsychologia 91, 9-28.
    """
    line, mean, deviation = _about(_coherence(tagged))
    return quotient(line - mean, deviation, np.nan)


@feature(unit="V", source=ROSSION, **ABOUT)
def tagging_amplitude(tagged: np.ndarray) -> np.ndarray:
    """Amplitude of the response at a rate, less that of its neighbours, summed over harmonics.

    Parameters
    ----------
    tagged : array, shape (..., n_rates, n_harmonics, n_lines, n_trials)
        Fourier coefficients; ``{tagged: {rates: [6 Hz], harmonics: 3}}`` says which. Trials are meaned first, phase
        and all.

    Returns
    -------
    amplitude : array, shape (..., n_rates)
        V: of a sinusoid of that rate, half its peak-to-peak; about 0, and below it too, where there is no response.

    Raises
    ------
    InputError
        If a trial does not fit the epoch (``E-FEATURES-TRIALS``), or a neighbour is not between 0 and half the
        sampling rate (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Retter, T. L. and Rossion, B. (2016). Uncovering the neural magnitude and spatio-temporal dynamics of
       natural image categorization in a fast visual stream. Neuropsychologia 91, 9-28.
    """
    line, mean, _ = _about(_amplitudes(tagged))
    return line - mean


@feature(unit="1", source=ROSSION, **ABOUT)
def tagging_snr(tagged: np.ndarray) -> np.ndarray:
    """Amplitude at a rate over the mean amplitude of its neighbours, each summed over harmonics.

    Parameters
    ----------
    tagged : array, shape (..., n_rates, n_harmonics, n_lines, n_trials)
        Fourier coefficients; ``{tagged: {rates: [6 Hz], harmonics: 3, n_neighbours: 10, n_skip: 1}}``.

    Returns
    -------
    snr : array, shape (..., n_rates)
        About 1 where there is no response; NaN for a constant.

    Raises
    ------
    InputError
        If a trial does not fit the epoch (``E-FEATURES-TRIALS``), or a neighbour is not between 0 and half the
        sampling rate (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Retter, T. L. and Rossion, B. (2016). Uncovering the neural magnitude and spatio-temporal dynamics of
       natural image categorization in a fast visual stream. Neuropsychologia 91, 9-28.
    """
    line, mean, _ = _about(_amplitudes(tagged))
    return quotient(line, mean, np.nan)


@feature(unit="1", source=ROSSION, **ABOUT)
def tagging_z(tagged: np.ndarray) -> np.ndarray:
    """Amplitude at a rate, as standard deviations beyond the mean of its neighbours, each summed over harmonics.

    Parameters
    ----------
    tagged : array, shape (..., n_rates, n_harmonics, n_lines, n_trials)
        Fourier coefficients; ``{tagged: {rates: [6 Hz], harmonics: 3, n_neighbours: 10, n_skip: 1}}``.

    Returns
    -------
    z : array, shape (..., n_rates)
        About 0 where there is no response; 1.64 is the usual limit of one side. NaN for a constant.

    Raises
    ------
    InputError
        If a trial does not fit the epoch (``E-FEATURES-TRIALS``), or a neighbour is not between 0 and half the
        sampling rate (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Retter, T. L. and Rossion, B. (2016). Uncovering the neural magnitude and spatio-temporal dynamics of
       natural image categorization in a fast visual stream. Neuropsychologia 91, 9-28.
    """
    line, mean, deviation = _about(_amplitudes(tagged))
    return quotient(line - mean, deviation, np.nan)
