"""Narrow gaps at the mains frequency."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from ..si import Hertz
from ..step import Step, named


@named("notch")
class Notch(Step):
    """Cut narrow bands out, as the mains frequency and its harmonics (`mne.filter.notch_filter`).

    Parameters
    ----------
    freqs : list of Hz
        Frequencies to remove.
    auto : bool
        Where the sidecar says a PowerLineFrequency, scale `freqs` so that the first of them is that; the report shows
        which was taken.
    widths : Hz, optional
        Width of every gap; by default a 200th of the frequency, as in MNE.
    method : {'fir', 'iir', 'spectrum_fit'}
        Filters (``iir``: one after the other), or fitting and subtracting sinusoids in windows.
    types : list of str, optional
        Channel types to filter; by default all but triggers and `misc`.

    Raises
    ------
    InputError
        ``E-INPUT-NYQUIST``: a frequency is not below half the sampling frequency; ``E-INPUT-SHORT``; ``E-INPUT-NAN``.
    ConfigError
        ``E-CONFIG-VALUE``: the gaps overlap, or reach down to 0 Hz.
    """

    freqs: list[Hertz] = Field(min_length=1)
    auto: bool = False
    widths: Hertz | None = Field(default=None, gt=0)
    method: Literal["fir", "iir", "spectrum_fit"] = "fir"
    types: list[str] | None = None
    libraries = ("mne",)
    positional = "freqs"

    @field_validator("freqs")
    @classmethod
    def _positive(cls, freqs: list[float]) -> list[float]:
        if min(freqs) <= 0:
            raise ValueError(f"a frequency to remove is above 0 Hz, got {min(freqs):g} Hz.")
        return freqs

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording without these frequencies."""
        from ._notch import notched

        return notched(data, self)
