"""A Gaussian over space."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from ..si import Metres
from ..step import Step, named

LARGEST = 0.1  # m


@named("smooth")
class Smooth(Step):
    """Smooth an image with a Gaussian (`nilearn.image.smooth_img`).

    Parameters
    ----------
    fwhm : m
        Full width at half maximum, such as ``6 mm``.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: the image is one slice; ``E-INPUT-AFFINE``: its affine is broken.
    """

    fwhm: Metres = Field(gt=0)
    libraries = ("nilearn",)
    positional = "fwhm"

    @field_validator("fwhm")
    @classmethod
    def _of_a_head(cls, fwhm: float) -> float:
        if fwhm > LARGEST:
            raise ValueError(f"{fwhm:g} m is wider than a head. Did you mean '{fwhm:g} mm'?")
        return fwhm

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the smoothed image."""
        from ._smooth import smoothed

        return smoothed(data, self)
