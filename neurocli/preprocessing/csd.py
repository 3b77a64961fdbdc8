"""The surface Laplacian."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("csd")
class Csd(Step):
    """Turn EEG into current source density, in V/m^2 (`mne.preprocessing.compute_current_source_density`).

    It needs no reference. Interpolate or drop bad channels beforehand.

    Parameters
    ----------
    lambda2 : float
        Regularisation; larger is smoother.
    stiffness : int
        Of the spline.

    Raises
    ------
    InputError
        ``E-INPUT-POSITIONS``: sensor positions are missing; ``E-INPUT-CHANNELS``: no EEG, or bad channels among it;
        ``E-INPUT-NAN``.
    """

    lambda2: float = Field(default=1e-5, gt=0)
    stiffness: int = Field(default=4, ge=2)
    libraries = ("mne",)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with EEG channels of type `csd`."""
        from ._csd import laplacian

        return laplacian(data, self)
