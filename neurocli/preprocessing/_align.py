"""How `euclidean_alignment` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from ..data.recording import Epochs
from ._common import doubles, finite, need, noted, refuse, typed_channels, with_rows
from ._signal import before_fit

if TYPE_CHECKING:
    from .euclidean_alignment import EuclideanAlignment


def aligned(data: Epochs, settings: EuclideanAlignment) -> Epochs:
    """Return the epochs times the inverse square root of their mean covariance."""
    need(data, settings.name, "epochs")
    picks = typed_channels(data, settings.types, bads=False)
    if not picks:
        raise refuse(data, "E-INPUT-CHANNELS", "No channel is left to align.")
    finite(data, picks)
    x = doubles(data.data, picks)
    whitener, rank = inverse_root((x @ x.transpose(0, 2, 1)).mean(axis=0) / x.shape[-1])
    units = tuple("1" if i in set(picks) else unit for i, unit in enumerate(data.units))
    note = {"n_epochs": len(x), "rank": rank, **before_fit(data)}
    return noted(data, settings.name, note, data=with_rows(data.data, picks, whitener @ x), units=units)


def inverse_root(covariance: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the inverse square root on the span of the covariance, and its rank (an average reference takes one)."""
    values, vectors = linalg.eigh(covariance)
    real = values > values[-1] * 1e-10
    return (vectors[:, real] / np.sqrt(values[real])) @ vectors[:, real].T, int(real.sum())
