"""How `regions` is done."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
from nilearn.image import resample_to_img

from ..data.recording import Image, Recording
from ._common import noted, refuse
from ._files import beside
from ._image import load, series, to_nifti, to_recording

if TYPE_CHECKING:
    from .regions import Regions


def averaged(data: Image, settings: Regions) -> Recording:
    """Return the mean series of each region, in the order of the labels."""
    series(data, settings.name)
    labels, moved = _on_grid(load(settings.atlas, "regions.atlas"), data)
    found = np.unique(labels[labels > 0])
    if not found.size:
        raise refuse(data, "E-INPUT-MASK", "No region of the atlas lies in the image.", "Is it in the same space?")
    x = np.stack([data.data[labels == label].mean(axis=0, dtype=np.float64) for label in found])
    centres = np.stack([np.argwhere(labels == label).mean(axis=0) for label in found])
    labelled = names_of(settings.atlas, found.tolist())
    numbers = {"n_regions": len(found), "resampled": moved, "n_voxels": [int((labels == k).sum()) for k in found]}
    return noted(to_recording(data, x, labelled, "region", centres), settings.name, numbers)


def _on_grid(atlas: Any, data: Image) -> tuple[np.ndarray, bool]:
    same = atlas.shape[:3] == data.data.shape[:3] and np.allclose(atlas.affine, data.affine, atol=1e-3)
    if not same:
        target = to_nifti(data, np.zeros(data.data.shape[:3], dtype=np.uint8))
        integers = nibabel.Nifti1Image(np.asarray(atlas.dataobj).astype(np.int32), atlas.affine)
        atlas = resample_to_img(integers, target, interpolation="nearest", force_resample=True, copy_header=True)
    return np.asarray(atlas.dataobj).astype(int), not same


def names_of(atlas: str, labels: Sequence[int]) -> tuple[str, ...]:
    """Return what the table beside an atlas calls each label; ``region-<label>`` where it does not say."""
    names = _names(atlas)
    return tuple(names.get(label, f"region-{label}") for label in labels)


def _names(atlas: str) -> dict[int, str]:
    table = beside(atlas, ".tsv")
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as lines:
        return {int(row["index"]): row["name"] for row in csv.DictReader(lines, delimiter="\t")}
