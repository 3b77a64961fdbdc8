"""BrainVision: a text header, a text of markers, and the samples.

Source: BrainVision Core Data Format 1.0, https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...data import lazy
from .signal import BOUNDARY, Signal, noted, size_of, truncated, unreadable, unsupported

_DTYPES = {"INT_16": "<i2", "UINT_16": "<u2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4", "IEEE_FLOAT_64": "<f8"}
Sections = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Channel:
    """One channel line of the header."""

    name: str
    resolution: float
    unit: str


def read(path: Path) -> Signal:
    """Read all channels and the markers."""
    size_of(path)
    sections = _sections(path)
    common = sections.get("Common Infos", {})
    sfreq = 1e6 / _positive(common, "SamplingInterval", path)
    channels = _channels(sections, int(_positive(common, "NumberOfChannels", path)), path)
    where, notes = _data_file(path, common)
    raw = _samples(where, common, len(channels), sections, path)
    markers = _markers(path, common)
    _check_markers(markers, raw.shape[1], where)
    return Signal(
        data=_scaled(raw, np.array([channel.resolution for channel in channels])), sfreq=sfreq,
        ch_names=tuple(c.name for c in channels), units=tuple(c.unit for c in channels),
        ch_types=(None,) * len(channels), length_said="DataPoints" in common, notes=notes,
        annotations=_spans(markers, sfreq),
    )  # fmt: skip


def _sections(path: Path) -> Sections:
    """Return the ``[Section]`` blocks of a header or marker file, as key to value."""
    raw = path.read_bytes()
    utf8 = re.search(rb"(?i)codepage\s*=\s*utf-?8", raw) is not None
    text = raw.decode("utf-8-sig" if utf8 else "latin-1", "replace").removeprefix("ï»¿")
    if not re.match(r"(?i)\s*(Brain ?Vision|BrainVision|Vision)", text):
        raise unreadable(path, f"it starts with {text[:20]!r}")
    sections: Sections = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("[") and "]" in line:
            current = sections.setdefault(line[1 : line.index("]")].strip(), {})
        elif "=" in line and not line.startswith(";"):
            key, _, value = line.partition("=")
            current[key.strip()] = value.strip()
    return sections


def _positive(common: dict[str, str], key: str, path: Path) -> float:
    try:
        value = float(common[key])
    except (KeyError, ValueError) as error:
        raise unreadable(path, f"{key} is {common.get(key, 'missing')}") from error
    if value <= 0:
        raise unreadable(path, f"{key} is {value:g}")
    return value


def _channels(sections: Sections, n: int, path: Path) -> list[Channel]:
    lines = sections.get("Channel Infos", {})
    if len(lines) != n:
        raise unreadable(path, f"NumberOfChannels is {n}, but {len(lines)} channels are described")
    return [_channel(line, path) for line in lines.values()]


def _channel(line: str, path: Path) -> Channel:
    name, _, resolution, unit, *_ = [*line.split(","), "", "", ""]
    try:
        return Channel(name.replace(r"\1", ","), float(resolution or 1), unit.strip() or "µV")  # the format's default
    except ValueError as error:
        raise unreadable(path, f"the resolution of {name} is {resolution!r}") from error


def _data_file(path: Path, common: dict[str, str]) -> tuple[Path, tuple[dict[str, Any], ...]]:
    """Return where the samples are; a file that was renamed without its header is found by its BIDS name."""
    named = path.with_name(common.get("DataFile", "").replace("$b", path.stem) or f"{path.stem}.eeg")
    beside = path.with_suffix(".eeg")
    if not named.exists() and not named.is_symlink() and beside.exists():
        return beside, (noted(warning=f"The header names {named.name}; {beside.name} was read instead."),)
    return named, ()


def _samples(where: Path, common: dict[str, str], n: int, sections: Sections, path: Path) -> np.ndarray:
    """Return the samples, shape (n_channels, n_times), mapped."""
    kind = sections.get("Binary Infos", {}).get("BinaryFormat", "INT_16")
    if common.get("DataFormat", "BINARY") != "BINARY" or kind not in _DTYPES:
        raise unsupported(path, f"The samples are {common.get('DataFormat')} {kind}.", "Export them as binary.")
    dtype, size = np.dtype(_DTYPES[kind]), size_of(where)
    if sections.get("Binary Infos", {}).get("UseBigEndianOrder", "NO").upper() == "YES":
        dtype = dtype.newbyteorder(">")
    frame = dtype.itemsize * n
    n_times = size // frame
    if "DataPoints" in common and n_times < _positive(common, "DataPoints", path):
        raise truncated(where, int(common["DataPoints"]) * frame, size)
    if size % frame:
        raise truncated(where, (n_times + 1) * frame, size)
    vectorized = common.get("DataOrientation", "MULTIPLEXED").upper() == "VECTORIZED"
    flat = np.memmap(where, dtype, "r", shape=(n, n_times) if vectorized else (n_times, n))
    return flat if vectorized else flat.T


def _scaled(raw: np.ndarray, resolution: np.ndarray) -> Any:
    """Return the channels in their units, shape (n_channels, n_times); of a long recording, unread."""

    def read(rows: np.ndarray, start: int, stop: int) -> np.ndarray:
        values: np.ndarray = raw[:, start:stop][rows].astype(np.float64) * resolution[rows, None]
        return values

    return lazy.series(read, (raw.shape[0], raw.shape[1]))


def _markers(path: Path, common: dict[str, str]) -> list[tuple[int, int, str]]:
    """Return (first sample from 1, samples, ``Type/description``) of each marker."""
    named = path.with_name(common.get("MarkerFile", "").replace("$b", path.stem) or f"{path.stem}.vmrk")
    where = named if named.exists() else path.with_suffix(".vmrk")
    if not where.exists():
        return []
    lines = _sections(where).get("Marker Infos", {}).values()
    return [marker for marker in (_marker(line, where) for line in lines) if marker]


def _marker(line: str, where: Path) -> tuple[int, int, str] | None:
    kind, description, start, size, *_ = [*line.split(","), "", "", ""]
    try:
        span = int(start), int(size or 0)
    except ValueError as error:
        raise unreadable(where, f"a marker reads {line!r}") from error
    text = description if description.upper().startswith("BAD") else f"{kind}/{description}"  # what excludes a span
    return (*span, text.replace(r"\1", ","))


def _spans(markers: list[tuple[int, int, str]], sfreq: float) -> tuple[tuple[float, float, str], ...]:
    """Return the markers in s; a segment that begins inside the file begins after a pause, over which no epoch lies."""
    pauses = [start for start, _, text in markers if start > 1 and text.startswith("New Segment/")]
    found = [((start - 1) / sfreq, size / sfreq, text) for start, size, text in markers]
    return tuple(found + [((start - 1) / sfreq, 0.0, BOUNDARY) for start in pauses])


def _check_markers(markers: list[tuple[int, int, str]], n_times: int, where: Path) -> None:
    last = max((start for start, _, _ in markers), default=0)
    if last > n_times:
        raise truncated(where, last, n_times, "samples")
