"""Between our images (RAS, mm), those of ANTs (LPS, direction and spacing), and the template that nilearn brings."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np

from ...data.recording import Image
from ...errors import MissingError
from .._common import refuse

os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "1")  # cores are filled with processes, and one is exact
SEED = 1  # of the samples that mutual information is estimated from: the same images, the same transform
LPS = np.array([-1.0, -1.0, 1.0])


def ants() -> Any:
    """Return the module `ants`.

    Raises
    ------
    MissingError
        If antspyx is not installed (``E-ENVIRONMENT-EXTRA``).
    """
    try:
        import ants as module
    except ImportError as error:
        raise MissingError(
            "This step needs antspyx, which is not installed.",
            code="E-ENVIRONMENT-EXTRA",
            remedy="Install it: pip install 'neurocli[mri]'.",
        ) from error
    module.config.set_ants_deterministic(on=True, seed_value=SEED)
    return module


def to_ants(data: Image, volume: np.ndarray) -> Any:
    """Return one volume as an ANTs image, float32.

    Raises
    ------
    InputError
        If the axes are not at right angles, which ITK cannot say (``E-INPUT-AFFINE``).
    """
    matrix = np.asarray(data.affine, dtype=float)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    direction = LPS[:, None] * matrix[:3, :3] / spacing
    if not np.allclose(direction.T @ direction, np.eye(3), atol=1e-3):
        raise refuse(data, "E-INPUT-AFFINE", "The axes of the image are not at right angles.", "Resample it first.")
    values = np.ascontiguousarray(volume, dtype=np.float32)
    origin = (LPS * matrix[:3, 3]).tolist()
    return ants().from_numpy(values, origin=origin, spacing=spacing.tolist(), direction=direction)


def affine_of(image: Any) -> np.ndarray:
    """Return the voxel-to-mm affine of an ANTs image, shape (4, 4)."""
    affine = np.eye(4)
    affine[:3, :3] = LPS[:, None] * np.asarray(image.direction) * np.asarray(image.spacing)
    affine[:3, 3] = LPS * np.asarray(image.origin)
    return affine


@cache
def template(resolution_mm: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ICBM 2009a T1 of MNI space without skull, its brain mask and its affine, from nilearn's own files."""
    from nilearn.datasets import load_mni152_brain_mask, load_mni152_template

    t1, mask = load_mni152_template(resolution_mm), load_mni152_brain_mask(resolution_mm)
    return np.asarray(t1.dataobj, dtype=np.float32), np.asarray(mask.dataobj) != 0, np.asarray(t1.affine)


def template_image(resolution_mm: int) -> Any:
    """Return the T1 of MNI space as an ANTs image."""
    t1, _, affine = template(resolution_mm)
    return to_ants(Image(t1, affine, {}), t1)


def finite_voxels(data: Image) -> None:
    """Refuse an image with voxels that are no numbers, of which a registration makes nothing (``E-INPUT-NAN``)."""
    if data.data.dtype.kind == "f" and not np.isfinite(data.data).all():
        message = "Voxels of the image are not finite numbers, so it cannot be registered."
        raise refuse(data, "E-INPUT-NAN", message, "Put zero where there is no head, as fslmaths -nan does.")


def reference_volume(data: Image) -> np.ndarray:
    """Return the volume that stands for the image: itself, or the mean of a series."""
    x = np.asarray(data.data, dtype=np.float32)
    mean: np.ndarray = x.mean(axis=-1, dtype=np.float64).astype(np.float32) if x.ndim == 4 else x
    return mean


def volumes(data: Image) -> list[np.ndarray]:
    """Return the volumes of an image or a series."""
    x = np.asarray(data.data)
    return [x[..., i] for i in range(x.shape[-1])] if x.ndim == 4 else [x]
