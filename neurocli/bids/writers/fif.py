"""FIF through MNE, then the time, the machine and the name of the temporary file taken out again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mne
import numpy as np

from ...data.recording import Epochs, Recording
from ..files import placed

_PART = 2**26  # values in one file of epochs: 256 MiB of float32
_ID = 31  # FIFFT_ID_STRUCT: version, two words of the machine, seconds, microseconds
_KNOWN = set(mne.io.get_channel_type_constants(include_defaults=True))


def write_epochs(path: Path, epochs: Epochs) -> list[Path]:
    """Write ``_epo.fif``, float32, with a code for each condition; many epochs as files ``split-01``, ``split-02``, ...

    Each of these can be read alone: what MNE would split holds the whole in memory, and a FIF file ends at 2 GB.
    """
    length = max(1, _PART // max(1, epochs.data[0].size))
    if length >= len(epochs.data):
        return [_write_part(path, epochs, slice(None))]
    starts = range(0, len(epochs.data), length)
    spans = [slice(start, start + length) for start in starts]
    return [_write_part(_split(path, i), epochs, span) for i, span in enumerate(spans, start=1)]


def _split(path: Path, number: int) -> Path:
    """Return the name with the entity ``split``, which BIDS has before ``desc``."""
    head, desc, tail = path.name.rpartition("_desc-")
    return path.with_name(f"{head}_split-{number:02d}{desc}{tail}")


def _write_part(path: Path, epochs: Epochs, span: slice) -> Path:
    codes, names = _conditions(epochs)
    events = np.column_stack([np.arange(len(codes)), np.zeros(len(codes), int), codes])[span]
    found = mne.EpochsArray(
        np.array(epochs.data[span], dtype=np.float64),  # a copy: MNE scales in place, and a payload is read-only
        _info(epochs), events=events, tmin=epochs.tmin,
        event_id={name: code for name, code in names.items() if code in set(events[:, 2].tolist())},
        baseline=None, proj=False, verbose="ERROR",
    )  # fmt: skip
    return placed(path, lambda temporary: _saved(found, temporary))


def write_recording(path: Path, recording: Recording) -> list[Path]:
    """Write ``_meg.fif``, float32."""
    raw = mne.io.RawArray(np.asarray(recording.data, dtype=np.float64), _info(recording), verbose="ERROR")
    if recording.annotations:
        onset, duration, text = zip(*recording.annotations, strict=True)
        raw.set_annotations(mne.Annotations(onset, duration, text), emit_warning=False)
    return [placed(path, lambda temporary: _saved(raw, temporary))]


def _conditions(epochs: Epochs) -> tuple[np.ndarray, dict[str, int]]:
    """Return a code an epoch, and the names of the codes."""
    column = epochs.samples.get("events/trial_type") or epochs.samples.get("task") or ["epoch"] * len(epochs.data)
    texts = [str(value) if value is not None else "n/a" for value in column]
    names = {text: code for code, text in enumerate(sorted(set(texts)), start=1)}
    return np.array([names[text] for text in texts], dtype=int), names


def _info(data: Recording | Epochs) -> Any:
    """Return what was kept of the measurement info if it is about these channels, else a new one."""
    info = _sayable(mne.Info.from_json_dict(data.info)) if data.info else None
    if info is None or not set(data.ch_names) <= set(info["ch_names"]):
        return _new_info(data)
    info = mne.pick_info(info, [info["ch_names"].index(name) for name in data.ch_names])
    with info._unlock():
        info["sfreq"] = data.sfreq
    info["bads"] = [name for name in data.bads if name in data.ch_names]
    return info


def _sayable(info: Any) -> Any:
    """Leave out the sparse matrix of cross-talk, which was words once the info had been JSON."""
    with info._unlock():
        if "cross_talk" in info:
            info["cross_talk"] = None
        for entry in info["proc_history"] or ():
            entry.get("max_info", {}).pop("sss_ctc", None)
    return info


def _new_info(data: Recording | Epochs) -> Any:
    types = [kind if kind in _KNOWN else "misc" for kind in data.ch_types]
    info = mne.create_info(list(data.ch_names), data.sfreq, types, verbose="ERROR")
    if data.positions is not None:
        places = {n: p for n, p in zip(data.ch_names, data.positions, strict=True) if np.isfinite(p).all()}
        info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), on_missing="ignore")
    info["bads"] = [name for name in data.bads if name in data.ch_names]
    return info


def _saved(found: Any, path: Path) -> None:
    import warnings

    with _nameless(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="This filename")  # the temporary name is none of BIDS
        found.save(path, fmt="single", overwrite=True, verbose="ERROR", split_size="2GB")
    anonymise(path)


@contextmanager
def _nameless() -> Iterator[None]:
    """Have MNE write no machine: to ask for its number opens a socket, and `anonymise` takes it out again anyway."""
    known, uuid.getnode = uuid.getnode, lambda: 0
    try:
        yield
    finally:
        uuid.getnode = known


def anonymise(path: Path) -> None:
    """Set the machine and the time to zero in every identifier of a FIF file.

    Source: https://github.com/mne-tools/fiff-constants, type 31: five big-endian int32, the first the version.
    """
    size = path.stat().st_size
    with path.open("r+b") as file:
        place = 0
        while 0 <= place < size:
            file.seek(place)
            _, kind, length, following = np.frombuffer(file.read(16), ">i4").tolist()
            if kind == _ID and length == 20:
                file.seek(place + 20)
                file.write(bytes(16))
            place = place + 16 + length if following == 0 else following
