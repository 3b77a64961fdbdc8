"""How `normalize` is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import nibabel
import numpy as np

from ...data.captured import capture
from ...data.recording import Image
from .._common import need, noted
from .._image import bright, placed, to_nifti, whole_brain
from . import spaces, workflow
from .register import by_elastix, registered

if TYPE_CHECKING:
    from ..normalize import Normalize


def normalized(data: Image, settings: Normalize) -> Image:
    """Return the image on the grid of the template."""
    need(data, settings.name, "image")
    whole_brain(data, "Normalising")
    placed(data)
    moved = _by_elastix(data, settings) if settings.engine == "elastix" else _by_ants(data, settings)
    _, brain, affine = spaces.template(settings.resolution)
    numbers = {"how": settings.how, "engine": settings.engine, "overlap": overlap(moved, brain)}
    entities = {**data.entities, "space": "MNI152NLin2009aSym"}
    return noted(data, settings.name, numbers, data=moved, affine=affine, mask=brain, masks={}, entities=entities)


def _by_ants(data: Image, settings: Normalize) -> np.ndarray:
    fixed = spaces.template_image(settings.resolution)
    with registered(fixed, spaces.to_ants(data, spaces.reference_volume(data)), settings.how) as found:
        moved = [found.to_fixed(spaces.to_ants(data, volume)) for volume in spaces.volumes(data)]
    return np.stack(moved, axis=-1) if data.data.ndim == 4 else moved[0]


def _by_elastix(data: Image, settings: Normalize) -> np.ndarray:
    t1, _, affine = spaces.template(settings.resolution)
    fixed, moving = nibabel.Nifti1Image(t1, affine), to_nifti(data, spaces.reference_volume(data))
    with workflow.scratch() as folder:
        warped, transform = by_elastix(fixed, moving, settings.how, folder)
        capture(transform, "from-native_to-MNI152NLin2009aSym_xfm.txt")
        if data.data.ndim == 3:
            return np.asarray(nibabel.load(warped).dataobj, dtype=np.float32)
        return np.stack([_transformed(data, volume, transform) for volume in spaces.volumes(data)], axis=-1)


def _transformed(data: Image, volume: np.ndarray, transform: Path) -> np.ndarray:
    """Return one volume of a series, moved by transformix."""
    kind = workflow.interface("nipype.interfaces.elastix.ApplyWarp")
    with workflow.scratch() as folder:
        nibabel.save(to_nifti(data, np.asarray(volume, dtype=np.float32)), folder / "volume.nii")
        inputs = {"moving_image": str(folder / "volume.nii"), "transform_file": str(transform), "num_threads": 1}
        outputs = workflow.run("transformix", kind, inputs, folder)
        return np.asarray(nibabel.load(outputs.warped_file).dataobj, dtype=np.float32)


def overlap(moved: np.ndarray, brain: np.ndarray) -> float:
    """Return the Dice overlap of what is bright in the moved image with the brain of the template."""
    inside = bright(moved, 0.1)
    return float(2 * (inside & brain).sum() / max(inside.sum() + brain.sum(), 1))
