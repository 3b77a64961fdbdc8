"""How `smooth` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nilearn.image import smooth_img

from ..data.recording import Image
from ._common import need, noted
from ._image import placed, to_nifti, whole_brain

if TYPE_CHECKING:
    from .smooth import Smooth


def smoothed(data: Image, settings: Smooth) -> Image:
    """Return the image convolved with a Gaussian."""
    need(data, settings.name, "image")
    whole_brain(data, "Smoothing")
    placed(data)
    x = np.asarray(data.data)
    volume = to_nifti(data, x.astype(np.float64) if x.dtype.kind in "iub" else x)
    out = smooth_img(volume, settings.fwhm * 1000)  # nilearn counts in mm
    return noted(data, settings.name, {"fwhm_m": settings.fwhm}, data=np.asarray(out.dataobj))
