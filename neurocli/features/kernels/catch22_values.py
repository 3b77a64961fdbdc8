"""The 22 less the two that scan: few series at a time, so that their transforms stay in the cache.

The transforms are those of the reference, to the last digit: of a tie between two lags, rounding decides.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import irfft, rfft

from .._catch22_common import first
from .._catch22_correlation import _spline_basis
from .._catch22_symbols import _every
from ..catch22 import NAMES
from ..define import twin
from . import _catch22_lags as lagged
from ._catch22_values import of_values, transition_variances
from ._standard import standardised

BLOCK = 2**14  # samples that are transformed at once: 128 KiB, and twice that of zeros behind them
OF_VALUES = (
    "mode_10", "mode_5", "ami2", "entropy_pairs", "transition_variance", "stretch_high", "stretch_decreasing",
    "high_fluctuation", "trev", "forecast_error",
)  # fmt: skip
OF_LAGS = ("acf_timescale", "acf_first_min", "whiten_timescale")
OF_SPECTRUM = ("low_freq_power", "median_freq")
OUTLIERS, BENDS = ("outlier_timing_pos", "outlier_timing_neg"), ("rs_range", "dfa")


@twin("catch22", backend="cpu", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def catch22(x: np.ndarray, outlier_timing: np.ndarray, fluctuation_regimes: np.ndarray) -> np.ndarray:
    """Return the twin of `catch22.catch22`; in double precision, for ties and thresholds decide."""
    z = standardised(x)
    usable = np.isfinite(z[:, 0])
    found = np.full((len(z), len(NAMES)), np.nan)
    found[usable] = _values(z if usable.all() else z[usable])
    _put(found, OUTLIERS, outlier_timing.reshape(-1, 2))
    _put(found, BENDS, fluctuation_regimes.reshape(-1, 2))
    return found.reshape(*x.shape[:-1], len(NAMES))


def _put(found: np.ndarray, names: tuple[str, ...], values: np.ndarray) -> None:
    found[:, [NAMES.index(name) for name in names]] = values


def _values(z: np.ndarray) -> np.ndarray:
    """Return the features that are not quantities, of series that are not constant; (n_series, 22)."""
    found, lags = np.full((len(z), len(NAMES)), np.nan), np.empty((len(z), 2), np.int64)
    size = max(1, BLOCK // z.shape[1])
    for start in range(0, len(z), size):
        part = slice(start, start + size)
        _block(z[part], found[part], lags[part])
    _coarse_transitions(z, lags[:, 0], found[:, NAMES.index("transition_variance")])
    return found


def _block(z: np.ndarray, found: np.ndarray, lags: np.ndarray) -> None:
    """Fill the values of a few series, and the lags that their autocorrelation gives."""
    _put(found, OF_VALUES, of_values(z, np.sort(z, axis=-1)))
    series, steps = np.zeros((len(z), _room(z.shape[1]))), np.zeros((len(z), _room(z.shape[1] - 1)))
    lagged.center(z, series, steps)
    acf = np.empty_like(z)
    _put(found, OF_LAGS, lagged.of_lags(_covariance(series), _covariance(steps), acf, lags))
    _put(found, OF_SPECTRUM, _of_spectrum(z))
    found[:, NAMES.index("ami_timescale")] = _ami_timescale(z, acf)
    found[:, NAMES.index("periodicity")] = _periodicity(z)
    found[:, NAMES.index("embedding_dist")] = _embedding_dist(z, lags)


def _room(n: int) -> int:
    """Return how many samples are transformed for the autocorrelation of n."""
    return int(2 ** (2 * n - 1).bit_length())


def _covariance(padded: np.ndarray) -> np.ndarray:
    magnitude = np.abs(rfft(padded))
    return np.asarray(irfft(np.multiply(magnitude, magnitude, out=magnitude)))


def _of_spectrum(z: np.ndarray) -> np.ndarray:
    n = z.shape[-1]
    n_fft = 2 ** (n - 1).bit_length()
    return lagged.of_spectrum(np.abs(rfft(z, n_fft)), n, 2 * np.pi / n_fft)


def _ami_timescale(z: np.ndarray, acf: np.ndarray) -> np.ndarray:
    n_lags = min(40, (z.shape[-1] + 1) // 2)
    information = -0.5 * np.log(lagged.unexplained(z, acf, n_lags))
    middle = information[:, 1:-1]
    return first((middle < information[:, :-2]) & (middle < information[:, 2:]), n_lags - 2.0) + 2.0


def _periodicity(z: np.ndarray) -> np.ndarray:
    """Take the waves out one by one; NumPy sums the products, for the reference does."""
    n, basis = z.shape[-1], _spline_basis(z.shape[-1])
    rest = np.zeros((len(z), _room(n)))
    rest[:, :n] = z
    product = z * basis[0]
    for wave, following in zip(basis, (*basis[1:], basis[0]), strict=True):
        lagged.take_away(rest, product.sum(axis=-1), wave, following, product)
    return lagged.first_peaks(_covariance(rest), n, -(-n // 3))


def _embedding_dist(z: np.ndarray, lags: np.ndarray) -> np.ndarray:
    distances = np.empty_like(z)
    lagged.fill_distances(z, lags, distances)
    distances.sort(axis=-1)
    return lagged.of_distances(distances, lags, *_bin_rules(z.shape[-1]))


@lru_cache(maxsize=8)
def _bin_rules(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each lag, Sturges' number of bins and the inverse cube root of how many distances there are."""
    sizes = [n - 1 - lag for lag in range(n // 10 + 1)]
    return np.ceil(np.log2(sizes) + 1), np.array([size ** (-1 / 3) for size in sizes])


def _coarse_transitions(z: np.ndarray, lags: np.ndarray, found: np.ndarray) -> None:
    """Write the transitions between thirds of those series whose time scale is more than one sample."""
    for lag in np.unique(lags[lags > 1]):
        coarse = _low_passed(z[lags == lag], int(lag))
        found[lags == lag] = transition_variances(coarse, np.sort(coarse, axis=-1))


def _low_passed(z: np.ndarray, step: int) -> np.ndarray:
    """Return what `_catch22_symbols._every` does: the same inner products, but only of the samples that are kept."""
    if not hasattr(np, "vecdot"):  # NumPy before 2.0
        return _every(z, step)
    n, reach, taps = z.shape[1], 10 * step, _taps(step)
    found = np.empty((len(z), -(-n // step)))
    first_whole, last_whole = 10, (n - 1 - reach) // step
    windows = sliding_window_view(z, taps.size, axis=-1)[:, ::step]
    found[:, first_whole : last_whole + 1] = np.vecdot(windows[:, : last_whole + 1 - first_whole], taps)
    for k in (*range(first_whole), *range(last_whole + 1, found.shape[1])):  # the filter leaves the series
        low, high = k * step - reach, k * step + reach + 1
        start, stop = max(low, 0), min(high, n)
        found[:, k] = np.vecdot(z[:, start:stop], taps[start - low : stop - low])
    return found


@lru_cache(maxsize=64)
def _taps(step: int) -> np.ndarray:
    """Return the filter, last tap first."""
    reach = 10 * step
    taps = np.sinc(np.arange(-reach, reach + 1) / step) * np.kaiser(2 * reach + 1, 5.0)
    return np.ascontiguousarray((taps / taps.sum())[::-1])
