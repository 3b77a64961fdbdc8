"""How `detrend`, `zscore` and `percent_signal_change` are done."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.recording import Image, Recording
from ._common import finite, need, noted, refuse

EPS = np.finfo(np.float64).eps  # nilearn's bound below which a spread or a mean counts as zero


def detrended(data: Any, order: int, step: str) -> Any:
    """Return the data without the best polynomial of `order`, along time."""
    need(data, step, "recording", "epochs", "image")
    if data.data.shape[-1] <= order + 1:
        raise refuse(data, "E-INPUT-SHORT", f"{data.data.shape[-1]} samples are too few for a trend of order {order}.")
    if not isinstance(data, Image):
        finite(data)
    time = np.linspace(-1, 1, data.data.shape[-1])
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(time, order))
    x = np.asarray(data.data, dtype=np.float64)
    x = x - (x @ basis) @ basis.T
    return noted(data, step, {"order": order}, data=x)


def standardized(data: Recording, step: str) -> Recording:
    """Return the recording with mean 0 and variance 1 per channel."""
    need(data, step, "recording")
    finite(data)
    if data.n_times < 2:
        raise refuse(data, "E-INPUT-SHORT", "One sample has no standard deviation.")
    x = np.asarray(data.data, dtype=np.float64)
    x = x - x.mean(axis=-1, keepdims=True)
    spread = x.std(axis=-1, ddof=1, keepdims=True)
    # voltages are far below machine epsilon's 2e-16 V only when they are constant
    constant = spread <= EPS * np.abs(np.asarray(data.data)).max(axis=-1, keepdims=True, initial=0.0)
    x = np.where(constant, 0.0, x / np.where(constant, 1.0, spread))
    numbers = {"n_constant": int(constant.sum())}
    return noted(data, step, numbers, data=x, units=("1",) * len(data.ch_names))


def percent(data: Recording, step: str) -> Recording:
    """Return the recording as percent of each channel's mean."""
    need(data, step, "recording")
    finite(data)
    x = np.asarray(data.data, dtype=np.float64)
    mean = x.mean(axis=-1, keepdims=True)
    zero = np.abs(mean) < EPS * np.abs(x).max(axis=-1, keepdims=True, initial=0.0)
    x = np.where(zero, 0.0, 100 * (x - mean) / np.where(zero, 1.0, np.abs(mean)))
    numbers = {"n_zero_mean": int(zero.sum())}
    return noted(data, step, numbers, data=x, units=("%",) * len(data.ch_names))
