"""The tally of a run: final events of units, counted; exit status and answer are derived from it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


def state_of(event: Event) -> str:
    """Return executed, cached, failed or blocked."""
    return str(event["how"] if event["event"] == "done" else event["event"])


@dataclass
class Tally:
    """What became of each unit."""

    events: list[Event] = field(default_factory=list)
    last: list[Event] = field(default_factory=list)  # of the phase that is running or has just ended
    outputs: list[str] = field(default_factory=list)
    n_recordings: int = 0
    warnings: list[str] = field(default_factory=list)

    def begin(self, events: Sequence[Event]) -> None:
        """Open a phase with the units that need no work."""
        self.last = list(events)
        self.events += events

    def add(self, events: Sequence[Event]) -> None:
        """Add final events to the phase."""
        self.last += events
        self.events += events

    def count(self, state: str) -> int:
        """Return how many units ended in a state: executed, cached, failed or blocked."""
        return sum(state_of(event) == state for event in self.events)

    @property
    def failed(self) -> list[Event]:
        """Events of the units that failed."""
        return [event for event in self.events if event["event"] == "failed"]

    def faults(self) -> dict[str, str]:
        """Return each failed recording with its error, for the stamp "n of N"."""
        return {e["unit"].split("/")[1]: f"{e['error']['code']} {e['error']['message']}" for e in self.failed}

    def key(self, unit: str) -> str | None:
        """Return the key of a unit that is there."""
        for event in self.events:
            if event["unit"] == unit and event["event"] == "done":
                return str(event["key"])
        return None
