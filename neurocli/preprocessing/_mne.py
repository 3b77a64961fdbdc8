"""Between our data and MNE's objects; arrays are shared where MNE lets them be."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import mne
import numpy as np

from ..data.recording import Epochs, Recording
from ._common import Signal, refuse

mne.set_log_level("ERROR")
KNOWN = {
    "eeg", "mag", "grad", "ref_meg", "eog", "ecg", "emg", "ecog", "seeg", "dbs", "bio", "stim", "resp", "gsr",
    "temperature", "hbo", "hbr", "misc", "syst",
}  # fmt: skip


def to_info(data: Signal) -> mne.Info:
    """Return the measurement info: what the reader kept of it, or a new one from names, types and positions."""
    info = mne.Info.from_json_dict(data.info) if data.info else _new_info(data)
    if data.info:
        info = _agreeing(info, data)
    info["bads"] = [name for name in data.bads if name in data.ch_names]
    return info


def _new_info(data: Signal) -> mne.Info:
    places = None if data.positions is None else np.asarray(data.positions, dtype=np.float64).tobytes()
    return _made_info(tuple(data.ch_names), data.sfreq, tuple(data.ch_types), places).copy()


@lru_cache(8)
def _made_info(names: tuple[str, ...], sfreq: float, kinds: tuple[str, ...], places: bytes | None) -> mne.Info:
    """Return a new info; the steps of a chain ask for the same one again and again."""
    info = mne.create_info(list(names), sfreq, [kind if kind in KNOWN else "misc" for kind in kinds])
    if places is not None:
        positions = np.frombuffer(places).reshape(-1, 3)
        known = {name: place for name, place in zip(names, positions, strict=True) if np.isfinite(place).all()}
        info.set_montage(mne.channels.make_dig_montage(known, coord_frame="head"), on_missing="ignore")
    return info


def _agreeing(info: mne.Info, data: Signal) -> mne.Info:
    """Return `info` of the channels and the rate that the data still have."""
    missing = [name for name in data.ch_names if name not in info["ch_names"]]
    if missing:  # derived channels (bipolar, filter bank): nothing MNE knows of them is left
        return _new_info(data)
    info = mne.pick_info(info, [info["ch_names"].index(name) for name in data.ch_names])
    with info._unlock():
        info["sfreq"] = data.sfreq
    return info


def to_raw(data: Recording) -> mne.io.RawArray:
    """Return the recording as an MNE object over the same array."""
    raw = mne.io.RawArray(np.asarray(data.data, dtype=np.float64), to_info(data), copy=None, verbose="ERROR")
    if data.annotations:
        onset, duration, description = zip(*data.annotations, strict=True)
        raw.set_annotations(mne.Annotations(onset, duration, description), emit_warning=False)
    return raw


def to_epochs(data: Epochs) -> mne.EpochsArray:
    """Return the epochs as an MNE object over the same array."""
    array = np.asarray(data.data, dtype=np.float64)
    return mne.EpochsArray(array, to_info(data), tmin=data.tmin, baseline=None, proj=False, verbose="ERROR")


def to_mne(data: Recording | Epochs) -> Any:
    """Return a recording as Raw and epochs as Epochs."""
    return to_raw(data) if isinstance(data, Recording) else to_epochs(data)


def need_positions(data: Signal, picks: list[int], what: str, least: int = 0) -> None:
    """Refuse channels whose place on the head is unknown, or too few of them (``E-INPUT-POSITIONS``)."""
    if len(picks) < least:
        message = f"{what} needs at least {least} sensors on the head, and there are {len(picks)}."
        raise refuse(data, "E-INPUT-POSITIONS", message, "Leave the step out for this dataset.")
    places = np.full((len(data.ch_names), 3), np.nan) if data.positions is None else data.positions
    lost = [data.ch_names[i] for i in picks if not np.isfinite(places[i]).all()]
    if lost:
        raise refuse(
            data,
            "E-INPUT-POSITIONS",
            f"{what} needs sensor positions, and {', '.join(lost[:5])}{' and others' * (len(lost) > 5)} have none.",
            "Add electrodes.tsv, or name the channels as the 10-20 system does.",
        )
