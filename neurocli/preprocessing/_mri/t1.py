"""How `bias_correct` and `brain_extract` are done."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.recording import Image
from ...errors import MissingError
from .._common import need, noted, refuse
from .._image import placed, to_nifti, whole_brain
from . import spaces

if TYPE_CHECKING:
    from ..bias_correct import BiasCorrect
    from ..brain_extract import BrainExtract


DARK = 0.01  # of the bright voxels: what is darker is background, whose logarithm would say much about nothing


def volume(data: Image, step: str) -> np.ndarray:
    """Return the one volume of a structural image, refusing a series, a slice, NaN and a broken affine."""
    need(data, step, "image")
    if data.data.ndim != 3:
        raise refuse(data, "E-INPUT-SHAPE", f"The step {step!r} needs one volume, but the image is a series.")
    whole_brain(data, f"The step {step!r}")
    placed(data)
    x = np.asarray(data.data, dtype=np.float32)
    if not np.isfinite(x).all():
        raise refuse(data, "E-INPUT-NAN", "Voxels of the image are not finite numbers.", "Mend the image.")
    return x


def bias_corrected(data: Image, settings: BiasCorrect) -> Image:
    """Return the image divided by its field."""
    x = volume(data, settings.name)
    image, head = spaces.to_ants(data, x), spaces.to_ants(data, x > DARK * np.percentile(x, 99))
    convergence = {"iters": list(settings.n_iterations), "tol": settings.tolerance}
    out = spaces.ants().n4_bias_field_correction(
        image, mask=head, shrink_factor=settings.shrink_factor, convergence=convergence
    )
    corrected = np.asarray(out.numpy())
    inside = (corrected > 0) & (np.asarray(data.data) > 0)
    field = np.asarray(data.data)[inside] / corrected[inside]
    spread = float(field.std() / field.mean()) if field.size else 0.0
    return noted(data, settings.name, {"field_variation": spread}, data=corrected)


def brain_extracted(data: Image, settings: BrainExtract) -> Image:
    """Return the image with everything outside the brain at zero, and the mask."""
    x = volume(data, settings.name)
    inside = brain(data, x, settings.threshold)
    voxel_m3 = abs(np.linalg.det(np.asarray(data.affine)[:3, :3])) * 1e-9
    numbers = {"brain_m3": float(inside.sum() * voxel_m3), "threshold": settings.threshold}
    return noted(data, settings.name, numbers, data=np.where(inside, x, 0), mask=inside)


def brain(data: Image, x: np.ndarray, threshold: float) -> np.ndarray:
    """Return where the brain is (``E-INPUT-MASK`` where none is found), shape (x, y, z)."""
    inside = _brain(to_nifti(data, x), threshold)
    if not inside.any() or not x[inside].any():
        raise refuse(data, "E-INPUT-MASK", "No brain was found.", "Look at the image; try another threshold.")
    return inside


def _brain(image: Any, threshold: float) -> np.ndarray:
    try:
        from brainextractor import BrainExtractor
    except ImportError as error:
        raise MissingError(
            "The step 'brain_extract' needs brainextractor, which is not installed.",
            code="E-ENVIRONMENT-EXTRA",
            remedy="Install it: pip install 'neurocli[mri]'.",
        ) from error
    with warnings.catch_warnings():  # of trimesh, for every step of the surface
        warnings.simplefilter("ignore")
        surface = BrainExtractor(img=image, bt=threshold)
        surface.run()
        inside: np.ndarray = np.asarray(surface.compute_mask()) > 0
    return inside
