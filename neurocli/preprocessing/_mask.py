"""How `mask` is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from nilearn.masking import compute_epi_mask

from ..data.recording import Image, Recording
from ..errors import unknown
from ._common import noted, refuse
from ._image import bright, load, nonzero, series, to_nifti, to_recording, whole_brain

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
        return _from_dataset(data, settings.desc)
    if settings.threshold is not None:
        return bright(np.asarray(data.data), settings.threshold)
    whole_brain(data, "Finding the brain")
    mask = compute_epi_mask(to_nifti(data, np.asarray(data.data, dtype=np.float32)))
    return nonzero(mask)


def _from_dataset(data: Image, desc: str) -> np.ndarray:
    """Return the mask that the reader brought along, or one that lies where `masks` says."""
    if data.masks and desc not in data.masks:
        raise refuse(data, "E-INPUT-MASK", unknown("mask desc", desc, data.masks))
    if data.mask is not None and (desc == "brain" or len(data.masks) <= 1):
        inside: np.ndarray = data.mask != 0
        return inside
    path = data.masks.get(desc, "")
    if Path(path).is_absolute():
        return nonzero(load(path, f"mask {desc}"))
    remedy = "Add a mask of the image's shape and place to the derivatives, or use mask: {threshold: 0.2}."
    raise refuse(data, "E-INPUT-MASK", f"There is no mask {desc!r} that fits the image.", remedy)
