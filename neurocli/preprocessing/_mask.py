"""How `mask` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nilearn.masking import compute_epi_mask

from ..data.recording import Image, Recording
from ._common import noted, refuse
from ._image import bright, brought, nonzero, series, to_nifti, to_recording, whole_brain

if TYPE_CHECKING:
    from .mask import Mask


def masked(data: Image, settings: Mask) -> Recording:
    """Return the voxels of the mask as channels, in C order of their indices."""
    series(data, settings.name)
    inside = _inside(data, settings)
    if inside.shape != data.data.shape[:3]:
        found, wanted = (" x ".join(map(str, shape)) for shape in (inside.shape, data.data.shape[:3]))
        raise refuse(data, "E-INPUT-MASK", f"The mask is {found} voxels, the image {wanted}.")
    if not inside.any():
        raise refuse(data, "E-INPUT-MASK", "The mask is empty.")
    ijk = np.argwhere(inside)
    names = tuple(f"{i}-{j}-{k}" for i, j, k in ijk.tolist())
    recording = to_recording(data, np.asarray(data.data[inside], dtype=np.float64), names, "voxel", ijk)
    constant = int((np.ptp(recording.data, axis=-1) == 0).sum())
    return noted(recording, settings.name, {"n_voxels": len(names), "n_constant": constant})


def _inside(data: Image, settings: Mask) -> np.ndarray:
    if settings.desc is not None:
        return brought(data, settings.desc)
    if settings.threshold is not None:
        return bright(np.asarray(data.data), settings.threshold)
    whole_brain(data, "Finding the brain")
    mask = compute_epi_mask(to_nifti(data, np.asarray(data.data, dtype=np.float32)))
    return nonzero(mask)
