"""Where a series lies in the T1 of the same person."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..step import Step, named


@named("coregister")
class Coregister(Step):
    """Find where the mean of a series lies in the T1 of the same person; the series itself is not resampled.

    The reader brings the T1 along (the session's own first, a derivative's before the raw one). What is found is kept
    with the image, for ``normalize: {through: T1w}``, and the brain of the T1 becomes the mask of the series.

    Parameters
    ----------
    engine : {'ants', 'elastix'}
        elastix runs through nipype. Both maximise mutual information over rigid movements.
    extract : bool
        Extract the brain of the T1 first (as `brain_extract` does); false where it has no skull already.
    threshold : float
        Of the extraction, between 0 and 1; a lower one gives a larger brain.

    Raises
    ------
    InputError
        ``E-INPUT-COMPANION``: there is no T1; ``E-INPUT-SHAPE``: no series, or one slice; ``E-INPUT-AFFINE``;
        ``E-INPUT-NAN``; ``E-INPUT-TOOL``: it cannot be registered;
        ``E-INPUT-MASK``: no brain was found in the T1.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: antspyx is not installed; ``E-ENVIRONMENT-TOOL``: elastix is not.

    References
    ----------
    Mattes et al. (2003) IEEE Trans. Med. Imaging 22:120.
    """

    engine: Literal["ants", "elastix"] = "ants"
    extract: bool = True
    threshold: float = Field(default=0.5, gt=0, lt=1)
    libraries = ("antspyx", "brainextractor")
    companions = ("T1w",)
    positional = "engine"

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the series with its place in the T1; movement and overlap are in its notes."""
        from ._mri.coregister import coregistered

        return coregistered(data, self)
