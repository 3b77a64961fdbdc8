"""How `compcor` is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
from scipy.ndimage import binary_erosion

from ...data.captured import capture
from ...data.recording import Image
from .._common import noted, refuse
from .._image import bright, brought, series, to_nifti, whole_brain
from . import workflow

if TYPE_CHECKING:
    from ..compcor import CompCor

LETTER = {"anatomical": "a", "temporal": "t"}
SURELY_WHITE = 0.9  # probability in the template


def with_components(data: Image, settings: CompCor) -> Image:
    """Return the image with components among its confounds."""
    series(data, settings.name)
    whole_brain(data, "CompCor")
    if data.data.shape[-1] <= settings.n_components + 1:
        message = f"{data.data.shape[-1]} volumes are too few for {settings.n_components} components."
        raise refuse(data, "E-INPUT-SHORT", message, "Lower n_components, or leave this recording out.")
    inside = _white(data, settings) if settings.kind == "anatomical" else _bright(data)
    if inside.sum() <= settings.n_components:
        raise refuse(data, "E-INPUT-MASK", f"The mask has {int(inside.sum())} voxels, too few for CompCor.")
    with workflow.scratch() as folder:
        found = _components(data, inside, settings, folder)
    prefix = f"{LETTER[settings.kind]}_comp_cor_"
    columns = {f"{prefix}{i:02d}": column.tolist() for i, column in enumerate(found.T)}
    numbers = {"kind": settings.kind, "n_voxels": int(inside.sum()), "n_components": len(columns)}
    return noted(data, settings.name, numbers, confounds={**data.confounds, **columns})


def _components(data: Image, inside: np.ndarray, settings: CompCor, folder: Path) -> np.ndarray:
    """Return the components, shape (n_volumes, n_components)."""
    assert data.tr is not None
    nibabel.save(to_nifti(data, np.asarray(data.data, dtype=np.float32)), folder / "bold.nii")
    nibabel.save(to_nifti(data, inside.astype(np.uint8)), folder / "mask.nii")
    inputs: dict[str, Any] = {
        "realigned_file": str(folder / "bold.nii"), "mask_files": [str(folder / "mask.nii")],
        "num_components": settings.n_components, "repetition_time": data.tr, "pre_filter": "cosine",
        "high_pass_cutoff": 1 / settings.high_pass,
    }  # fmt: skip
    if settings.kind == "temporal":
        inputs["percentile_threshold"] = settings.percentile
    kind = workflow.interface(f"nipype.algorithms.confounds.{LETTER[settings.kind].upper()}CompCor")
    outputs = workflow.run("compcor", kind, inputs, folder)
    capture(Path(outputs.components_file), "components.tsv")
    found: np.ndarray = np.loadtxt(outputs.components_file, skiprows=1, delimiter="\t", ndmin=2)
    return found


def _bright(data: Image) -> np.ndarray:
    if data.mask is not None:
        inside: np.ndarray = np.asarray(data.mask) != 0
        return inside
    return bright(np.asarray(data.data), 0.2)


def _white(data: Image, settings: CompCor) -> np.ndarray:
    if settings.mask != "white":
        return brought(data, settings.mask)
    if not data.entities.get("space", "").startswith("MNI"):
        raise refuse(data, "E-INPUT-MASK", "The template's white matter is in MNI space, and the image is not.",
                     "Run normalize before, or name a mask of the dataset.")  # fmt: skip
    from nilearn.datasets import load_mni152_wm_template
    from nilearn.image import resample_img

    shape = data.data.shape[:3]
    white = resample_img(load_mni152_wm_template(2), np.asarray(data.affine), shape, copy_header=True,
                         force_resample=True)  # fmt: skip
    return np.asarray(binary_erosion(np.asarray(white.dataobj) > SURELY_WHITE))
