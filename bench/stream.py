"""24 hours of 64-channel 256 Hz EEG on two cores: killed once, resumed; peak memory without the page cache.

Not one of the sections that `python -m bench` runs by itself: it takes 25 GB of disk below the current folder.
``NEUROCLI_STREAM_HOURS`` makes the recording shorter.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .long_recording import Watched, kept_parts, parts_of, watch, write_dataset
from .row import Row

LIMIT = 2e9  # bytes


def rows() -> Iterator[Row]:
    """Yield the time until the kill and the time of the run that resumes, each with its peak memory."""
    hours = float(os.environ.get("NEUROCLI_STREAM_HOURS", "24"))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        home = Path(name)
        write_dataset(home / "bids", hours)
        first = watch(home, home / "out", kill_at_part=round(hours * 12))
        kept = len(kept_parts(home / "out"))
        yield _row(
            f"{hours:g} h x 64 ch x 256 Hz, until SIGKILL", first, f"{kept} parts kept", first.status == -signal.SIGKILL
        )
        second = watch(home, home / "out")
        parts = parts_of(home / "out")
        redone = parts["computed"] - (parts["of"] - kept)
        about = f"{parts['of']} parts, {parts['resumed']} resumed, {redone} redone"
        yield _row(f"{hours:g} h x 64 ch x 256 Hz, resumed", second, about, second.status == redone == 0)


def _row(name: str, seen: Watched, about: str, right: bool) -> Row:
    largest, together = max(seen.peaks.values()), seen.together
    memory = f"peak without page cache {largest / 1e9:.2f} GB a process, {together / 1e9:.2f} GB together; {about}"
    return Row(name, seen.wall_s, memory, None, f"{LIMIT / 1e9:g} GB", right and together < LIMIT)
