"""NIfTI-1, compressed without the time of day."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np

from ...data.recording import Image
from ..files import placed


def write(path: Path, image: Image) -> list[Path]:
    """Write ``.nii.gz``, float32, mm and s."""
    img = nibabel.Nifti1Image(np.asarray(image.data, dtype=np.float32), image.affine)
    img.header.set_xyzt_units("mm", "sec")
    if image.tr and image.data.ndim == 4:
        img.header.set_zooms((*img.header.get_zooms()[:3], image.tr))
    return [placed(path, lambda temporary: _packed(img, temporary))]


def _packed(img: nibabel.Nifti1Image, path: Path) -> None:
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0, compresslevel=6) as packed:
        packed.write(img.to_bytes())
