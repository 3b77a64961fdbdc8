"""The spectrum as a power law with bumps (the specparam model): exponent, offset, knee, and the bumps."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit, least_squares

from .define import feature, quantity

if TYPE_CHECKING:
    from pydantic import NonNegativeFloat, NonNegativeInt

    from ..si import Band, Hertz

TOLERANCE = 1e-5  # of every iterative fit, as specparam's
EDGE, OVERLAP, REACH = 1.0, 0.75, 1.5  # in standard deviations of a peak: from the edges, of each other, of its centre
SOURCE = "Donoghue et al. (2020); specparam 2.0.0rc7"


@quantity(also=("spectral_peaks",))
def power_law(
    psd: np.ndarray,
    freqs: np.ndarray,
    *,
    freq_range: Band = (2.0, 40.0),
    mode: Literal["fixed", "knee"] = "fixed",
    peak_width: Band = (1.0, 8.0),
    max_n_peaks: NonNegativeInt = 6,
    min_peak_height: NonNegativeFloat = 0.1,
    peak_threshold: NonNegativeFloat = 2.0,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Fit of the specparam model to the logarithm of the power.

    .. math:: \log_{10} P(f) = b - \log_{10}(k + f^\chi) + \sum_i h_i e^{-(f - c_i)^2 / 2 s_i^2}

    with k = 0 in mode "fixed". The aperiodic part is fitted, and again to the points below it; bumps are then taken off
    the rest from the highest down and fitted together; the aperiodic part is at last fitted to what they leave.

    Parameters
    ----------
    psd : array, shape (..., n_freqs)
        V^2/Hz.
    freqs : array, shape (n_freqs,)
        Hz, evenly spaced.
    freq_range : (float, float)
        Band that is fitted, in Hz; its edges are inside, but for 0 Hz.
    mode : {"fixed", "knee"}
        Without or with a knee.
    peak_width : (float, float)
        Limits of the width of a bump (twice its standard deviation), in Hz.
    max_n_peaks : int
        Most bumps.
    min_peak_height : float
        A lower bump is left, in log10 of power.
    peak_threshold : float
        So is one lower than this many standard deviations of the flattened spectrum.

    Returns
    -------
    power_law : array, shape (..., 3)
        Offset b (log10 of V^2/Hz at 1 Hz), knee k (Hz^chi), exponent chi; NaN where power is zero or no fit is found.
    spectral_peaks : array, shape (..., max_n_peaks, 3)
        Centre (Hz), height (log10 of power), width (Hz) of each bump, by frequency, then NaN.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    inside = band_of(freqs, freq_range)
    rows = psd[..., inside].reshape(prod(psd.shape[:-1]), int(inside.sum())).astype(np.float64)
    unit = unit_of(peak_width)
    narrow, wide = peak_width[0] / unit, peak_width[1] / unit
    used = freqs[inside].astype(np.float64) / unit
    limits = Limits(used, mode, (narrow, wide), max_n_peaks, min_peak_height, peak_threshold)
    fits = [limits.fit(row) for row in rows]
    shape = psd.shape[:-1]
    law = np.array([law for law, _ in fits]).reshape(*shape, 3)
    peaks = np.array([peaks for _, peaks in fits]).reshape(*shape, max_n_peaks, 3)
    return in_hertz(law, peaks, unit)


def unit_of(peak_width: tuple[float, float]) -> float:
    """Return the frequency that fits are made in units of, so that they take the same steps at any sampling rate.

    The steps depend on the unit. With the default width it is 1 Hz, and they are specparam's.
    """
    return peak_width[0] or 1.0


def in_hertz(law: np.ndarray, peaks: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what was fitted in units of a frequency as it is in Hz."""
    offset, knee, exponent = np.moveaxis(law, -1, 0)
    law = np.stack([offset + exponent * np.log10(unit), knee * unit**exponent, exponent], axis=-1)
    return law, peaks * [unit, 1.0, unit]


