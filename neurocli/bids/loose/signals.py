"""From a row of the mapping to a recording in BIDS: EDF and BDF byte for byte, others as BrainVision, MEG as FIF."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ...data.recording import Recording
from ...data.samples import Samples
from ...errors import InputError, unknown
from ..channels import TYPES, described, signal_names
from ..files import placed
from ..readers import FAMILIES
from ..readers.signal import Signal, noted
from ..tables import Table, numbers, read_tsv
from ..write import signal_facts, write_channels, write_events, write_json, write_places, write_recording
from .mapping import Row, extension_of, fault

_PATIENT, _RECORDING, _START = slice(8, 88), slice(88, 168), slice(168, 184)  # bytes of the header of EDF and BDF
_NOBODY = (b"X X X X".ljust(80), b"Startdate X X X X".ljust(80), b"01.01.8500.00.00")


def write_signal(out: Path, row: Row) -> tuple[list[Path], list[str]]:
    """Read one file and write it with its sidecars; return the paths, and what a person should know."""
    signal = _read(row)
    recording = _recording(row, signal)
    base = out / row.base
    facts = _facts(row)
    if extension_of(row.file) in (".edf", ".bdf") and row.entities["datatype"] != "meg":
        units = [unit or row.units or "" for unit in signal.units]
        paths = _copied(base, row, recording, units, facts)
    else:
        paths = write_recording(base, recording, facts)
    return paths, [str(note["warning"]) for note in recording.notes if "warning" in note]


def _read(row: Row) -> Signal:
    extension = extension_of(row.file)
    if extension == ".xdf":
        from .xdf import read as read_xdf

        return read_xdf(row.file, row.stream)
    if extension == ".nwb":
        from .nwb import read as read_nwb

        return read_nwb(row.file, row.stream)
    if extension in (".csv", ".tsv"):
        from .text import read as read_text

        return read_text(row.file, row.sfreq)
    found: Signal = import_module(f"..readers.{FAMILIES[extension]}", __package__).read(row.file)
    return found


def _recording(row: Row, signal: Signal) -> Recording:
    table = _table(row, signal)
    channels = described(signal, table, row.entities["datatype"], str(row.file))
    events, notes = _events(row, signal)
    _check_bads(row, channels.ch_names)
    return Recording(
        data=channels.data,
        sfreq=signal.sfreq,
        ch_names=channels.ch_names,
        ch_types=channels.ch_types,
        units=channels.units,
        entities=row.entities,
        positions=signal.positions,
        bads=tuple(dict.fromkeys((*channels.bads, *row.bads))),
        events=events,
        annotations=signal.annotations,
        reference=row.reference,
        info=signal.info,
        notes=(*signal.notes, *channels.notes, *notes),
    )


def _table(row: Row, signal: Signal) -> Table:
    """Return what the mapping says of the channels, in the form of a `channels.tsv`."""
    both = list(zip(signal.ch_names, signal_names(signal), strict=True))
    for name, kind in row.channels.items():
        if not any(name in pair for pair in both):
            raise fault(unknown("channel", name, [short for _, short in both]), row.where)
        if kind.upper() not in TYPES:
            raise fault(unknown("channel type", kind, TYPES), row.where)
    types = [row.channels.get(full) or row.channels.get(short) for full, short in both]
    units = [row.units] * len(both)
    return {"name": list(signal.ch_names), "type": list(types), "units": list(units)}


def _check_bads(row: Row, names: Sequence[str]) -> None:
    for name in row.bads:
        if name not in names:
            raise fault(unknown("channel", name, names), row.where)


def _events(row: Row, signal: Signal) -> tuple[Samples, tuple[dict[str, Any], ...]]:
    """Return the events of the table that the mapping names, else those that the file holds."""
    if row.events is None:
        spans = [a for a in signal.annotations if not a[2].lower().startswith(("bad", "edge"))]
        columns = [list(column) for column in zip(*sorted(spans), strict=True)]
        return dict(zip(("onset", "duration", "trial_type"), columns, strict=True)) if columns else {}, ()
    table = read_tsv(row.events, required=("onset",)) if row.events.suffix == ".tsv" else _csv(row.events)
    where = row.events.name
    onset = numbers(table, "onset", where, required=True)
    duration = numbers(table, "duration", where) if "duration" in table else [0.0] * len(onset)
    rest = {name: ["n/a" if v is None else v for v in values] for name, values in table.items()
            if name not in ("onset", "duration")}  # fmt: skip
    length = signal.data.shape[1] / signal.sfreq
    outside = sum(not 0 <= float(t or 0) < length for t in onset)
    said = f"{outside} of {len(onset)} events lie outside the recording ({length:g} s)."
    return {"onset": list(onset), "duration": list(duration), **rest}, ((noted(warning=said),) if outside else ())


def _csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header, *rows = [line for line in csv.reader(lines) if line] or [[]]
    if "onset" not in header or any(len(line) != len(header) for line in rows):
        raise InputError(f"The table of events needs a column onset and as many values as columns; it has "
                         f"{', '.join(header) or 'no line'}.", code="E-INPUT-TSV", where=path.name)  # fmt: skip
    return {name: [line[i] if line[i] not in ("", "n/a") else None for line in rows] for i, name in enumerate(header)}


def _facts(row: Row) -> dict[str, Any]:
    known = {"PowerLineFrequency": row.line_freq} if row.line_freq else {}
    return {"TaskName": row.entities["task"], **known}


def _copied(base: Path, row: Row, recording: Recording, units: list[str], facts: dict[str, Any]) -> list[Path]:
    """Copy the samples as they are; the header names nobody and no day any more."""
    suffix = row.entities["suffix"]
    raw = bytearray(row.file.read_bytes())
    raw[_PATIENT], raw[_RECORDING], raw[_START] = _NOBODY
    path = base.with_name(f"{base.name}_{suffix}{extension_of(row.file)}")
    placed(path, lambda temporary: temporary.write_bytes(raw))
    document = base.with_name(f"{base.name}_{suffix}.json")
    beside = [write_json(document, {**signal_facts(recording), **facts}), write_channels(base, recording, units)]
    return [path, *beside, *write_places(base, recording), *write_events(base, recording)]
