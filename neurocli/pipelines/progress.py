"""How far the unit at work is: told now and then, never in a flood."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .units import Unit

EVERY_S = 0.5
Tell = Callable[[dict[str, Any]], None]


def silent(event: dict[str, Any]) -> None:
    """Tell nobody of an event."""
    del event


class Progress:
    """Counts the parts of one unit, and tells of them at most twice a second.

    Parameters
    ----------
    unit : Unit
        Whose parts.
    tell : callable
        Is given events ``progress`` with ``done``, ``of`` and ``resumed``, the parts that an earlier attempt had done.
    """

    def __init__(self, unit: Unit, tell: Tell) -> None:
        self._unit, self._tell = unit, tell
        self._last = float("-inf")
        self.resumed: int | None = None
        self.done = self.of = 0

    def __call__(self, done: int, of: int) -> None:
        """Note that `done` of `of` parts are there; the first call says what was there before."""
        self.resumed = done if self.resumed is None else self.resumed
        self.done, self.of = done, of
        now = time.monotonic()
        if now - self._last < EVERY_S and done < of:
            return
        self._last = now
        named = {"unit": self._unit.id, "key": self._unit.key}
        self._tell({"event": "progress", **named, "done": done, "of": of, "resumed": self.resumed})

    def facts(self) -> dict[str, Any]:
        """Return what the last event of the unit says of its parts; nothing of a unit without parts."""
        if self.resumed is None:
            return {}
        return {"parts": {"of": self.of, "resumed": self.resumed, "computed": self.done - self.resumed}}
