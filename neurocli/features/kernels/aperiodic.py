"""The specparam model on the CPU, compiled: the same search, spectrum by spectrum; the fits are `_trust_region`'s."""

from __future__ import annotations

from math import prod

import numpy as np

from ..aperiodic import EDGE, OVERLAP, REACH, band_of, in_hertz, unit_of
from ..aperiodic import aperiodic_knee as reference_knee
from ..define import twin
from ._bits import compact, exact_kernel, kernel
from ._gaussians import take_off
from ._trust_region import fit_gaussians

STD_PER_HALF = 1.0 / np.sqrt(2.0 * np.log(2.0))  # of a Gaussian's flank at half its height


@kernel
def _line(x: np.ndarray, y: np.ndarray, keep: np.ndarray) -> tuple[float, float]:
    """Return offset and exponent of y = offset - exponent x over some points; NaN for fewer than two."""
    n, sx, sy = 0, 0.0, 0.0
    for i in range(x.size):
        if keep[i]:
            n, sx, sy = n + 1, sx + x[i], sy + y[i]
    if n < 2:
        return np.nan, np.nan
    mx, my, sxx, sxy = sx / n, sy / n, 0.0, 0.0
    for i in range(x.size):
        if keep[i]:
            sxx += (x[i] - mx) ** 2
            sxy += (x[i] - mx) * (y[i] - my)
    return my - sxy / sxx * mx, -sxy / sxx


