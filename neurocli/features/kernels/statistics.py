"""Statistics, waveform and Hjorth features in one fused pass over each series, which stays in the L1 cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from ..define import twin

CLOSE = {"float64": 1e-12, "float32": 1e-6}  # sums are in float64; what is left is the rounding of the values
EXACT = {"float64": 0.0, "float32": 0.0}
MEAN, SQUARE, LENGTH, CROSSINGS, M2, M3, M4, SLOPE, CURVE, LOW, HIGH = range(11)
compiled = njit(nogil=True, cache=True, forceinline=True, fastmath=True, error_model="numpy")


@compiled
def _moments(row, sums):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the mean, the mean square, and the second to fourth central moment of one series."""
    n_times = row.shape[0]
    first = np.float64(row[0])
    total = square = 0.0
    for t in range(n_times):
        value = np.float64(row[t])
        total += value - first  # of a constant exactly zero
        square += value * value
    offset = total / n_times
    second = third = fourth = 0.0
    for t in range(n_times):
        d = (np.float64(row[t]) - first) - offset
        q = d * d
        second += q
        third += q * d
        fourth += q * q
    sums[MEAN], sums[SQUARE] = first + offset, square / n_times
    sums[M2], sums[M3], sums[M4] = second / n_times, third / n_times, fourth / n_times


@compiled
def _differences(row, sums):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill the mean absolute difference, the variances of first and second differences, and the changes of sign."""
    n_slopes = row.shape[0] - 1
    begin, end = np.float64(row[1]) - np.float64(row[0]), np.float64(row[n_slopes]) - np.float64(row[n_slopes - 1])
    mean_slope = (np.float64(row[n_slopes]) - np.float64(row[0])) / n_slopes
    mean_curve = (end - begin) / max(1, n_slopes - 1)
    length = slope = curve = 0.0
    for t in range(n_slopes - 1):
        here = np.float64(row[t + 1])
        d = here - np.float64(row[t])
        c = np.float64(row[t + 2]) - here - d - mean_curve
        length += abs(d)
        slope += (d - mean_slope) * (d - mean_slope)
        curve += c * c
    crossings = 0.0
    for t in range(n_slopes):
        crossings += 1.0 if (row[t] < 0) != (row[t + 1] < 0) else 0.0
    sums[LENGTH] = (length + abs(end)) / n_slopes
    sums[SLOPE] = (slope + (end - mean_slope) * (end - mean_slope)) / n_slopes
    sums[CURVE], sums[CROSSINGS] = curve / max(1, n_slopes - 1), crossings


@compiled
def _scan(x, sums):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill `sums` (n_series, 11) from `x` (n_series, n_times), all finite; the second loop finds the series in L1."""
    for series in range(x.shape[0]):
        _moments(x[series], sums[series])
        if x.shape[1] > 1:
            _differences(x[series], sums[series])


@twin("time_statistics", backend="cpu", tolerance=CLOSE)
def time_statistics(x: np.ndarray) -> np.ndarray:
    """Moments, differences and extremes of each series; shape (..., n_times) to (..., 11), the constants above."""
    sums = np.empty((*x.shape[:-1], 11))
    _scan(x.reshape(-1, x.shape[-1]), sums.reshape(-1, 11))
    sums[..., LOW], sums[..., HIGH] = x.min(axis=-1), x.max(axis=-1)  # which LLVM does not vectorise and NumPy does
    return sums


def _picking(name: str, pick: Callable[[np.ndarray], np.ndarray], tolerance: dict[str, float] = CLOSE) -> None:
    """Register a feature that is a function of the sums alone."""

    def picked(time_statistics: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):  # NaN where the signal is constant
            return pick(time_statistics)

    picked.__name__ = picked.__qualname__ = name
    twin(name, backend="cpu", tolerance=tolerance)(picked)


def _complexity(s: np.ndarray) -> np.ndarray:
    complexity = np.sqrt(s[..., CURVE] * s[..., M2]) / s[..., SLOPE]
    return np.where((s[..., M2] > 0) & (s[..., SLOPE] > 0), complexity, np.nan)


def _log_variance(s: np.ndarray) -> np.ndarray:
    return np.where(s[..., M2] > 0, np.log10(s[..., M2]), np.nan)


_picking("mean", lambda s: s[..., MEAN])
_picking("voxels", lambda s: s[..., MEAN])
_picking("variance", lambda s: s[..., M2])
_picking("hjorth_activity", lambda s: s[..., M2])
_picking("std", lambda s: np.sqrt(s[..., M2]))
_picking("log_variance", _log_variance)
_picking("skewness", lambda s: s[..., M3] / s[..., M2] ** 1.5)
_picking("kurtosis", lambda s: s[..., M4] / s[..., M2] ** 2 - 3.0)
_picking("rms", lambda s: np.sqrt(s[..., SQUARE]))
_picking("peak_to_peak", lambda s: s[..., HIGH] - s[..., LOW])
_picking("line_length", lambda s: s[..., LENGTH])
_picking("zero_crossings", lambda s: s[..., CROSSINGS], EXACT)
_picking("hjorth_complexity", _complexity)


@twin("hjorth_mobility", backend="cpu", tolerance=CLOSE)
def hjorth_mobility(time_statistics: np.ndarray, sfreq: float) -> np.ndarray:
    """Standard deviation of the slope over that of the signal; the sums' twin of `hjorth.hjorth_mobility`."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(time_statistics[..., SLOPE] / time_statistics[..., M2]) * sfreq
