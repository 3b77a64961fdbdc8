"""BrainVision float32, voltages in microvolts; no date, no person."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...data.recording import Recording
from ..files import placed, write_bytes

_VOLTS = 1e6  # float32 keeps 24 bits whatever the scale, but other programs assume microvolts
_BLOCK = 2**22  # values at a time


def write(base: Path, recording: Recording) -> list[Path]:
    """Write ``.vhdr``, ``.eeg`` and ``.vmrk``.

    Parameters
    ----------
    base : Path
        The path without extension.
    recording : Recording
        In SI units; what is not in volts is written as it is.
    """
    samples, markers, header = (base.with_name(base.name + ext) for ext in (".eeg", ".vmrk", ".vhdr"))
    placed(samples, lambda path: _write_samples(recording, path))
    write_bytes(markers, _markers(recording, samples.name).encode())
    write_bytes(header, _header(recording, samples.name, markers.name).encode())
    return [header, samples, markers]


def _write_samples(recording: Recording, path: Path) -> None:
    """Write the .eeg, shape (n_times, n_channels), some seconds at a time: a long recording is not held in memory."""
    factors = np.array([[_VOLTS if unit == "V" else 1.0] for unit in recording.units])
    step = max(1, _BLOCK // max(1, len(factors)))
    with path.open("wb") as file:
        for start in range(0, recording.n_times, step):
            part = np.asarray(recording.data[:, start : start + step], dtype=np.float64) * factors
            file.write(np.ascontiguousarray(part.T.astype("<f4")).data)


def _escaped(text: str) -> str:
    return text.replace(",", r"\1").replace("\n", " ")


def _header(recording: Recording, samples: str, markers: str) -> str:
    units = ["µV" if unit == "V" else unit for unit in recording.units]
    channels = [f"Ch{i}={_escaped(name)},,1,{unit}"
                for i, (name, unit) in enumerate(zip(recording.ch_names, units, strict=True), start=1)]  # fmt: skip
    lines = [
        "Brain Vision Data Exchange Header File Version 1.0", "", "[Common Infos]", "Codepage=UTF-8",
        f"DataFile={samples}", f"MarkerFile={markers}", "DataFormat=BINARY", "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(recording.ch_names)}", f"DataPoints={recording.n_times}",
        f"SamplingInterval={1e6 / recording.sfreq!r}", "", "[Binary Infos]", "BinaryFormat=IEEE_FLOAT_32", "",
        "[Channel Infos]", *channels,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _markers(recording: Recording, samples: str) -> str:
    spans = [(onset, duration, f"Comment,{_escaped(text)}") for onset, duration, text in recording.annotations]
    rows = ["Mk1=New Segment,,1,1,0"]
    for i, (onset, duration, text) in enumerate(spans, start=2):
        start = round(onset * recording.sfreq) + 1
        if 1 <= start <= recording.n_times:
            rows.append(f"Mk{i}={text},{start},{max(1, round(duration * recording.sfreq))},0")
    lines = ["Brain Vision Data Exchange Marker File, Version 1.0", "", "[Common Infos]", "Codepage=UTF-8",
             f"DataFile={samples}", "", "[Marker Infos]", *rows]  # fmt: skip
    return "\n".join(lines) + "\n"
