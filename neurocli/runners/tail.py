"""What is added to a ledger from now on, without reading again what was there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Tail:
    """The end of a ledger.

    Parameters
    ----------
    folder : Path
        Of the ledger; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = {path: path.stat().st_size for path in folder.glob("*.jsonl")}

    def new(self) -> list[Event]:
        """Return the events since the last call; a line that is not whole yet waits for the next."""
        return [event for path in sorted(self._folder.glob("*.jsonl")) for event in self._of(path)]

    def _of(self, path: Path) -> list[Event]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            block = file.read()
        whole = block[: block.rfind(b"\n") + 1]
        self._read[path] = self._read.get(path, 0) + len(whole)
        return [event for line in whole.splitlines() if (event := _parsed(line)) is not None]


def _parsed(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
