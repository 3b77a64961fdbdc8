"""How `slice_timing` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...data.recording import Image
from .._common import noted, refuse
from .._image import series

if TYPE_CHECKING:
    from ..slice_timing import SliceTiming


def slice_timed(data: Image, settings: SliceTiming) -> Image:
    """Return the series with all slices at the reference time."""
    series(data, settings.name)
    assert data.tr is not None
    times = np.array(settings.slice_times or data.slice_times, dtype=float)
    _check(data, times)
    moment = settings.reference * data.tr
    x = np.asarray(data.data, dtype=np.float64)
    shifted = np.stack([shift(x[:, :, k], (moment - t) / data.tr) for k, t in enumerate(times)], axis=2)
    return noted(data, settings.name, {"reference_s": moment}, data=shifted)


def _check(data: Image, times: np.ndarray) -> None:
    """Refuse times that are not one a slice, or not within the volume (``E-INPUT-SLICES``)."""
    n = data.data.shape[2]
    if len(times) != n:
        known = f"there are {len(times)} times" if len(times) else "the times of none are known"
        remedy = "Give SliceTiming in the JSON sidecar: seconds, one a slice along the third axis."
        raise refuse(data, "E-INPUT-SLICES", f"The image has {n} slices, and {known}.", remedy)
    tr = data.tr or 0.0
    if times.min() < 0 or times.max() > tr:
        message = f"Slices were taken from {times.min():g} to {times.max():g} s of a volume that lasts {tr:g} s."
        raise refuse(data, "E-INPUT-SLICES", message, "Mend SliceTiming in the JSON sidecar: it is in s, not in ms.")


def shift(x: np.ndarray, samples: float) -> np.ndarray:
    """Return `x` as it would have been taken `samples` later, its ends mirrored.

    Parameters
    ----------
    x : array, shape (..., n_volumes)
    samples : float
        Part of a sample.
    """
    n = x.shape[-1]
    mirrored = np.concatenate([x, x[..., ::-1]], axis=-1)
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(2 * n) * samples)
    turn[-1] = turn[-1].real  # the fastest wave has no phase
    out: np.ndarray = np.fft.irfft(np.fft.rfft(mirrored) * turn, n=2 * n)[..., :n]
    return out
