"""Band-pass, high-pass and low-pass."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ..si import Hertz
from ..step import Step, named
from ._edges import ordered


@named("filter")
class Filter(Step):
    """Keep a band of frequencies (`mne.filter.filter_data`).

    Parameters
    ----------
    l_freq, h_freq : Hz, optional
        Edges of the pass band; without one the filter is a low-pass or a high-pass.
    method : {'fir', 'iir'}
        A windowed-sinc FIR filter, or a Butterworth filter of order `order`.
    phase : {'zero', 'zero-double', 'minimum', 'minimum-half', 'forward'}
        How the delay of the filter is treated; ``forward`` is for IIR only.
    l_trans_bandwidth, h_trans_bandwidth : Hz, optional
        Widths of the transitions of a FIR filter; by default a quarter of the edge and at least 2 Hz, as in MNE.
    order : int
        Order of the IIR filter.
    types : list of str, optional
        Channel types to filter; by default all but triggers and `misc`.

    Raises
    ------
    InputError
        ``E-INPUT-NYQUIST``: an edge is not below half the sampling frequency; ``E-INPUT-SHORT``: the recording is
        shorter than the filter; ``E-INPUT-NAN``: a channel has samples that are no numbers.
    """

    l_freq: Hertz | None = None
    h_freq: Hertz | None = None
    method: Literal["fir", "iir"] = "fir"
    phase: Literal["zero", "zero-double", "minimum", "minimum-half", "forward"] = "zero"
    l_trans_bandwidth: Hertz | None = Field(default=None, gt=0)
    h_trans_bandwidth: Hertz | None = Field(default=None, gt=0)
    order: int = Field(default=4, ge=1)
    types: list[str] | None = None
    libraries = ("mne",)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ordered(self.l_freq, self.h_freq)
        if (self.phase == "forward") != (self.method == "iir") and self.phase not in ("zero", "zero-double"):
            raise ValueError(f"phase {self.phase!r} does not go with method {self.method!r}.")
        low, width = self.l_freq, self.l_trans_bandwidth
        if low is not None and width is not None and width > low:
            raise ValueError(f"a transition of {width:g} Hz below l_freq, {low:g} Hz, would end below 0 Hz.")
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the filtered recording; filter length, transition bands and delay are in its notes."""
        from ._filter import band_pass

        return band_pass(data, self)
