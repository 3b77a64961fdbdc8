"""What the voltages are measured against."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ..step import Step, named


@named("reference")
class Reference(Step):
    """Re-reference to the average, the median, named channels, or neighbours.

    Parameters
    ----------
    to : 'average', 'median', 'rest', 'bipolar' or list of str
        The average and the median are of the good channels of the types; a list names the channels whose mean is
        subtracted; ``bipolar`` needs `pairs`. ``rest`` is the point at infinity, by a spherical head
        model. Bad channels stay as they are, as in MNE.
    pairs : list of [anode, cathode]
        For ``bipolar``: each pair becomes one channel ``anode-cathode``; channels in no pair stay.
    types : list of str, optional
        Channel types that are re-referenced; by default the first that is there of eeg, ecog, seeg, dbs.

    Raises
    ------
    InputError
        ``E-INPUT-CHANNELS``: a channel is unknown; ``E-INPUT-REFERENCE``: the recording is bipolar already, or has no
        channel to re-reference; ``E-INPUT-POSITIONS``: `rest` without sensor positions.
    """

    to: Literal["average", "median", "rest", "bipolar"] | list[str] = "average"
    pairs: list[tuple[str, str]] = Field(default_factory=list)
    types: list[str] | None = None
    libraries = ("mne",)
    version = 2  # other names count as bipolar
    positional = "to"

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.to == "bipolar") != bool(self.pairs):
            raise ValueError("`to: bipolar` and `pairs: [[anode, cathode], ...]` go together.")
        if self.to == []:
            raise ValueError("name at least one reference channel.")
        return self

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording against the new reference."""
        from ._reference import referenced

        return referenced(data, self)
