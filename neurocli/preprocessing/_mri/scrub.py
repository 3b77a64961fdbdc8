"""How `scrub` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...data.recording import Image
from .._common import noted, refuse
from .._confounds import framewise_displacement
from .._image import series

if TYPE_CHECKING:
    from ..scrub import Scrub


def scrubbed(data: Image, settings: Scrub) -> Image:
    """Return the series with bad volumes replaced."""
    series(data, settings.name)
    moved = framewise_displacement(data)
    if moved is None:
        raise refuse(data, "E-INPUT-CONFOUNDS", "There are no motion parameters.", "Run motion_correct before.")
    bad = spread(np.nan_to_num(moved) > settings.displacement, settings.before, settings.after)
    if (~bad).sum() < 2:
        message = f"{int(bad.sum())} of {len(bad)} volumes have too much motion, which leaves fewer than two."
        raise refuse(data, "E-INPUT-SHORT", message, "Raise displacement, or leave this recording out.")
    numbers = {"n_scrubbed": int(bad.sum()), "volumes": np.flatnonzero(bad).tolist()}
    return noted(data, settings.name, numbers, data=bridged(np.asarray(data.data, dtype=np.float64), bad))


def spread(bad: np.ndarray, before: int, after: int) -> np.ndarray:
    """Return `bad` with the neighbours of each bad volume marked too."""
    wide = bad.copy()
    for i in np.flatnonzero(bad):
        wide[max(0, i - before) : i + after + 1] = True
    return wide


def bridged(x: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return `x`, shape (..., n_volumes), with bad volumes on a line between the good ones around them."""
    good, gaps = np.flatnonzero(~bad), np.flatnonzero(bad)
    right = np.clip(np.searchsorted(good, gaps), 1, len(good) - 1)
    low, high = good[right - 1], good[right]
    weight = np.clip((gaps - low) / (high - low), 0, 1)  # before the first and after the last: as they are
    out = x.copy()
    out[..., gaps] = x[..., low] * (1 - weight) + x[..., high] * weight
    return out
