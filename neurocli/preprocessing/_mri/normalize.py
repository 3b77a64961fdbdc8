"""How `normalize` is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np

from ...data.captured import capture
from ...data.recording import Image
from ...errors import ConfigError
from .._common import need, noted
from .._image import bright, dice, placed, to_nifti, whole_brain
from . import spaces, workflow
from .coregister import anatomy
from .register import by_elastix, itk_affine, registered

if TYPE_CHECKING:
    from ..normalize import Normalize


FAINT = 0.1  # of the bright voxels of the moved image: what is brighter is brain


def normalized(data: Image, settings: Normalize) -> Image:
    """Return the image on the grid of the template."""
    need(data, settings.name, "image")
    whole_brain(data, "Normalising")
    placed(data)
    spaces.finite_voxels(data)
    moved = _by_elastix(data, settings) if settings.engine == "elastix" else _by_ants(data, settings)
    _, brain, affine = spaces.template(settings.resolution)
    numbers: dict[str, Any] = {"how": settings.how, "engine": settings.engine, "through": settings.through}
    numbers["overlap"] = dice(bright(moved, FAINT), brain)
    entities = {**data.entities, "space": "MNI152NLin2009aSym"}
    left = dict.fromkeys(["mask_stack", "t1", "t1_affine", "to_t1"])  # what lies where the image lay before
    changes = {"data": moved, "affine": affine, "mask": brain, "masks": {}, "entities": entities, **left}
    return noted(data, settings.name, numbers, **changes)


def _by_ants(data: Image, settings: Normalize) -> np.ndarray:
    fixed = spaces.template_image(settings.resolution)
    source = coregistered_t1(data) if settings.through else data
    with (
        registered(fixed, spaces.to_ants(source, spaces.reference_volume(source)), settings.how) as found,
        workflow.scratch() as folder,
    ):
        before = [itk_affine(np.linalg.inv(np.asarray(data.to_t1)), folder / "t1.mat")] if settings.through else []
        moved = [found.to_fixed(spaces.to_ants(data, volume), before=before) for volume in spaces.volumes(data)]
    return np.stack(moved, axis=-1) if data.data.ndim == 4 else moved[0]


def coregistered_t1(data: Image) -> Image:
    """Return the T1 into which `coregister` has found the way."""
    if data.to_t1 is None:
        message = "normalize: {through: T1w} needs to know where the series lies in the T1."
        raise ConfigError(message, code="E-CONFIG-ORDER", remedy="Put coregister before it.")
    return anatomy(data)


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
