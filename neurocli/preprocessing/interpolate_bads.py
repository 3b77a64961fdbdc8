"""Bad channels from their neighbours."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("interpolate_bads")
class InterpolateBads(Step):
    """Replace bad channels by what their neighbours say (`mne.io.Raw.interpolate_bads`), and call them good.

    Spherical splines for EEG, field mapping for MEG. A recording without bad channels is left as it is.

    Raises
    ------
    InputError
        ``E-INPUT-POSITIONS``: sensor positions are missing; ``E-INPUT-CHANNELS``: fewer than four good channels.
    """

    libraries = ("mne",)
    version = 2  # a product instead of a loop: other last digits

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with its bad channels replaced."""
        from ._interpolate import interpolated

        return interpolated(data, self.name)
