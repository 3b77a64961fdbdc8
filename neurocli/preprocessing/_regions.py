"""How `regions` is done."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING

import nibabel
import numpy as np
from nilearn.image import resample_to_img

from ..data.recording import Image, Recording
from ..errors import ConfigError
from ._common import noted, refuse
from ._files import beside
from ._image import labels_of, series, to_nifti, to_recording

if TYPE_CHECKING:
    from .regions import Regions


def averaged(data: Image, settings: Regions) -> Recording:
    """Return the mean series of each region, in the order of the labels."""
    series(data, settings.name)
    labels, moved = _on_grid(*labels_of(settings.atlas, "regions.atlas"), data)
    found = np.unique(labels[labels > 0])
    if not found.size:
        raise refuse(data, "E-INPUT-MASK", "No region of the atlas lies in the image.", "Is it in the same space?")
    x = np.stack([data.data[labels == label].mean(axis=0, dtype=np.float64) for label in found])
    centres = np.stack([np.argwhere(labels == label).mean(axis=0) for label in found])
    labelled = names_of(settings.atlas, found.tolist())
    numbers = {"n_regions": len(found), "resampled": moved, "n_voxels": [int((labels == k).sum()) for k in found]}
    return noted(to_recording(data, x, labelled, "region", centres), settings.name, numbers)


def _on_grid(labels: np.ndarray, affine: np.ndarray, data: Image) -> tuple[np.ndarray, bool]:
    if labels.shape == data.data.shape[:3] and np.allclose(affine, data.affine, atol=1e-3):
        return labels, False
    target = to_nifti(data, np.zeros(data.data.shape[:3], dtype=np.uint8))
    atlas = nibabel.Nifti1Image(labels, affine)
    moved = resample_to_img(atlas, target, interpolation="nearest", force_resample=True, copy_header=True)
    return np.asarray(moved.dataobj).astype(int), True


def names_of(atlas: str, labels: Sequence[int]) -> tuple[str, ...]:
    """Return what the table beside an atlas calls each label; ``region-<label>`` where it does not say."""
    known = _names(atlas)
    names = tuple(known.get(label, f"region-{label}") for label in labels)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"Several labels are called {twice[0]!r}.", code="E-CONFIG-FILE",
                          where=str(beside(atlas, ".tsv")), remedy="Give each a name of its own.")  # fmt: skip
    return names


def _names(atlas: str) -> dict[int, str]:
    table = beside(atlas, ".tsv")
    if not table.is_file():
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            return {int(row["index"]): row["name"] for row in csv.DictReader(lines, delimiter="\t")}
    except (KeyError, ValueError, TypeError) as error:
        message = f"The names of an atlas are a table with the columns index, a whole number, and name: {error}."
        raise ConfigError(message, code="E-CONFIG-FILE", where=str(table)) from error
