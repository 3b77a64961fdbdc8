"""Series of the parcels of a surface atlas, CIFTI-2 (``.ptseries.nii``), as XCP-D and the HCP leave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import nibabel
import nibabel.cifti2
import nibabel.filebasedimages
import numpy as np

from . import nifti
from .regions import Regions
from .signal import unreadable


def read(path: Path) -> Regions:
    """Read the series of each parcel, with the repetition time that the header says.

    Raises
    ------
    InputError
        ``E-INPUT-TRUNCATED`` naming both sizes, ``E-INPUT-UNREADABLE`` where the file holds no series of parcels.

    References
    ----------
    https://www.nitrc.org/projects/cifti
    """
    x = nifti.read(path, np.float64).data  # shape (1, 1, 1, 1, n_volumes, n_parcels)
    times, parcels = _axes(path)
    if x.shape[-2:] != (len(times), len(parcels)):
        raise unreadable(path, f"its data are {x.shape[-2:]}, its axes {(len(times), len(parcels))}")
    names = tuple(str(name) or f"region-{i}" for i, name in enumerate(parcels.name, start=1))
    tr = float(times.step) if times.unit == "SECOND" and times.step > 0 else None
    return Regions(np.ascontiguousarray(x.reshape(x.shape[-2:]).T), names, tr)


def _axes(path: Path) -> tuple[Any, Any]:
    """Return what the rows and the columns are."""
    try:
        header = nibabel.load(path).header
        axes = [header.get_axis(i) for i in range(2)] if isinstance(header, nibabel.cifti2.Cifti2Header) else []
    except (ValueError, LookupError, TypeError, AttributeError, ExpatError, nibabel.filebasedimages.ImageFileError,
            nibabel.cifti2.Cifti2HeaderError) as error:  # fmt: skip
        raise unreadable(path, error) from error
    kinds = [type(axis).__name__ for axis in axes]
    if kinds != ["SeriesAxis", "ParcelsAxis"]:
        raise unreadable(path, f"it holds no series of parcels, but {' x '.join(kinds) or 'voxels'}")
    return axes[0], axes[1]