def band_of(freqs: np.ndarray, freq_range: tuple[float, float]) -> np.ndarray:
    """Mark the frequencies in a band; those at its edges, to rounding, are in it; 0 Hz, where no law holds, is not."""
    slack = 1e-9 * freq_range[1]
    inside: np.ndarray = (freqs >= freq_range[0] - slack) & (freqs <= freq_range[1] + slack) & (freqs > 0)
    return inside


class Limits:
    """What a fit may do, and the fit of one spectrum."""

    def __init__(
        self, freqs: np.ndarray, mode: str, width: tuple[float, float], n_peaks: int, height: float, threshold: float
    ):
        self.freqs, self.log_freqs, self.knee = freqs, np.log10(freqs), mode == "knee"
        self.narrow, self.wide = width[0] / 2, width[1] / 2
        self.n_peaks, self.height, self.threshold = n_peaks, height, threshold

    def fit(self, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (b, k, chi) and the peaks of one spectrum."""
        peaks = np.full((self.n_peaks, 3), np.nan)
        if power.size < 4 or not (np.isfinite(power) & (power > 0)).all():
            return np.full(3, np.nan), peaks
        level = np.log10(power)
        try:
            found = self._peaks(level - self.curve(self._robust_law(level)))
            law = self._law(level - gaussians(self.freqs, found))
        except (RuntimeError, TypeError):  # curve_fit found no knee, or too few points lie below the first fit
            return np.full(3, np.nan), peaks
        peaks[: len(found)] = found * [1.0, 1.0, 2.0]
        return law, peaks

    def curve(self, law: np.ndarray) -> np.ndarray:
        """Return the aperiodic part."""
        offset, knee, exponent = law
        with np.errstate(invalid="ignore"):  # a negative knee has no logarithm, and that fit is given up
            curve: np.ndarray = offset - np.log10(knee + self.freqs**exponent)
        return curve

    def _law(self, level: np.ndarray, keep: Any = slice(None), guess: np.ndarray | None = None) -> np.ndarray:
        """Fit the aperiodic part to some of the points."""
        x, y = self.log_freqs[keep], level[keep]
        if not self.knee:
            if x.size < 2:
                raise TypeError("A line needs two points.")
            exponent = -((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
            return np.array([y.mean() + exponent * x.mean(), 0.0, exponent])
        if guess is None:
            guess = np.array([level[0], 0.0, abs((level[-1] - level[0]) / (self.log_freqs[-1] - self.log_freqs[0]))])
        shift = [level[0], 0.0, 0.0]  # so that the steps do not depend on the unit of power either
        return _fitted_knee(self.freqs[keep], y - level[0], guess - shift) + shift

    def _robust_law(self, level: np.ndarray) -> np.ndarray:
        """Fit, then fit again to the points that are lowest above the first fit: nearly only those below it."""
        first = self._law(level)
        above = np.maximum(level - self.curve(first), 0.0)
        return self._law(level, above <= np.percentile(above, 0.025), first)

    def _peaks(self, flat: np.ndarray) -> np.ndarray:
        guesses = self._apart(self._inside(self._guesses(flat)))
        return self._fitted_peaks(flat, guesses) if len(guesses) else guesses

    def _guesses(self, flat: np.ndarray) -> np.ndarray:
        """Take off the highest bump until it is too low."""
        guesses: list[list[float]] = []
        while len(guesses) < self.n_peaks:
            top = int(np.argmax(flat))
            if flat[top] <= max(self.threshold * np.std(flat), self.height):
                break
            guesses.append([self.freqs[top], flat[top], self._guessed_std(flat, top)])
            flat = flat - gaussians(self.freqs, np.array(guesses[-1:]))
        return np.array(guesses).reshape(-1, 3)

    def _guessed_std(self, flat: np.ndarray, top: int) -> float:
        """Return the width of the shorter flank, in standard deviations; what is too wide becomes narrow."""
        low = np.flatnonzero(flat <= 0.5 * flat[top])
        reach = np.abs(low[low > 0] - top)
        width = 2 * (self.freqs[1] - self.freqs[0]) / (2 * np.sqrt(2 * np.log(2)))
        std = reach.min() * width if reach.size else self.narrow + self.wide
        return self.narrow if std < self.narrow or std > self.wide else std

    def _inside(self, guesses: np.ndarray) -> np.ndarray:
        """Drop what lies nearer than a standard deviation to an edge."""
        from_edges = np.abs(guesses[:, :1] - self.freqs[[0, -1]])
        return guesses[(from_edges > EDGE * guesses[:, 2:]).all(axis=1)]

    def _apart(self, guesses: np.ndarray) -> np.ndarray:
        """Drop the lower of two neighbours that overlap."""
        guesses = guesses[np.argsort(guesses[:, 0], kind="stable")]
        ends = guesses[:, 0] + OVERLAP * guesses[:, 2]
        starts = guesses[:, 0] - OVERLAP * guesses[:, 2]
        clash = np.flatnonzero(ends[:-1] > starts[1:])
        lower = clash + (guesses[clash + 1, 1] < guesses[clash, 1])
        return np.delete(guesses, lower, axis=0)

    def _fitted_peaks(self, flat: np.ndarray, guesses: np.ndarray) -> np.ndarray:
        reach = 2 * REACH * guesses[:, 2]
        low, high = np.zeros_like(guesses), np.full_like(guesses, np.inf)
        low[:, 0] = np.maximum(guesses[:, 0] - reach, self.freqs[0])
        high[:, 0] = np.minimum(guesses[:, 0] + reach, self.freqs[-1])
        low[:, 2], high[:, 2] = self.narrow, self.wide
        fitted = least_squares(
            lambda p: gaussians(self.freqs, p.reshape(-1, 3)) - flat,
            guesses.ravel(),
            jac=lambda p: _slopes(self.freqs, p.reshape(-1, 3)),
            bounds=(low.ravel(), high.ravel()),
            ftol=TOLERANCE,
            xtol=TOLERANCE,
            gtol=TOLERANCE,
        ).x.reshape(-1, 3)
        return fitted[np.argsort(fitted[:, 0], kind="stable")]


def gaussians(freqs: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Return the sum of the bumps: rows of centre, height, standard deviation."""
    centre, height, std = peaks[..., None].swapaxes(0, 1)
    total: np.ndarray = (height * np.exp(-((freqs - centre) ** 2) / (2 * std**2))).sum(axis=0)
    return total


def _slopes(freqs: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Return the Jacobian of the bumps, shape (n_freqs, 3 * n_peaks)."""
    centre, height, std = peaks[..., None].swapaxes(0, 1)
    away = freqs - centre
    shape = np.exp(-(away**2) / (2 * std**2))
    slopes = [height * shape * away / std**2, shape, height * shape * away**2 / std**3]
    return np.stack(slopes, axis=1).reshape(-1, freqs.size).T


def _fitted_knee(freqs: np.ndarray, level: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Fit an aperiodic part with a knee."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # it may try negative knees on its way
        warnings.simplefilter("ignore", OptimizeWarning)
        fitted, _ = curve_fit(
            lambda f, offset, knee, exponent: offset - np.log10(knee + f**exponent),
            freqs,
            level,
            p0=guess,
            maxfev=5000,
            check_finite=False,
            ftol=TOLERANCE,
            xtol=TOLERANCE,
            gtol=TOLERANCE,
        )
    return np.asarray(fitted)


@feature(unit="1", cost="spectral", source=SOURCE, min_times=8)
def aperiodic_exponent(power_law: np.ndarray) -> np.ndarray:
    """How steeply the aperiodic part of the spectrum falls: power goes with f to the minus this.

    Parameters
    ----------
    power_law : array, shape (..., 3)
        Offset, knee, exponent of the specparam model.

    Returns
    -------
    exponent : array, shape (...,)
        0 for white noise, 2 for a random walk; NaN for a constant.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    return power_law[..., 2]


@feature(unit="log10 V^2/Hz", cost="spectral", source=SOURCE, min_times=8)
def aperiodic_offset(power_law: np.ndarray, *, at: Hertz = 1.0) -> np.ndarray:
    """Level of the aperiodic part at a frequency, without its knee.

    Parameters
    ----------
    power_law : array, shape (..., 3)
        Offset, knee, exponent of the specparam model.
    at : float
        Frequency in Hz; at 1 Hz this is specparam's offset.

    Returns
    -------
    offset : array, shape (...,)
        log10 of V^2/Hz; NaN for a constant.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    return power_law[..., 0] - power_law[..., 2] * np.log10(at)


@feature(unit="Hz", cost="spectral", source=SOURCE, min_times=8, presets={"power_law": {"mode": "knee"}})
def aperiodic_knee(power_law: np.ndarray) -> np.ndarray:
    """Frequency at which the aperiodic part bends.

    Parameters
    ----------
    power_law : array, shape (..., 3)
        Offset, knee, exponent of the specparam model in mode "knee".

    Returns
    -------
    frequency : array, shape (...,)
        Knee to the power 1 / exponent, in Hz; 0 where the fit has no knee above zero; NaN for a constant.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    knee, exponent = power_law[..., 1], power_law[..., 2]
    with np.errstate(divide="ignore", over="ignore"):
        frequency = np.power(np.maximum(knee, 0.0), 1.0 / exponent)
    return np.where(np.isinf(frequency), np.nan, frequency)  # a spectrum that rises has no knee to speak of


def _numbers(given: Mapping[str, Any]) -> list[str]:
    return [str(i) for i in range(1, given["power_law"]["max_n_peaks"] + 1)]


@feature(unit="Hz", cost="spectral", source=SOURCE, min_times=8, parts=_numbers)
def bump_frequency(spectral_peaks: np.ndarray) -> np.ndarray:
    """Centre of each bump over the aperiodic part of the spectrum.

    Parameters
    ----------
    spectral_peaks : array, shape (..., n_peaks, 3)
        Centre, height, width of each bump of the specparam model.

    Returns
    -------
    frequency : array, shape (..., n_peaks)
        Hz, ascending; NaN where there are fewer bumps.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    return spectral_peaks[..., 0]


@feature(unit="1", cost="spectral", source=SOURCE, min_times=8, parts=_numbers)
def bump_height(spectral_peaks: np.ndarray) -> np.ndarray:
    """Height of each bump over the aperiodic part of the spectrum.

    Parameters
    ----------
    spectral_peaks : array, shape (..., n_peaks, 3)
        Centre, height, width of each bump of the specparam model.

    Returns
    -------
    height : array, shape (..., n_peaks)
        log10 of the ratio of power at its centre, of this bump alone; NaN where there are fewer bumps.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    return spectral_peaks[..., 1]


@feature(unit="Hz", cost="spectral", source=SOURCE, min_times=8, parts=_numbers)
def bump_width(spectral_peaks: np.ndarray) -> np.ndarray:
    """Width of each bump over the aperiodic part of the spectrum.

    Parameters
    ----------
    spectral_peaks : array, shape (..., n_peaks, 3)
        Centre, height, width of each bump of the specparam model.

    Returns
    -------
    width : array, shape (..., n_peaks)
        Twice the standard deviation, in Hz; NaN where there are fewer bumps.

    References
    ----------
    .. [1] Donoghue, T. et al. (2020). Parameterizing neural power spectra into periodic and aperiodic components.
       Nat. Neurosci. 23, 1655-1665.
    """
    return spectral_peaks[..., 2]
