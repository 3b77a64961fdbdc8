"""A head that stays where it is."""

from __future__ import annotations

from typing import Any, Literal

from ..step import Step, named


@named("motion_correct")
class MotionCorrect(Step):
    """Register every volume of a series to one of them, and note how the head moved.

    The image gets the confounds of fMRIPrep's names: ``trans_x`` … ``rot_z`` (mm and radians about the centre of the
    image), ``framewise_displacement`` (mm; Power et al. 2012), ``dvars`` of the corrected series.

    Parameters
    ----------
    reference : {'middle', 'mean', 'first'}
        What they are registered to.
    engine : {'ants', 'elastix'}
        elastix runs through nipype.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: no series, or one slice; ``E-INPUT-TR``; ``E-INPUT-AFFINE``; ``E-INPUT-NAN``;
        ``E-INPUT-TOOL``: a volume cannot be registered.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: antspyx is not installed; ``E-ENVIRONMENT-TOOL``: elastix is not.

    References
    ----------
    Power et al. (2012) NeuroImage 59:2142.
    """

    reference: Literal["middle", "mean", "first"] = "middle"
    engine: Literal["ants", "elastix"] = "ants"
    libraries = ("antspyx",)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the corrected series with its confounds."""
        from ._mri.motion import motion_corrected

        return motion_corrected(data, self)
