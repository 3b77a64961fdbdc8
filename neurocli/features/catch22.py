"""The 22 canonical characteristics of time series."""

from __future__ import annotations

import numpy as np

from . import _catch22_correlation as correlation
from . import _catch22_regimes as regimes
from . import _catch22_symbols as symbols
from . import _catch22_values as of_values
from ._catch22_common import autocorrelation, crossing, zscored
from .define import feature, quantity

NAMES = (
    "mode_5", "mode_10", "outlier_timing_pos", "outlier_timing_neg", "acf_timescale", "acf_first_min",
    "low_freq_power", "median_freq", "forecast_error", "whiten_timescale", "high_fluctuation", "stretch_high",
    "stretch_decreasing", "entropy_pairs", "ami2", "trev", "ami_timescale", "transition_variance", "periodicity",
    "embedding_dist", "rs_range", "dfa",
)  # fmt: skip


@quantity()
def outlier_timing(x: np.ndarray) -> np.ndarray:
    """When large values come, and when small ones do.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.

    Returns
    -------
    timing : array, shape (..., 2)
        From -1 (all at the start) to 1 (all at the end), of values above the mean and of values below it: the median,
        over thresholds 0.01 standard deviations apart, of the median place of what is beyond; NaN for a constant.
    """
    z = zscored(x).reshape(-1, x.shape[-1])
    return np.array([[regimes.outlier_median(one), regimes.outlier_median(-one)] for one in z]).reshape(
        *x.shape[:-1], 2
    )


@quantity()
def fluctuation_regimes(x: np.ndarray) -> np.ndarray:
    """Where the scaling of fluctuation with window length bends.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.

    Returns
    -------
    bends : array, shape (..., 2)
        Share of the window lengths before the bend, for ranges of the series and for the root mean square of every
        other sample of it; NaN for a constant and for fewer lengths than two lines of eight need.
    """
    z = zscored(x)
    return np.stack([regimes.regimes(z, 1, True), regimes.regimes(z, 2, False)], axis=-1)


@feature(unit="1", parts=NAMES, cost="spectral", min_times=16, source="Lubba et al. (2019), as catch22 1.0 has them")
def catch22(x: np.ndarray, outlier_timing: np.ndarray, fluctuation_regimes: np.ndarray) -> np.ndarray:
    """The 22 canonical time-series characteristics, of the series less its mean over its standard deviation (ddof 1).

    ==================== ===============================================================================
    mode_5, mode_10      centre of the fullest of 5 or 10 bins
    outlier_timing       when values above (pos) and below (neg) the mean come, from -1 to 1
    acf_timescale        lag at which the autocorrelation falls below 1/e
    acf_first_min        lag of its first minimum
    low_freq_power       power in the lowest fifth of the frequencies
    median_freq          frequency that halves the power, in radians a sample
    forecast_error       standard deviation of what the mean of three samples misses of the next
    whiten_timescale     first zero of the autocorrelation of the steps, over that of the series
    high_fluctuation     share of steps of more than 0.04 standard deviations
    stretch_high         longest stretch above the mean; ``stretch_decreasing``: without an increase
    entropy_pairs        entropy of pairs of neighbouring thirds, in nats
    ami2                 mutual information of samples two apart in five bins, in nats
    trev                 mean cube of the steps
    ami_timescale        lag of the first minimum of the mutual information of a Gaussian, at most 40
    transition_variance  variance of the transitions between thirds
    periodicity          first lag with a peak of the autocorrelation of the detrended series, 0 if none
    embedding_dist       distance of the steps in two dimensions from an exponential distribution
    rs_range, dfa        share of the window lengths before the bend of the fluctuation
    ==================== ===============================================================================

    Lags and stretches are in samples. With the features `mean` and `std` (whose ddof is 0) they are catch24.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    outlier_timing : array, shape (..., 2)
        When outliers come.
    fluctuation_regimes : array, shape (..., 2)
        Where the scaling bends.

    Returns
    -------
    values : array, shape (..., 22)
        NaN for a constant; and where one is not defined, as the two bends are for short series.

    References
    ----------
    .. [1] Lubba, C. H. et al. (2019). catch22: CAnonical Time-series CHaracteristics. Data Min. Knowl. Discov. 33,
       1821-1852.
    """
    z = zscored(x).reshape(-1, x.shape[-1])
    usable = np.isfinite(z).all(axis=-1)
    values = np.full((len(z), len(NAMES)), np.nan)
    if usable.any():
        values[usable] = _values(z[usable])
    found = values.reshape(*x.shape[:-1], len(NAMES))
    found[..., 2:4], found[..., 20:] = outlier_timing, fluctuation_regimes
    return found


def _values(z: np.ndarray) -> np.ndarray:
    """Return the features that are not quantities, of series that are not constant; (n_series, 22)."""
    acf = autocorrelation(z)
    found = {
        "mode_5": of_values.mode(z, 5),
        "mode_10": of_values.mode(z, 10),
        "acf_timescale": crossing(acf, np.exp(-1)),
        "acf_first_min": correlation.acf_first_min(acf),
        "low_freq_power": symbols.low_freq_power(z),
        "median_freq": symbols.median_freq(z),
        "forecast_error": correlation.forecast_error(z),
        "whiten_timescale": correlation.whiten_timescale(z, acf),
        "high_fluctuation": of_values.high_fluctuation(z),
        "stretch_high": of_values.stretch_high(z),
        "stretch_decreasing": of_values.stretch_decreasing(z),
        "entropy_pairs": symbols.entropy_pairs(z),
        "ami2": correlation.ami2(z),
        "trev": of_values.trev(z),
        "ami_timescale": correlation.ami_timescale(z, acf),
        "transition_variance": symbols.transition_variance(z, acf),
        "periodicity": correlation.periodicity(z),
        "embedding_dist": correlation.embedding_dist(z, acf),
    }
    return np.stack([found.get(name, np.full(len(z), np.nan)) for name in NAMES], axis=-1)
