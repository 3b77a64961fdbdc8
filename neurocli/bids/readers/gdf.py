"""GDF, the General Data Format for biosignals (versions 1 and 2).

Source: Schloegl (2006) arXiv:cs/0608052.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mne

from ._mne import opened, to_signal
from .signal import Signal, size_of, truncated, unreadable

# type code -> bytes a sample
_BYTES = {0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 8: 8, 16: 4, 17: 8, 18: 16, 279: 3, 535: 3}


def read(path: Path) -> Signal:
    """Read all channels; the header says the unit, MNE turns it into volts."""
    _check_size(path)
    raw, notes = opened(mne.io.read_raw_gdf, path)
    return replace(to_signal(raw, path, notes), certain=False, ch_types=(None,) * len(raw.ch_names))


def _check_size(path: Path) -> None:
    size = size_of(path)
    with path.open("rb") as file:
        head = file.read(256)
        if not head.startswith(b"GDF"):
            raise unreadable(path, f"it starts with {head[:8]!r}")
        if len(head) < 256:
            raise truncated(path, 256, size)
        version = float(head[4:8])
        n = int.from_bytes(head[252:254] if version >= 1.9 else head[252:256], "little")
        described = file.read(256 * n)
    expected = _expected(head, described, n, version)
    if len(described) < 256 * n or size < expected:
        raise truncated(path, max(expected, 256 * (n + 1)), size)


def _expected(head: bytes, described: bytes, n: int, version: float) -> int:
    def numbers(start: int) -> list[int]:
        return [int.from_bytes(described[start * n + 4 * i : start * n + 4 * i + 4], "little") for i in range(n)]

    blocks, length = int.from_bytes(head[184:186], "little"), int.from_bytes(head[184:192], "little")
    n_records = int.from_bytes(head[236:244], "little", signed=True)
    record = sum(count * _BYTES.get(kind, 0) for count, kind in zip(numbers(216), numbers(220), strict=True))
    return (256 * blocks if version >= 1.9 else length) + max(n_records, 0) * record
