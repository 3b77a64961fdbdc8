"""From a continuous recording to samples."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from ..si import Seconds, Tesla, TeslaPerMetre, Volts
from ..step import Step, named

# channel type -> the most that a recorder could see, in the SI unit, and what a number beyond that is probably meant in
LARGEST = {"mag": (1e-6, "T", "fT"), "grad": (1e-3, "T/m", "fT/cm")}


class Limits(BaseModel):
    """A peak-to-peak amplitude per channel type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    eeg: Volts | None = None
    eog: Volts | None = None
    ecg: Volts | None = None
    ecog: Volts | None = None
    seeg: Volts | None = None
    dbs: Volts | None = None
    mag: Tesla | None = None
    grad: TeslaPerMetre | None = None

    @field_validator("*")
    @classmethod
    def _of_a_body(cls, limit: float | None, info: ValidationInfo) -> float | None:
        largest, unit, meant = LARGEST.get(info.field_name or "", (1.0, "V", "uV"))
        if limit is not None and limit > largest:
            raise ValueError(f"{limit:g} {unit} is beyond any recording. Did you mean '{limit:g} {meant}'?")
        return limit


@named("epoch")
class Epoch(Step):
    """Cut the recording into equal pieces, or into windows round events (`mne.Epochs`), and make the sample table.

    Pieces that touch a ``BAD`` annotation, or reach over an end of the recording, are dropped and counted.

    Parameters
    ----------
    duration : s, optional
        Length of equal pieces, one after the other.
    overlap : s
        By how much a piece overlaps the one before it.
    events : str, optional
        The column of ``events.tsv`` whose rows are the events; a row with ``n/a`` there is none.
    only : list of str, optional
        Values of that column to take.
    lock : str, optional
        A column of ``events.tsv`` in s after the onset, such as ``response_time``: windows lie round that moment, and
        events where it is ``n/a`` are none.
    tmin, tmax : s
        Window relative to the event, both ends included as in MNE. Without `tmax` a window lasts as long as its event
        does, the end excluded.
    baseline : [s or null, s or null], optional
        The mean of this interval, relative to the event, is subtracted; null is the end of the window.
    reject, flat : mapping of channel type to amplitude, optional
        Drop a window when a good channel's peak-to-peak amplitude is above, or below.
    average : bool
        Replace each window by its mean over time, as for blocks of fMRI; windows may then differ in length.

    Raises
    ------
    InputError
        ``E-INPUT-EVENTS``: there are no events, or not that column; ``E-INPUT-EPOCHS``: no window is left, or their
        lengths differ; ``E-INPUT-NAN``; ``E-INPUT-CHANNELS``: a type in `reject` is not there.
    """

    duration: Seconds | None = Field(default=None, gt=0)
    overlap: Seconds = Field(default=0.0, ge=0)
    events: str | None = None
    only: list[str] | None = None
    lock: str | None = None
    tmin: Seconds = 0.0
    tmax: Seconds | None = None
    baseline: tuple[Seconds | None, Seconds | None] | None = None
    reject: Limits | None = None
    flat: Limits | None = None
    average: bool = False
    version = 3  # its samples have another hash
    positional = "duration"
    streams = True

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.duration is None) == (self.events is None):
            raise ValueError("give either duration (equal pieces) or events (windows round events).")
        if self.lock is not None and (self.events is None or self.tmax is None):
            raise ValueError("lock needs events and tmax: a response has no duration.")
        if self.duration is not None and self.overlap >= self.duration:
            raise ValueError(f"overlap must be below duration, got {self.overlap:g} s and {self.duration:g} s.")
        if self.tmax is not None and self.tmax < self.tmin:
            raise ValueError(f"tmin must not be above tmax, got {self.tmin:g} s and {self.tmax:g} s.")
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the epochs, with one row of the sample table each."""
        from ._epoch import epoched

        return epoched(data, self)
