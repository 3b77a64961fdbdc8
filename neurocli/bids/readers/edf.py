"""EDF, EDF+ and BDF.

Sources: Kemp et al. (1992) doi:10.1016/0013-4694(92)90009-7; Kemp & Olivan (2003) doi:10.1016/S1388-2457(03)00123-8;
https://www.biosemi.com/faq/file_format.htm (24 bits, status channel).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...data import lazy
from .signal import Signal, common_rate, noted, size_of, truncated, unreadable, unsupported

_FIELDS = (("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8), ("digital_min", 8),
           ("digital_max", 8), ("prefilter", 80), ("n_samples", 8), ("reserved", 32))  # fmt: skip
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_TRIGGER_BITS = 0x1FFFF  # of a BioSemi status word; the rest tells of the battery and the speed mode


@dataclass(frozen=True)
class Header:
    """What the header says; lists have one entry a signal."""

    n_bytes: int
    n_records: int
    duration: float
    width: int  # bytes a sample
    gaps: bool
    labels: list[str]
    units: list[str]
    gains: np.ndarray
    offsets: np.ndarray
    n_samples: np.ndarray

    @property
    def record_bytes(self) -> int:
        """Bytes of one data record."""
        return int(self.n_samples.sum()) * self.width


def read(path: Path) -> Signal:
    """Read the channels of the commonest rate, and the annotations."""
    header = read_header(path)
    records = _records(path, header)
    annotations = _annotations(header, records, path)
    picks = [i for i, label in enumerate(header.labels) if label not in _ANNOTATIONS]
    if not picks:
        raise unsupported(path, "The file has annotations and no signals.", "Leave it out of the selection.")
    rates = [float(header.n_samples[i] / header.duration) for i in picks]
    sfreq = common_rate(rates)
    kept = [i for i, rate in zip(picks, rates, strict=True) if rate == sfreq]
    return Signal(
        data=_scaled(header, records, kept),
        sfreq=sfreq,
        ch_names=tuple(header.labels[i] for i in kept),
        units=tuple(header.units[i] for i in kept),
        ch_types=tuple("stim" if _is_status(header, i) else None for i in kept),
        annotations=annotations,
        notes=_left_out(header, picks, rates, sfreq),
    )


def _left_out(header: Header, picks: list[int], rates: list[float], sfreq: float) -> tuple[dict[str, object], ...]:
    slow = {header.labels[i]: rate for i, rate in zip(picks, rates, strict=True) if rate != sfreq}
    return (noted(left_out=slow, warning=f"Channels whose rate is not {sfreq:g} Hz are left out."),) if slow else ()


def read_header(path: Path) -> Header:
    """Read the header and check it against the size of the file.

    Raises
    ------
    InputError
        ``E-INPUT-TRUNCATED`` naming both sizes, ``E-INPUT-UNREADABLE`` where this is no EDF or BDF.
    """
    size = size_of(path)
    with path.open("rb") as file:
        raw = file.read(256)
        if len(raw) < 256:
            raise truncated(path, 256, size)
        n_bytes = _number(raw[252:256], path, "number of signals") * 256
        rest = file.read(n_bytes)
    if len(rest) < n_bytes:
        raise truncated(path, 256 + n_bytes, size)
    header = _parsed(raw, rest, path)
    expected = header.n_bytes + _n_records(header, size, path) * header.record_bytes
    if size < expected:
        raise truncated(path, expected, size)
    return header


def _n_records(header: Header, size: int, path: Path) -> int:
    """Return the number of records; a recorder that was not stopped properly writes -1, and then they end whole."""
    if not header.record_bytes:
        raise unreadable(path, "its records are empty")
    return header.n_records if header.n_records >= 0 else -((header.n_bytes - size) // header.record_bytes)


def _number(text: bytes, path: Path, what: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise unreadable(path, f"its {what} is {text!r}") from error


def _parsed(raw: bytes, rest: bytes, path: Path) -> Header:
    n = len(rest) // 256
    if raw[:8] not in (b"0       ", b"\xffBIOSEMI") or not n or len(rest) % 256:
        raise unreadable(path, f"it starts with {raw[:8]!r}")
    try:
        return _header(raw, _columns(rest, n))
    except ValueError as error:
        raise unreadable(path, error) from error


def _columns(rest: bytes, n: int) -> dict[str, list[str]]:
    columns, start = {}, 0
    for name, width in _FIELDS:
        cells = [rest[start + i * width : start + (i + 1) * width] for i in range(n)]
        columns[name] = [cell.decode("latin-1").strip("\0 ") for cell in cells]
        start += n * width
    return columns


def _header(raw: bytes, columns: dict[str, list[str]]) -> Header:
    low, high, first, last = (np.array([float(v) for v in columns[name]]) for name in
                              ("physical_min", "physical_max", "digital_min", "digital_max"))  # fmt: skip
    flat = (high == low) | (last == first)  # a channel without a range keeps its digital values and has no unit
    gains = np.where(flat, 1.0, (high - low) / np.where(flat, 1.0, last - first))
    units = ["" if none else unit for none, unit in zip(flat, columns["unit"], strict=True)]
    duration = float(raw[244:252])
    if duration <= 0:
        raise ValueError(f"a record lasts {duration} s")
    return Header(
        n_bytes=int(raw[184:192]), n_records=int(raw[236:244]), duration=duration, width=3 if raw[0] == 255 else 2,
        gaps=raw[192:197] in (b"EDF+D", b"BDF+D"), labels=columns["label"], units=units, gains=gains,
        offsets=np.where(flat, 0.0, low - gains * first), n_samples=np.array([int(v) for v in columns["n_samples"]]),
    )  # fmt: skip


def _records(path: Path, header: Header) -> np.ndarray:
    """Return the data records as bytes, shape (n_records, record_bytes)."""
    size = path.stat().st_size
    n = _n_records(header, size, path)
    if n < 1:
        raise truncated(path, header.n_bytes + header.record_bytes, size)
    return np.memmap(path, np.uint8, "r", offset=header.n_bytes, shape=(n, header.record_bytes))


def _columns_of(header: Header, i: int) -> slice:
    start = int(header.n_samples[:i].sum()) * header.width
    return slice(start, start + int(header.n_samples[i]) * header.width)


def _scaled(header: Header, records: np.ndarray, kept: list[int]) -> Any:
    """Return the channels in the units of the header, shape (n_channels, n_times); of a long recording, unread."""
    each = int(header.n_samples[kept[0]])
    records = records.view(np.ndarray)  # a `memmap` takes its time over every slice

    def read(rows: np.ndarray, start: int, stop: int) -> np.ndarray:
        first, last = start // each, -(-stop // each)
        data = np.empty((len(rows), stop - start))
        for place, row in enumerate(rows):
            raw = np.ascontiguousarray(records[first:last, _columns_of(header, kept[row])])
            data[place] = _physical(header, kept[row], raw)[start - first * each : stop - first * each]
        return data

    return lazy.series(read, (len(kept), len(records) * each))


def _physical(header: Header, i: int, raw: np.ndarray) -> np.ndarray:
    digital = _digital(raw, header.width)
    if _is_status(header, i):
        return digital & _TRIGGER_BITS
    physical: np.ndarray = digital * header.gains[i] + header.offsets[i]
    return physical


def _is_status(header: Header, i: int) -> bool:
    return header.width == 3 and header.labels[i] == "Status"


def _digital(raw: np.ndarray, width: int) -> np.ndarray:
    """Return little-endian integers of 2 or 3 bytes, shape (n,)."""
    if width == 2:
        return raw.view("<i2").reshape(-1)
    wide = np.zeros((raw.size // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    integers: np.ndarray = wide.view("<i4").reshape(-1) >> 8  # the shift carries the sign down
    return integers


def _annotations(header: Header, records: np.ndarray, path: Path) -> tuple[tuple[float, float, str], ...]:
    """Return spans from the first sample on, which EDF+ has up to a second after its own time 0."""
    found: list[tuple[float, float, str]] = []
    first = 0.0
    for place, i in enumerate(i for i, label in enumerate(header.labels) if label in _ANNOTATIONS):
        for number, record in enumerate(records[:, _columns_of(header, i)]):
            entries = list(_entries(record.tobytes(), path))
            if entries and entries[0][2] == "":
                first = entries[0][0] if place == number == 0 else first
                _check_gap(header, entries[0][0] - first, number, path)
            found += [entry for entry in entries if entry[2]]
    return tuple(sorted((round(onset - first, 9), duration, text) for onset, duration, text in found))


def _check_gap(header: Header, onset: float, number: int, path: Path) -> None:
    if header.gaps and abs(onset - number * header.duration) > 1e-3:
        raise unsupported(path, f"The recording has a gap before {onset:g} s (EDF+D).",
                          "Cut it into continuous recordings.")  # fmt: skip


def _entries(record: bytes, path: Path) -> list[tuple[float, float, str]]:
    """Return the time-stamped annotations of a record; the time of the record itself has an empty description."""
    found = []
    for entry in record.rstrip(b"\0").split(b"\0"):
        stamp, _, texts = entry.partition(b"\x14")
        if not stamp:
            continue
        onset, _, duration = stamp.partition(b"\x15")
        try:
            span = float(onset), float(duration or 0)
        except ValueError as error:
            raise unreadable(path, f"an annotation starts with {stamp[:20]!r}") from error
        found += [(*span, text.decode("utf-8", "replace")) for text in texts.removesuffix(b"\x14").split(b"\x14")]
    return found