@kernel
def _robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fit a line, then fit again to the points that are lowest above it."""
    offset, exponent = _line(x, y, np.ones(x.size, np.bool_))
    above = np.maximum(y - offset + exponent * x, 0.0)
    rank = 0.00025 * (x.size - 1)  # the 0.025th percentile, between the two lowest for fewer than 4,000 points
    below = int(rank)
    lowest = np.full(below + 2, np.inf)
    for value in above:
        k = below + 1
        if value < lowest[k]:
            while k > 0 and lowest[k - 1] > value:
                lowest[k] = lowest[k - 1]
                k -= 1
            lowest[k] = value
    return _line(x, y, above <= lowest[below] + (lowest[below + 1] - lowest[below]) * (rank - below))


@kernel
def _flank(flat: np.ndarray, top: np.intp) -> int:
    """Return how far from the top the nearer half height is; 0 if there is none. The first point does not count."""
    half = 0.5 * flat[top]
    for reach in range(1, flat.size):
        if (top - reach > 0 and flat[top - reach] <= half) or (top + reach < flat.size and flat[top + reach] <= half):
            return reach
    return 0


@kernel
def _guesses(
    freqs: np.ndarray, flat: np.ndarray, most: int, height: float, threshold: float, narrow: float, wide: float
) -> np.ndarray:
    """Take off the highest bump until it is too low; return rows of centre, height, standard deviation."""
    flat, guesses, n = flat.copy(), np.empty((most, 3)), 0
    while n < most:
        top = np.argmax(flat)
        if flat[top] <= max(threshold * np.std(flat), height):
            break
        reach = _flank(flat, top)
        std = reach * (freqs[1] - freqs[0]) * STD_PER_HALF if reach > 0 else narrow + wide
        std = narrow if std < narrow or std > wide else std
        guesses[n, 0], guesses[n, 1], guesses[n, 2] = freqs[top], flat[top], std
        take_off(flat, freqs, freqs[top], guesses[n, 1], std)
        n += 1
    return guesses[:n]


@exact_kernel
def _by_centre(peaks: np.ndarray) -> None:
    """Sort a few rows by their first number; equal ones stay as they are (NumPy's sort takes seconds to compile)."""
    compact()
    for i in range(1, len(peaks)):
        k = i
        while k > 0 and peaks[k - 1, 0] > peaks[k, 0]:
            for j in range(peaks.shape[1]):
                peaks[k - 1, j], peaks[k, j] = peaks[k, j], peaks[k - 1, j]
            k -= 1


@kernel
def _plausible(guesses: np.ndarray, first: float, last: float) -> np.ndarray:
    """Keep, by frequency, the bumps that are off the edges, and the higher of neighbours that overlap."""
    inside = (np.abs(guesses[:, 0] - first) > EDGE * guesses[:, 2]) & (
        np.abs(guesses[:, 0] - last) > EDGE * guesses[:, 2]
    )
    guesses = guesses[inside]
    _by_centre(guesses)
    keep = np.ones(len(guesses), np.bool_)
    for i in range(len(guesses) - 1):
        if guesses[i, 0] + OVERLAP * guesses[i, 2] > guesses[i + 1, 0] - OVERLAP * guesses[i + 1, 2]:
            keep[i + 1 if guesses[i + 1, 1] < guesses[i, 1] else i] = False
    return guesses[keep]


@kernel
def _fitted(freqs: np.ndarray, flat: np.ndarray, guesses: np.ndarray, narrow: float, wide: float) -> np.ndarray:
    """Fit all bumps together, each within reach of its guess."""
    low, high = np.zeros_like(guesses), np.full_like(guesses, np.inf)
    for i in range(len(guesses)):
        reach = 2 * REACH * guesses[i, 2]
        low[i, 0], high[i, 0] = max(guesses[i, 0] - reach, freqs[0]), min(guesses[i, 0] + reach, freqs[-1])
        low[i, 2], high[i, 2] = narrow, wide
    fitted = fit_gaussians(freqs, flat, guesses.ravel(), low.ravel(), high.ravel()).reshape(-1, 3)
    _by_centre(fitted)
    return fitted


@kernel
def _fit_all(
    power: np.ndarray, freqs: np.ndarray, most: int, height: float, threshold: float, narrow: float, wide: float
) -> tuple[np.ndarray, np.ndarray]:
    x = np.log10(freqs)
    law, peaks = np.full((len(power), 3), np.nan), np.full((len(power), most, 3), np.nan)
    for s in range(len(power)):
        level = np.log10(power[s])
        if not np.isfinite(level).all():
            continue
        offset, exponent = _robust_line(x, level)
        if np.isnan(exponent):
            continue
        flat = level - offset + exponent * x
        found = _plausible(_guesses(freqs, flat, most, height, threshold, narrow, wide), freqs[0], freqs[-1])
        if len(found) > 0:
            found = _fitted(freqs, flat, found, narrow, wide)
        for i in range(len(found)):
            take_off(level, freqs, found[i, 0], found[i, 1], found[i, 2])
            peaks[s, i, 0], peaks[s, i, 1], peaks[s, i, 2] = found[i, 0], found[i, 1], 2 * found[i, 2]
        offset, exponent = _line(x, level, np.ones(x.size, np.bool_))
        law[s, 0], law[s, 1], law[s, 2] = offset, 0.0, exponent
    return law, peaks


# The fits stop within 1e-5 of their optimum, where rounding may decide on one step more or less
@twin(
    "power_law",
    backend="cpu",
    tolerance={"float64": 1e-4, "float32": 1e-2},
    when=lambda given: given["mode"] == "fixed",
)
def power_law(
    psd: np.ndarray,
    freqs: np.ndarray,
    *,
    freq_range: tuple[float, float] = (2.0, 40.0),
    mode: str = "fixed",  # noqa: ARG001 - the only one that this twin holds for
    peak_width: tuple[float, float] = (1.0, 8.0),
    max_n_peaks: int = 6,
    min_peak_height: float = 0.1,
    peak_threshold: float = 2.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit in float64 whatever the spectrum is in."""
    inside = band_of(freqs, freq_range)
    unit = unit_of(peak_width)
    narrow, wide = peak_width[0] / unit / 2, peak_width[1] / unit / 2
    rows = np.ascontiguousarray(psd[..., inside].reshape(prod(psd.shape[:-1]), int(inside.sum())), dtype=np.float64)
    if rows.shape[1] < 4:
        law, peaks = np.full((len(rows), 3), np.nan), np.full((len(rows), max_n_peaks, 3), np.nan)
    else:
        used = freqs[inside].astype(np.float64) / unit
        law, peaks = _fit_all(rows, used, max_n_peaks, min_peak_height, peak_threshold, narrow, wide)
    return in_hertz(law.reshape(*psd.shape[:-1], 3), peaks.reshape(*psd.shape[:-1], max_n_peaks, 3), unit)


# The same function; but offset, knee and exponent trade off, so that the last digits of a spectrum move them further
@twin("aperiodic_knee", backend="cpu", tolerance={"float64": 1e-3, "float32": 5e-2})
def aperiodic_knee(power_law: np.ndarray) -> np.ndarray:
    """Read the knee from the fit."""
    return reference_knee(power_law)
