"""Neuronal avalanches: cascades of large deflections over channels, their size, duration and branching."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ._pairs import quotient
from ._power_law import exponent
from .define import feature, quantity

if TYPE_CHECKING:
    from pydantic import PositiveFloat, PositiveInt

    from ..si import Seconds


@quantity()
def excursions(x: np.ndarray, *, threshold: PositiveFloat = 3.0) -> np.ndarray:
    """Number of channels that peak at each sample, beyond a threshold on either side of their mean.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    threshold : float
        In standard deviations (ddof 0) of the channel within the epoch.

    Returns
    -------
    excursions : array of int, shape (..., n_times)
        An excursion is a run of samples beyond the threshold on one side, and counts once: at the first of its
        farthest samples. A constant channel has none.

    References
    ----------
    .. [1] Shriki, O. et al. (2013). Neuronal avalanches in the resting MEG of the human brain. J. Neurosci. 33(16),
       7079-7090.
    """
    x = x - x[..., :1]  # a constant becomes exactly zero
    x = x - x.mean(axis=-1, keepdims=True)
    limit = threshold * np.sqrt((x**2).mean(axis=-1, keepdims=True))
    side = (x > limit).astype(np.int8) - (x < -limit)
    flat = zip(np.abs(x).reshape(-1, x.shape[-1]), side.reshape(-1, x.shape[-1]), strict=True)
    peaks = np.stack([_peaks(size, row) for size, row in flat]).reshape(x.shape)
    return peaks.sum(axis=-2)


def _peaks(size: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return one at the largest sample of each run of ones or of minus ones, and zero elsewhere."""
    peaks = np.zeros(size.size, dtype=np.int64)
    edges = np.r_[0, np.flatnonzero(np.diff(side)) + 1, size.size]
    for start, stop in pairwise(edges):
        if side[start]:
            peaks[start + size[start:stop].argmax()] = 1
    return peaks


