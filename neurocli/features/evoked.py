"""Measures of evoked responses: peak, latency, area, and statistics of ever shorter parts of the epoch.

Times are counted from the first sample of the epoch, which is all that a feature knows of time.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import InputError
from .define import Given, feature

if TYPE_CHECKING:
    from pydantic import PositiveInt

    from ..si import Span


def within(n_times: int, sfreq: float, window: tuple[float, float] | None) -> slice:
    """Return the samples of a window in s from the start of the epoch, both ends included; of none, all."""
    if window is None:
        return slice(0, n_times)
    first, last = round(window[0] * sfreq), round(window[1] * sfreq)
    if first < 0 or last >= n_times:
        raise InputError(
            f"The window [{window[0]:g} s, {window[1]:g} s] is not within the epoch, which lasts from 0 s to"
            f" {(n_times - 1) / sfreq:g} s (counted from its first sample).",
            code="E-FEATURES-WINDOW",
            remedy="Count the window from the start of the epoch, not from the event.",
        )
    return slice(first, last + 1)


def _extreme(x: np.ndarray, sign: str) -> np.ndarray:
    """Return the index of the first extreme sample, with an axis of length one for time."""
    signed = {"positive": x, "negative": -x, "absolute": np.abs(x)}[sign]
    return signed.argmax(axis=-1)[..., None]


@feature(unit="V", source="Luck (2014)")
def erp_peak_amplitude(
    x: np.ndarray,
    sfreq: float,
    *,
    window: Span | None = None,
    sign: Literal["positive", "negative", "absolute"] = "absolute",
) -> np.ndarray:
    """Value at the peak within a window.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Evoked response, in V.
    sfreq : float
        Hz.
    window : (start, end), optional
        In s from the first sample of the epoch, both included; by default the whole epoch.
    sign : {"positive", "negative", "absolute"}
        Whether the peak is the highest, the lowest, or the sample farthest from zero.

    Returns
    -------
    amplitude : array, shape (...,)
        V, with its sign.

    Raises
    ------
    InputError
        If the window is not within the epoch (``E-FEATURES-WINDOW``).

    References
    ----------
    .. [1] Luck, S. J. (2014). An introduction to the event-related potential technique. 2nd ed., MIT Press.
    """
    x = x[..., within(x.shape[-1], sfreq, window)]
    return np.take_along_axis(x, _extreme(x, sign), axis=-1)[..., 0]


@feature(unit="s", source="Luck (2014)")
def erp_peak_latency(
    x: np.ndarray,
    sfreq: float,
    *,
    window: Span | None = None,
    sign: Literal["positive", "negative", "absolute"] = "absolute",
) -> np.ndarray:
    """When the peak is.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Evoked response, in V.
    sfreq : float
        Hz.
    window : (start, end), optional
        In s from the first sample of the epoch, both included; by default the whole epoch.
    sign : {"positive", "negative", "absolute"}
        Whether the peak is the highest, the lowest, or the sample farthest from zero.

    Returns
    -------
    latency : array, shape (...,)
        s from the first sample of the epoch, whatever the window; of equal peaks, the first.

    Raises
    ------
    InputError
        If the window is not within the epoch (``E-FEATURES-WINDOW``).

    References
    ----------
    .. [1] Luck, S. J. (2014). An introduction to the event-related potential technique. 2nd ed., MIT Press.
    """
    part = within(x.shape[-1], sfreq, window)
    return (_extreme(x[..., part], sign)[..., 0] + part.start) / sfreq


@feature(unit="V s", min_times=2, source="Luck (2014)")
def erp_area(x: np.ndarray, sfreq: float, *, window: Span | None = None, rectify: bool = False) -> np.ndarray:
    r"""Area under the response within a window, by the trapezoidal rule.

    .. math:: A = \int_{t_1}^{t_2} x(t)\, dt

    Parameters
    ----------
    x : array, shape (..., n_times)
        Evoked response, in V.
    sfreq : float
        Hz.
    window : (start, end), optional
        In s from the first sample of the epoch, both included; by default the whole epoch.
    rectify : bool
        Take the absolute value of each sample first.

    Returns
    -------
    area : array, shape (...,)
        V s, signed unless rectified.

    Raises
    ------
    InputError
        If the window is not within the epoch (``E-FEATURES-WINDOW``).

    References
    ----------
    .. [1] Luck, S. J. (2014). An introduction to the event-related potential technique. 2nd ed., MIT Press.
    """
    x = x[..., within(x.shape[-1], sfreq, window)]
    x = np.abs(x) if rectify else x
    return (x.sum(axis=-1) - (x[..., 0] + x[..., -1]) / 2) / sfreq


def _cells(given: Given) -> list[str]:
    return [f"level{level}.{cell}" for level in range(given["n_levels"]) for cell in range(2**level)]


def _fewest(given: Given) -> int:
    fewest: int = 2 ** (given["n_levels"] - 1)
    return fewest


@feature(unit="V", parts=_cells, min_times=_fewest, source="Lazebnik et al. (2006), along time")
def temporal_pyramid(
    x: np.ndarray, *, n_levels: PositiveInt = 3, statistic: Literal["mean", "std", "min", "max"] = "mean"
) -> np.ndarray:
    """Statistic of the epoch, of its halves, of its quarters, and so on.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    n_levels : int
        Level k cuts the epoch into 2**k parts, at the sample ``n_times * i // 2**k``.
    statistic : {"mean", "std", "min", "max"}
        What is taken of each part; std has ddof 0.

    Returns
    -------
    pyramid : array, shape (..., 2**n_levels - 1)
        V; the whole epoch first, then its parts in order.

    References
    ----------
    .. [1] Lazebnik, S., Schmid, C. & Ponce, J. (2006). Beyond bags of features: spatial pyramid matching. CVPR 2,
       2169-2178.
    """
    take, n_times = getattr(np, statistic), x.shape[-1]
    edges = [[n_times * i // 2**level for i in range(2**level + 1)] for level in range(n_levels)]
    spans = [span for level in edges for span in pairwise(level)]
    return np.stack([take(x[..., start:stop], axis=-1) for start, stop in spans], axis=-1)
