"""How `motion_correct` is done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel
import numpy as np
from scipy.spatial.transform import Rotation

from ...data.recording import Image
from .._common import noted
from .._confounds import MOTION, displacement, dvars, moved_by
from .._image import series, to_nifti, whole_brain
from . import spaces, workflow
from .register import by_ants, by_elastix, ras_matrix

if TYPE_CHECKING:
    from ..motion_correct import MotionCorrect


def motion_corrected(data: Image, settings: MotionCorrect) -> Image:
    """Return the series with every volume where the reference is, and its confounds."""
    series(data, settings.name)
    whole_brain(data, "Motion correction")
    spaces.finite_voxels(data)
    x = np.asarray(data.data, dtype=np.float32)
    fixed = _reference(data, x, settings.reference)
    align = _by_elastix if settings.engine == "elastix" else _by_ants
    pairs = [align(data, fixed, x[..., i]) for i in range(x.shape[-1])]
    moved = np.stack([volume for volume, _ in pairs], axis=-1)
    table = parameters(np.stack([matrix for _, matrix in pairs]), _centre(data))
    confounds = {**data.confounds, **table, "dvars": dvars(moved)}
    corrected = Image(moved, data.affine, data.entities, confounds=confounds)
    numbers = {"engine": settings.engine, **displacement(corrected), "dvars_median": _median(confounds["dvars"])}
    return noted(data, settings.name, numbers, data=moved, confounds=confounds)


def _reference(data: Image, x: np.ndarray, which: str) -> np.ndarray:
    if which == "mean":
        return spaces.reference_volume(data)
    volume: np.ndarray = x[..., 0 if which == "first" else x.shape[-1] // 2]
    return volume


def _by_ants(data: Image, fixed: np.ndarray, moving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the moved volume, and the matrix from the reference to where the head was, RAS and mm."""
    with workflow.scratch() as folder:
        found = by_ants(spaces.to_ants(data, fixed), spaces.to_ants(data, moving), "BOLDRigid", folder)
        matrix = ras_matrix(spaces.ants().read_transform(found["fwdtransforms"][0]))
        return np.asarray(found["warpedmovout"].numpy()), matrix


def _by_elastix(data: Image, fixed: np.ndarray, moving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with workflow.scratch() as folder:
        warped, transform = by_elastix(to_nifti(data, fixed), to_nifti(data, moving), "rigid", folder)
        return np.asarray(nibabel.load(warped).dataobj, dtype=np.float32), euler_matrix(transform)


def euler_matrix(path: Path) -> np.ndarray:
    """Return an Euler transform of elastix as a matrix in RAS and mm, shape (4, 4)."""
    text = path.read_text()
    rows = re.findall(r"\((TransformParameters|CenterOfRotationPoint) ([^)]*)\)", text)
    numbers = {name: [float(part) for part in values.split()] for name, values in rows}
    rx, ry, rz, *shift = numbers["TransformParameters"]
    turn = Rotation.from_euler("ZXY", [rz, rx, ry])
    centre = np.array(numbers["CenterOfRotationPoint"])
    matrix = np.eye(4)
    matrix[:3, :3] = turn.as_matrix()
    matrix[:3, 3] = shift + centre - matrix[:3, :3] @ centre
    flip = np.diag([*spaces.LPS, 1.0])
    found: np.ndarray = flip @ matrix @ flip
    return found


def _centre(data: Image) -> np.ndarray:
    """Return the middle of the image, in mm."""
    middle = (np.array(data.data.shape[:3]) - 1) / 2
    centre: np.ndarray = (np.asarray(data.affine) @ [*middle, 1.0])[:3]
    return centre


def parameters(matrices: np.ndarray, centre: np.ndarray) -> dict[str, list[float | None]]:
    """Return six parameters a volume about `centre`, and the framewise displacement.

    Parameters
    ----------
    matrices : array, shape (n_volumes, 4, 4)
        From the reference to where the head was, in mm.
    centre : array, shape (3,)
        In mm.
    """
    turns = Rotation.from_matrix(matrices[:, :3, :3]).as_euler("xyz")
    shifts = matrices[:, :3, 3] + matrices[:, :3, :3] @ centre - centre
    table = np.hstack([shifts, turns])
    columns: dict[str, list[float | None]] = {name: table[:, i].tolist() for i, name in enumerate(MOTION)}
    return columns | {"framewise_displacement": [None, *(moved_by(table)[1:] * 1000).tolist()]}


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
