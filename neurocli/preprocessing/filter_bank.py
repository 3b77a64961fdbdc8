"""One recording, several bands, stacked as channels."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from ..si import Bands
from ..step import Step, named


@named("filter_bank")
class FilterBank(Step):
    """Band-pass every channel into several bands; the channel ``Oz`` becomes ``Oz@13Hz``, one for each band.

    The order is band by band: all channels of the first band, then of the second.

    Parameters
    ----------
    bands : mapping of str to [Hz, Hz]
        Name and edges of every band.
    method : {'fir', 'iir'}
        As of `filter`; narrow bands are what ``iir`` is good for.
    order : int
        Order of the IIR filter.
    types : list of str, optional
        Channel types to filter; by default all but triggers and `misc`. Others are dropped.

    Raises
    ------
    InputError
        As `filter`.
    """

    bands: Bands = Field(min_length=1)
    method: Literal["fir", "iir"] = "iir"
    order: int = Field(default=4, ge=1)
    types: list[str] | None = None
    libraries = ("mne",)
    positional = "bands"

    @field_validator("bands")
    @classmethod
    def _positive(cls, bands: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for name, (low, _) in bands.items():
            if low <= 0:
                raise ValueError(f"band {name!r} must begin above 0 Hz, got {low:g} Hz.")
        return bands

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with n_bands times as many channels."""
        from ._filter_bank import banked

        return banked(data, self)
