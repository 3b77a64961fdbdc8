"""From an image series to one channel a region."""

from __future__ import annotations

from typing import Any

from ..step import Step, named
from ._files import digest_of


@named("regions")
class Regions(Step):
    """Average the voxels of each region of an atlas (`nilearn.regions.img_to_signals_labels`).

    An atlas on another grid in the same space is brought to the grid of the image, by nearest neighbour.

    Parameters
    ----------
    atlas : str
        Path of a NIfTI image of integer labels; 0 is no region. A table ``index``, ``name`` of the same name with the
        extension ``.tsv`` names the regions, else they are called ``region-<label>``.
    digest : str
        Filled in: the content of the two files, so that a changed atlas is computed anew.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: the image is no series; ``E-INPUT-MASK``: no region lies in the image; ``E-INPUT-TR``.
    ConfigError
        ``E-CONFIG-FILE``: the atlas cannot be read, is no single volume, or has a table that is none of names.
    """

    atlas: str
    digest: str = ""
    libraries = ("nilearn",)
    version = 2  # labels are rounded, not cut off
    positional = "atlas"

    _filled = digest_of("atlas", extension=".tsv")

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the mean of each region as a recording with ``sfreq = 1 / TR``."""
        from ._regions import averaged

        return averaged(data, self)
