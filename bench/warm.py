"""A finished pipeline asked for again: nothing is executed and the answer comes at once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .row import DATA, Row, command, fastest


def rows() -> Iterator[Row]:
    """Yield the second run of the shipped eegmat pipeline, or of the demo where the recordings are absent."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        words: list[str | Path]
        if (DATA / "eegmat").is_dir():
            words = ["run", "eegmat", "--bids-dir", DATA / "eegmat", "-o", out, "--json"]
        else:
            words = ["demo", "-o", out, "--json"]
        first = fastest(lambda: command(*words), 1)
        second = fastest(lambda: command(*words), 5)
        executed = json.loads(command(*words).stdout)["units"]["executed"]
    yield Row("second run of a finished pipeline", second, "its first run", first, "1 s, 0 executed",
              second < 1 and executed == 0)  # fmt: skip
