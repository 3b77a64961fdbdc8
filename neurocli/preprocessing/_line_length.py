"""How `line_length` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..data.recording import Epochs
from ..data.samples import take
from ._bad_channels import MAD_TO_SD, mad
from ._common import doubles, finite, need, noted, typed_channels
from ._epoch import some_left

if TYPE_CHECKING:
    from .line_length import LineLength


def tame(data: Epochs, settings: LineLength) -> Epochs:
    """Return the epochs in which few channels run wild."""
    need(data, settings.name, "epochs")
    picks = typed_channels(data, settings.types, bads=False)
    finite(data, picks)
    wild = robust_z(line_length(doubles(data.data, picks))) > settings.threshold
    good = wild.mean(axis=1) <= settings.share
    tally = {"n_windows": len(good), "dropped": {"above line length": int((~good).sum())}}
    some_left(data, int(good.sum()), tally)
    index = np.flatnonzero(good)
    channels = {data.ch_names[picks[i]]: int(wild[:, i].sum()) for i in np.flatnonzero(wild.any(axis=0))}
    note = {"n_epochs": len(index), **tally, "channels": channels}
    return noted(data, settings.name, note, data=data.data[index], samples=take(data.samples, index))


def line_length(x: np.ndarray) -> np.ndarray:
    """Return the mean absolute step. x: (n_epochs, n_channels, n_times) -> (n_epochs, n_channels)."""
    length: np.ndarray = np.abs(np.diff(x, axis=-1)).mean(axis=-1)
    return length


def robust_z(lengths: np.ndarray) -> np.ndarray:
    """Return the robust z of the logarithms, over epochs. lengths: (n_epochs, n_channels) -> the same."""
    logs = np.log(np.maximum(lengths, np.finfo(float).tiny)).T
    spread = np.maximum(MAD_TO_SD * mad(logs), np.finfo(float).eps)
    z: np.ndarray = ((logs - np.median(logs, axis=-1, keepdims=True)) / spread[:, None]).T
    return z
