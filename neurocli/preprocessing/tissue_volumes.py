"""How much grey matter, white matter and fluid there is."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("tissue_volumes")
class TissueVolumes(Step):
    """Part a T1 image without its skull into fluid, grey and white matter by brightness, and measure each.

    Three clusters with a Markov random field (`ants.atropos`); a voxel of zero is no tissue. The sides are told apart
    by an affine registration to MNI space.

    Parameters
    ----------
    sides : bool
        Whether left and right are measured apart, with their asymmetry, (left - right) / (left + right).

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: one slice, or a series; ``E-INPUT-MASK``: fewer than three tissues can be told apart.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: antspyx is not installed.

    References
    ----------
    Avants et al. (2011) Neuroinformatics 9:381.
    """

    sides: bool = True
    libraries = ("antspyx", "nilearn")
    version = 2  # zeros inside the mask are no tissue, and the seed is fixed

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return a recording of one sample with a channel a measure, in m³ (asymmetries have no unit)."""
        from ._mri.volumes import tissue_volumes

        return tissue_volumes(data, self)
