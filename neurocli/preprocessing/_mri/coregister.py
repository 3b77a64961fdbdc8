"""How `coregister` is done: the series is the fixed image, as its grid is the coarser one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from nibabel.affines import apply_affine
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from ...data.recording import Image
from .._common import noted, refuse
from .._image import bright, dice, series, to_nifti, whole_brain
from . import spaces, workflow
from .motion import euler_matrix
from .register import by_elastix, registered
from .t1 import brain, volume

if TYPE_CHECKING:
    from ..coregister import Coregister

FAINT = 0.2  # of the bright voxels of the mean series: what is brighter is head


def coregistered(data: Image, settings: Coregister) -> Image:
    """Return the series with the way to the T1, the T1 without skull, and the brain of the T1 as its mask."""
    series(data, settings.name)
    whole_brain(data, "Coregistration")
    spaces.finite_voxels(data)
    t1 = stripped(anatomy(data), settings)
    fixed = Image(spaces.reference_volume(data), data.affine, data.entities)
    matrix = _by_elastix(fixed, t1) if settings.engine == "elastix" else _by_ants(fixed, t1)
    inside = seen_from(fixed, t1, matrix)
    numbers = {"engine": settings.engine, **movement(matrix, fixed), "overlap": dice(bright(fixed.data, FAINT), inside)}
    kept = {"t1": t1.data, "t1_affine": t1.affine, "to_t1": matrix, "mask": inside}
    return noted(data, settings.name, numbers, **kept)


def anatomy(data: Image) -> Image:
    """Return the T1 that the reader brought along (``E-INPUT-COMPANION`` where it found none)."""
    if data.t1 is None or data.t1_affine is None:
        remedy = "Add sub-<label>/anat/sub-<label>_T1w.nii.gz, or leave the recording out."
        raise refuse(data, "E-INPUT-COMPANION", "There is no T1w image of this person.", remedy)
    entities = {**data.entities, "datatype": "anat", "suffix": "T1w"}
    return Image(np.asarray(data.t1), np.asarray(data.t1_affine), entities)


def stripped(t1: Image, settings: Coregister) -> Image:
    """Return the T1 without its skull."""
    x = volume(t1, settings.name)
    return replace(t1, data=np.where(brain(t1, x, settings.threshold), x, 0) if settings.extract else x)


def _by_ants(fixed: Image, t1: Image) -> np.ndarray:
    with registered(spaces.to_ants(fixed, fixed.data), spaces.to_ants(t1, t1.data), "rigid") as found:
        return found.matrix()


def _by_elastix(fixed: Image, t1: Image) -> np.ndarray:
    with workflow.scratch() as folder:
        _, transform = by_elastix(to_nifti(fixed, fixed.data), to_nifti(t1, t1.data), "rigid", folder)
        return euler_matrix(transform)


def movement(matrix: np.ndarray, fixed: Image) -> dict[str, list[float]]:
    """Return shift of the middle of the image, in m, and turn, in degrees, of a rigid matrix in mm."""
    middle = apply_affine(np.asarray(fixed.affine), (np.array(fixed.data.shape) - 1) / 2)
    shift = (apply_affine(matrix, middle) - middle) / 1000
    turn = Rotation.from_matrix(matrix[:3, :3]).as_euler("xyz", degrees=True)
    return {"shift_m": shift.tolist(), "turn_deg": turn.tolist()}


def seen_from(fixed: Image, t1: Image, matrix: np.ndarray) -> np.ndarray:
    """Return where the T1 is bright on the grid of the series, shape (x, y, z)."""
    head = bright(np.asarray(t1.data), 0.1).astype(np.float32)
    to_voxels = np.linalg.inv(np.asarray(t1.affine)) @ matrix @ np.asarray(fixed.affine)
    places = apply_affine(to_voxels, np.indices(fixed.data.shape).reshape(3, -1).T)
    inside: np.ndarray = map_coordinates(head, places.T, order=1).reshape(fixed.data.shape) > 0.5
    return inside
