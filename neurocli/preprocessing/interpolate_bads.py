"""Bad channels from their neighbours."""

from __future__ import annotations

from typing import Any

from ..step import Step, named


@named("interpolate_bads")
class InterpolateBads(Step):
    """Replace bad channels by what their neighbours say (`mne.io.Raw.interpolate_bads`), and call them good.

    Spherical splines for EEG, field mapping for MEG. Channels without neighbours, such as EOG and ECG, stay as they
    are, and bad.

    Raises
    ------
    InputError
        ``E-INPUT-POSITIONS``: sensor positions are missing, or do not suffice; ``E-INPUT-CHANNELS``: fewer than four
        good channels of the type.
    """

    libraries = ("mne",)
    version = 3  # channels without neighbours stay bad

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with its bad channels replaced."""
        from ._interpolate import interpolated

        return interpolated(data, self.name)
