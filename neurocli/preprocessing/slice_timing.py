"""Slices as if they were taken at once."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("slice_timing")
class SliceTiming(Step):
    """Shift every slice of a series in time to one moment within the volume, by the phase of its spectrum.

    The series is mirrored at its ends; times are those of ``SliceTiming`` in the sidecar.

    Parameters
    ----------
    reference : float
        The moment, as a part of the repetition time.
    slice_times : list of s
        When each slice was taken; from the sidecar by default.

    Raises
    ------
    InputError
        ``E-INPUT-SLICES``: times are unknown, or not one a slice within the repetition time; ``E-INPUT-SHAPE``.

    References
    ----------
    Henson et al. (1999) NeuroImage 9:S125.
    """

    reference: float = Field(default=0.5, ge=0, le=1)
    slice_times: list[float] = Field(default_factory=list)

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the series with all slices at one moment."""
        from ._mri.slices import slice_timed

        return slice_timed(data, self)
