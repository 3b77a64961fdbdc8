"""What voxels without a signal of interest have in common."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..si import Hertz
from ..step import Step, named


@named("compcor")
class CompCor(Step):
    """Add components of noise to the confounds (`nipype.algorithms.confounds.ACompCor` and `TCompCor`).

    Columns are called ``a_comp_cor_00`` … or ``t_comp_cor_00`` …, as fMRIPrep does; `confounds` regresses them out.

    Parameters
    ----------
    kind : {'anatomical', 'temporal'}
        From a mask, or from the voxels that vary most.
    mask : str
        Of anatomical: ``white`` is the white matter of the template, eroded (the image must be in MNI space); any
        other word is the ``desc`` or ``label`` of a mask of the dataset.
    n_components : int
        How many.
    percentile : float
        Of temporal: the part of voxels that counts as noise.
    high_pass : Hz
        Slower waves than this are taken out before, by cosines.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: no series; ``E-INPUT-MASK``: no such mask, or nothing left of it; ``E-INPUT-SHORT``: hardly
        more volumes than components.

    References
    ----------
    Behzadi et al. (2007) NeuroImage 37:90.
    """

    kind: Literal["anatomical", "temporal"] = "temporal"
    mask: str = "white"
    n_components: int = Field(default=6, ge=1)
    percentile: float = Field(default=0.02, gt=0, lt=1)
    high_pass: Hertz = Field(default=0.008, gt=0)
    libraries = ("nipype", "nilearn")

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the image with the components among its confounds."""
        from ._mri.compcor import with_components

        return with_components(data, self)
