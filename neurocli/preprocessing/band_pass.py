"""A band of frequencies of an image series."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from ..si import Hertz
from ..step import Step, named
from ._edges import ordered


@named("band_pass")
class BandPass(Step):
    """Keep a band of frequencies of each voxel (`nilearn.image.clean_img`); the mean stays.

    A Butterworth filter, forwards and backwards. Of a recording (after ``mask`` or ``regions``) the step is ``filter``.
    Where confounds are regressed out too, give the band to ``confounds`` instead: it filters both, so that neither
    brings back what the other took. Bad volumes are replaced before (``scrub``).

    Parameters
    ----------
    l_freq, h_freq : Hz, optional
        Edges of the pass band, such as ``0.01 Hz`` and ``0.1 Hz``; without one it is a low-pass or a high-pass.
    order : int
        Order of the filter.
    desc : str, optional
        Description of a mask that comes with the dataset (``desc-brain_mask``): voxels outside become zero.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: the image is no series; ``E-INPUT-TR``; ``E-INPUT-AFFINE``; ``E-INPUT-NYQUIST``: an edge is
        not below half of 1/TR; ``E-INPUT-SHORT``: fewer volumes than the filter needs; ``E-INPUT-MASK``;
        ``E-INPUT-NAN``: voxels hold values that are no numbers.

    References
    ----------
    Lindquist et al. (2019) Hum. Brain Mapp. 40:2358.
    """

    l_freq: Hertz | None = None
    h_freq: Hertz | None = None
    order: int = Field(default=5, ge=1, le=10)
    desc: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ordered(self.l_freq, self.h_freq)
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the filtered series."""
        from ._band_pass import band_passed

        return band_passed(data, self)
