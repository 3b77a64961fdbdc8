"""An even field."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("bias_correct")
class BiasCorrect(Step):
    """Divide out the slow change of brightness that the coil leaves (N4, `ants.n4_bias_field_correction`).

    Parameters
    ----------
    shrink_factor : int
        How much coarser the field is estimated than the image is.
    n_iterations : list of int
        Iterations, a resolution each.
    tolerance : float
        Change of the field at which a resolution ends.

    Raises
    ------
    InputError
        ``E-INPUT-SHAPE``: one slice, or a series; ``E-INPUT-AFFINE``; ``E-INPUT-NAN``.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: antspyx is not installed.

    References
    ----------
    Tustison et al. (2010) IEEE Trans. Med. Imaging 29:1310.
    """

    shrink_factor: int = Field(default=4, ge=1)
    n_iterations: list[int] = Field(default=[50, 50, 50, 50], min_length=1)
    tolerance: float = Field(default=1e-7, gt=0)
    libraries = ("antspyx",)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the corrected image; the range of the field is in its notes."""
        from ._mri.t1 import bias_corrected

        return bias_corrected(data, self)
