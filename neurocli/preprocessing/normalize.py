"""Into MNI space."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ..step import Step, named


@named("normalize")
class Normalize(Step):
    """Register the image, or the mean of a series, to the T1 of MNI space without skull, and bring it onto its grid.

    The template is ICBM 2009a, as nilearn ships it. A series is registered by its mean and moved volume by volume.

    Parameters
    ----------
    how : {'affine', 'syn', 'rigid'}
        How much may bend.
    engine : {'ants', 'elastix'}
        elastix does rigid and affine, through nipype.
    through : {'T1w'}, optional
        Register the T1 of the person, and move a series by way of it, resampled once; `coregister` comes before.
    resolution : int
        Of the template, in mm.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: one slice; ``E-INPUT-AFFINE``; ``E-INPUT-NAN``; ``E-INPUT-TOOL``: it cannot be registered.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: antspyx is not installed; ``E-ENVIRONMENT-TOOL``: elastix is not.

    References
    ----------
    Avants et al. (2008) Med. Image Anal. 12:26; Klein et al. (2010) IEEE Trans. Med. Imaging 29:196.
    """

    how: Literal["rigid", "affine", "syn"] = "affine"
    engine: Literal["ants", "elastix"] = "ants"
    through: Literal["T1w"] | None = None
    resolution: int = Field(default=2, ge=1, le=8)
    libraries = ("antspyx", "nilearn")
    positional = "how"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.engine == "elastix" and self.how == "syn":
            raise ValueError("elastix does rigid and affine here; take engine: ants for syn.")
        if self.engine == "elastix" and self.through:
            raise ValueError("through: T1w needs engine: ants, which composes transforms.")
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the image in MNI space; the overlap with the template's brain is in its notes."""
        from ._mri.normalize import normalized

        return normalized(data, self)
