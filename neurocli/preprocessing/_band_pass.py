"""How `band_pass` is done: the Butterworth filter of `nilearn.signal.clean`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

from ..data.recording import Image
from ._common import noted, refuse
from ._image import brought, series

if TYPE_CHECKING:
    from .band_pass import BandPass


def band_passed(data: Image, settings: BandPass) -> Image:
    """Return the series with the band of the settings, round the mean of each voxel."""
    series(data, settings.name)
    inside = np.ones(data.data.shape[:3], dtype=bool) if settings.desc is None else brought(data, settings.desc)
    if inside.shape != data.data.shape[:3] or not inside.any():
        raise refuse(data, "E-INPUT-MASK", "The mask is empty, or has another shape than the image.")
    sos = butterworth(data, settings.l_freq, settings.h_freq, settings.order)
    out = np.zeros(data.data.shape, dtype=np.float64)
    for i in np.flatnonzero(inside.any(axis=(1, 2))):  # slab by slab, so that no copy of the whole is needed
        out[i][inside[i]] = round_the_mean(_finite(data, np.asarray(data.data[i][inside[i]], dtype=np.float64)), sos)
    numbers = {"l_freq": settings.l_freq, "h_freq": settings.h_freq, "order": settings.order}
    return noted(data, settings.name, {**numbers, "n_voxels": int(inside.sum())}, data=out)


def _finite(data: Image, x: np.ndarray) -> np.ndarray:
    if not np.isfinite(x).all():
        raise refuse(data, "E-INPUT-NAN", "The image has voxels that are no numbers.", "Mend the image, or mask it.")
    return x


def round_the_mean(x: np.ndarray, sos: np.ndarray) -> np.ndarray:
    """Return the band of each series round its own mean, shapes as for `filtered`."""
    found: np.ndarray = filtered(x, sos) + x.mean(axis=-1, keepdims=True)
    return found


def filtered(x: np.ndarray, sos: np.ndarray) -> np.ndarray:
    """Return the band of each series about zero; a constant becomes zero exactly.

    Parameters
    ----------
    x : array, shape (..., n_volumes)
    sos : array, shape (n_sections, 6)
        As `butterworth` gives it.
    """
    if not x.size:
        return x
    band: np.ndarray = signal.sosfiltfilt(sos, x - x.mean(axis=-1, keepdims=True), axis=-1)
    return band


def butterworth(data: Image, l_freq: float | None, h_freq: float | None, order: int = 5) -> np.ndarray:
    """Return a Butterworth filter for the rate of the series, shape (n_sections, 6).

    Raises
    ------
    InputError
        ``E-INPUT-NYQUIST``, ``E-INPUT-SHORT``.
    """
    assert data.tr is not None
    nyquist = 0.5 / data.tr
    for edge in (l_freq, h_freq):
        if edge is not None and edge >= nyquist:
            message = f"{edge:g} Hz is not below {nyquist:g} Hz, half of 1/TR."
            raise refuse(data, "E-INPUT-NYQUIST", message, "Lower the frequency, or leave this recording out.")
    kind = "bandpass" if l_freq and h_freq else "highpass" if l_freq else "lowpass"
    edges = [edge for edge in (l_freq, h_freq) if edge is not None]
    sos: np.ndarray = signal.butter(order, edges if len(edges) > 1 else edges[0], kind, output="sos", fs=1 / data.tr)
    _check_length(data, sos)
    return sos


def _check_length(data: Image, sos: np.ndarray) -> None:
    """Refuse a series that is not longer than the padding of `scipy.signal.sosfiltfilt`."""
    n_taps = 2 * len(sos) + 1 - min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum())
    if data.data.shape[-1] <= 3 * n_taps:
        message = f"{data.data.shape[-1]} volumes are too few for a filter that needs {3 * n_taps + 1}."
        raise refuse(data, "E-INPUT-SHORT", message, "Lower the order, or leave this recording out.")
