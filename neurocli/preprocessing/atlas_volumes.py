"""How large each region of an atlas is in this head."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..step import Step, named
from ._files import digest_of


@named("atlas_volumes")
class AtlasVolumes(Step):
    """Bring an atlas of MNI space into the head and measure its regions; left and right of a pair are compared.

    Regions called ``left-X`` and ``right-X`` (or ``X_L`` and ``X_R``) also give ``asymmetry-X``,
    (left - right) / (left + right).

    Parameters
    ----------
    atlas : str
        Path of a NIfTI image of integer labels in MNI space; 0 is no region. A table ``index``, ``name`` of the same
        name with the extension ``.tsv`` names the regions.
    how : {'syn', 'affine'}
        How much the template may bend to fit the head.
    resolution : int
        Of the template that is registered, in mm.
    digest : str
        Filled in: the content of the two files.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: one slice, or a series; ``E-INPUT-MASK``: no region lies in the image.
    ConfigError
        ``E-CONFIG-FILE``: the atlas cannot be read, is no single volume, or has a table that is none of names.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: antspyx is not installed.

    References
    ----------
    Avants et al. (2008) Med. Image Anal. 12:26.
    """

    atlas: str
    how: Literal["syn", "affine"] = "syn"
    resolution: int = Field(default=2, ge=1, le=8)
    digest: str = ""
    libraries = ("antspyx", "nilearn")
    version = 2  # labels are rounded, not cut off
    positional = "atlas"

    _filled = digest_of("atlas", extension=".tsv")

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return a recording of one sample with a channel a region, in m³ (asymmetries have no unit)."""
        from ._mri.volumes import atlas_volumes

        return atlas_volumes(data, self)
