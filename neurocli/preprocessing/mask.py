"""From an image series to one channel a voxel."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from ..step import Step, named


@named("mask")
class Mask(Step):
    """Keep the voxels of a mask, as channels named by their indices (``12-3-0``), placed in m.

    Parameters
    ----------
    desc : str, optional
        Description of a mask that comes with the dataset (``desc-brain_mask``).
    threshold : float, optional
        Instead: keep voxels whose mean over time is above this fraction of the 98th percentile of the mean image.
    compute : bool
        Instead: find the brain by `nilearn.masking.compute_epi_mask`; needs a whole brain.

    Raises
    ------
    InputError
        ``E-INPUT-MASK``: there is no such mask, it does not fit, or it is empty; ``E-INPUT-SHAPE``: the image is no
        series, or one slice where a whole brain is needed; ``E-INPUT-TR``; ``E-INPUT-AFFINE``.
    """

    desc: str | None = None
    threshold: float | None = Field(default=None, gt=0, lt=1)
    compute: bool = False
    libraries = ("nilearn",)
    positional = "desc"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.desc is not None) + (self.threshold is not None) + self.compute != 1:
            raise ValueError("give one of desc, threshold and compute.")
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the voxels of the mask as a recording with ``sfreq = 1 / TR``."""
        from ._mask import masked

        return masked(data, self)
