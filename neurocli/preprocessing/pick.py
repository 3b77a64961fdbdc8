"""Which channels go on."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..step import Step, named


@named("pick")
class Pick(Step):
    """Keep channels by type or name, in the order of the recording.

    Parameters
    ----------
    types : list of str, optional
        Channel types to keep, such as ``[eeg, eog]``.
    channels : list of str, optional
        Names to keep; with `types`, a channel must satisfy both.
    exclude : list of str
        Names to drop.
    exclude_bads : bool
        Whether channels marked bad are dropped too.

    Raises
    ------
    InputError
        ``E-INPUT-CHANNELS``: a name is unknown or stands for two channels, or no channel is left.
    """

    types: list[str] | None = None
    channels: list[str] | None = None
    exclude: list[str] = Field(default_factory=list)
    exclude_bads: bool = False
    positional = "types"
    streams = True

    def run(self, data: Any, rng: Any = None) -> Any:
        """Return the recording with the chosen channels only."""
        from ._common import keep_channels, need, noted, unique_names

        need(data, self.name, "recording", "epochs")
        unique_names(data)
        picks = self._picks(data)
        dropped = [name for i, name in enumerate(data.ch_names) if i not in set(picks)]
        return noted(data, self.name, {"n_channels": len(picks), "dropped": dropped}, **keep_channels(data, picks))

    def _picks(self, data: Any) -> list[int]:
        from ._common import named_channels, refuse, typed_channels

        every = range(len(data.ch_names))
        typed = set(every if self.types is None else typed_channels(data, self.types))
        wanted = set(every if self.channels is None else named_channels(data, self.channels))
        bads = set(named_channels(data, data.bads)) if self.exclude_bads else set()
        picks = sorted((typed & wanted) - set(named_channels(data, self.exclude)) - bads)
        if not picks:
            has = ", ".join(sorted(set(data.ch_types)))
            asked = f"types {self.types}" if self.types else "the names given"
            raise refuse(data, "E-INPUT-CHANNELS", f"No channel is left of {asked}; the recording has types {has}.")
        return picks
