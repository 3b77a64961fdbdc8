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
    n = data.data.shape[2]
    if len(times) != n or (times < 0).any() or (times > data.tr).any():
        said = f"{len(times)} times" if len(times) else "no times"
        message = f"The image has {n} slices and {said} between 0 and its repetition time of {data.tr:g} s."
        raise refuse(data, "E-INPUT-SLICES", message, "Mend SliceTiming in the JSON sidecar.")
    moment = settings.reference * data.tr
    x = np.asarray(data.data, dtype=np.float64)
    shifted = np.stack([shift(x[:, :, k], (moment - t) / data.tr) for k, t in enumerate(times)], axis=2)
    return noted(data, settings.name, {"reference_s": moment}, data=shifted)


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