@quantity(also=("avalanche_bins", "descendants", "bin_width"))
def avalanches(
    excursions: np.ndarray, sfreq: float, *, width: Seconds | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Runs of time bins with an event in each, between bins with none.

    Parameters
    ----------
    excursions : array of int, shape (..., n_times)
        Number of events at each sample.
    sfreq : float
        Hz.
    width : float, optional
        Width of a bin in s, rounded to whole samples; by default the mean interval between successive samples with an
        event, in each epoch.

    Returns
    -------
    avalanches : array of int, shape (..., n_max)
        Events of each avalanche in order; zeros after the last. What the ends of the epoch cut off counts as it is.
    avalanche_bins : array of int, shape (..., n_max)
        Bins of each.
    descendants : array, shape (...,)
        Mean, over all bins with an event but the last of the epoch, of the events in the next bin over those in it;
        NaN where there is no such bin.
    bin_width : array, shape (...,)
        In s; NaN where fewer than two samples have an event and no width is given.

    References
    ----------
    .. [1] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    flat = excursions.reshape(-1, excursions.shape[-1])
    shape, n_max = excursions.shape[:-1], excursions.shape[-1] // 2 + 1
    widths = np.array([samples_of(row, sfreq, width) for row in flat])
    found = [_cascades(row, n_samples, n_max) for row, n_samples in zip(flat, widths, strict=True)]
    sizes, bins, ratios = (np.stack(part) for part in zip(*found, strict=True))
    seconds = np.where(widths > 0, widths / sfreq, np.nan)
    return sizes.reshape(*shape, -1), bins.reshape(*shape, -1), ratios.reshape(shape), seconds.reshape(shape)


def samples_of(events: np.ndarray, sfreq: float, width: float | None) -> int:
    """Return the samples of a bin, at least one; 0 where too few events leave its width open."""
    if width is not None:
        return max(1, round(width * sfreq))
    times = np.flatnonzero(events)
    return max(1, round(float(times[-1] - times[0]) / (times.size - 1))) if times.size > 1 else 0


def _cascades(events: np.ndarray, width: int, n_max: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the sizes and durations (n_max,) of the avalanches of one epoch, and its branching ratio."""
    sizes, durations = np.zeros((2, n_max), dtype=np.int64)
    if width == 0:
        return sizes, durations, np.nan
    bins = np.add.reduceat(events, np.arange(0, events.size, width))
    starts = np.flatnonzero((bins > 0) & (np.r_[0, bins[:-1]] == 0))
    stops = np.flatnonzero((bins > 0) & (np.r_[bins[1:], 0] == 0)) + 1
    before = np.r_[0, np.cumsum(bins)]
    sizes[: starts.size], durations[: starts.size] = before[stops] - before[starts], stops - starts
    parents = np.flatnonzero(bins[:-1])
    ratios = bins[parents + 1] / bins[parents]
    return sizes, durations, ratios.sum() / ratios.size if ratios.size else np.nan


@feature(unit="1/s", per="epoch", source="Beggs and Plenz (2003)", min_times=3)
def avalanche_rate(avalanches: np.ndarray, x: np.ndarray, sfreq: float) -> np.ndarray:
    """Avalanches per second.

    Parameters
    ----------
    avalanches : array of int, shape (..., n_max)
        Events of each avalanche; see the quantities `excursions` and `avalanches`.
    x : array, shape (..., n_channels, n_times)
        Signal, of which the length alone counts.
    sfreq : float
        Hz.

    Returns
    -------
    rate : array, shape (...,)
        1/s; 0 where nothing exceeds the threshold, and where a single event leaves the width of the bins open.

    References
    ----------
    .. [1] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    return (avalanches > 0).sum(axis=-1) * sfreq / x.shape[-1]


@feature(unit="1", per="epoch", source="Beggs and Plenz (2003)", min_times=3)
def avalanche_size(avalanches: np.ndarray) -> np.ndarray:
    """Mean number of events in an avalanche.

    Parameters
    ----------
    avalanches : array of int, shape (..., n_max)
        Events of each avalanche; ``{excursions: {threshold: 2.5}, avalanches: {width: 4 ms}}`` says which.

    Returns
    -------
    size : array, shape (...,)
        At least 1; NaN where there is no avalanche.

    References
    ----------
    .. [1] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    return _mean(avalanches)


@feature(unit="s", per="epoch", source="Beggs and Plenz (2003)", min_times=3)
def avalanche_duration(avalanche_bins: np.ndarray, bin_width: np.ndarray) -> np.ndarray:
    """Mean duration of an avalanche: its bins, the first and the last included.

    Parameters
    ----------
    avalanche_bins : array of int, shape (..., n_max)
        Bins of each avalanche.
    bin_width : array, shape (...,)
        In s.

    Returns
    -------
    duration : array, shape (...,)
        s, at least the width of a bin; NaN where there is no avalanche.

    References
    ----------
    .. [1] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    return _mean(avalanche_bins) * bin_width


def _mean(counts: np.ndarray) -> np.ndarray:
    return quotient(counts.sum(axis=-1).astype(float), (counts > 0).sum(axis=-1), np.nan)


@feature(unit="1", per="epoch", source="Clauset et al. (2009), Beggs and Plenz (2003)", min_times=3)
def avalanche_size_exponent(avalanches: np.ndarray, *, smallest: PositiveInt = 1) -> np.ndarray:
    r"""Exponent of the power law of avalanche sizes, by maximum likelihood.

    .. math:: P(s) = \frac{s^{-\tau}}{\zeta(\tau, s_0)}, \quad s = s_0, s_0 + 1, \dots

    Parameters
    ----------
    avalanches : array of int, shape (..., n_max)
        Events of each avalanche; see the quantities `excursions` and `avalanches`.
    smallest : int
        Smallest size s_0 for which the law is taken to hold; smaller avalanches are left out.

    Returns
    -------
    exponent : array, shape (...,)
        Above 1; 1.5 for a critical branching process. NaN for fewer than two avalanches, or if all are of the
        smallest size. A short epoch holds few avalanches: its exponent is a noisy one.

    References
    ----------
    .. [1] Clauset, A., Shalizi, C. R. and Newman, M. E. J. (2009). Power-law distributions in empirical data. SIAM
       Rev. 51(4), 661-703.
    .. [2] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    return exponent(avalanches, smallest)


@feature(unit="1", per="epoch", source="Clauset et al. (2009), Beggs and Plenz (2003)", min_times=3)
def avalanche_duration_exponent(avalanche_bins: np.ndarray, *, shortest: PositiveInt = 1) -> np.ndarray:
    r"""Exponent of the power law of avalanche durations, by maximum likelihood.

    .. math:: P(d) = \frac{d^{-\alpha}}{\zeta(\alpha, d_0)}, \quad d = d_0, d_0 + 1, \dots

    Parameters
    ----------
    avalanche_bins : array of int, shape (..., n_max)
        Bins of each avalanche; see the quantities `excursions` and `avalanches`.
    shortest : int
        Fewest bins d_0 for which the law is taken to hold; shorter avalanches are left out.

    Returns
    -------
    exponent : array, shape (...,)
        Above 1; 2 for the longer avalanches of a critical branching process. NaN for fewer than two avalanches, or if
        all are of the shortest duration.

    References
    ----------
    .. [1] Clauset, A., Shalizi, C. R. and Newman, M. E. J. (2009). Power-law distributions in empirical data. SIAM
       Rev. 51(4), 661-703.
    .. [2] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    return exponent(avalanche_bins, shortest)


@feature(unit="1", per="epoch", source="Beggs and Plenz (2003); edgeofpy", min_times=3)
def branching_ratio(descendants: np.ndarray) -> np.ndarray:
    r"""Events in the next time bin for each event in this one.

    .. math:: \sigma = \frac{1}{|B|} \sum_{b \in B} \frac{n_{b+1}}{n_b}, \quad B = \{b : n_b > 0\}

    Parameters
    ----------
    descendants : array, shape (...,)
        That mean, over all bins with an event but the last; see the quantity `avalanches`.

    Returns
    -------
    ratio : array, shape (...,)
        Below 1 where cascades die out, 1 at the critical point; independent cascades in one bin raise it. NaN where
        nothing exceeds the threshold.

    References
    ----------
    .. [1] Beggs, J. M. and Plenz, D. (2003). Neuronal avalanches in neocortical circuits. J. Neurosci. 23(35),
       11167-11177.
    """
    return descendants
