"""Formats that MNE reads: its numbers in SI units, its errors in our words, and nothing that names a person."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mne
import numpy as np
from mne.io.constants import FIFF

from ...errors import InputError
from .signal import Signal, noted, unreadable

_UNITS = {FIFF.FIFF_UNIT_V: "V", FIFF.FIFF_UNIT_T: "T", FIFF.FIFF_UNIT_T_M: "T/m"}
_PERSONAL = ("subject_info", "experimenter", "proj_name", "proj_id", "description", "meas_date", "file_id", "meas_id",
             "device_info", "helium_info", "utc_offset")  # fmt: skip


def opened(read: Callable[..., Any], path: Path, **options: Any) -> tuple[Any, tuple[dict[str, Any], ...]]:
    """Return what an MNE reader gives, unread, and notes of what it warned about.

    Raises
    ------
    InputError
        ``E-INPUT-UNREADABLE`` with the sentence of MNE.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        raw = _tried(lambda: read(path, preload=False, verbose="ERROR", **options), path)
    said = dict.fromkeys(str(warning.message) for warning in caught)
    return raw, tuple(noted(warning=text) for text in said if "BIDS" not in text and "naming convention" not in text)


def _tried(action: Callable[[], Any], path: Path) -> Any:
    try:
        return action()
    except InputError:
        raise
    except Exception as error:  # whatever MNE meets in bytes that are no such file
        raise unreadable(path, str(error).split("\n")[0] or type(error).__name__) from error


def to_signal(raw: Any, path: Path, notes: tuple[dict[str, Any], ...] = (), *, keep_info: bool = False) -> Signal:
    """Return all channels of an MNE recording.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording.
    path : Path
        Its file, for messages.
    notes : tuple of dict
        What is to be carried along.
    keep_info : bool
        Keep `mne.Info`, less what names a person; Maxwell filtering and projectors need it.
    """
    data = _tried(raw.get_data, path)
    return Signal(
        data=np.ascontiguousarray(data, dtype=np.float64),
        sfreq=float(raw.info["sfreq"]),
        ch_names=tuple(raw.ch_names),
        units=tuple(_UNITS.get(int(ch["unit"]), "") for ch in raw.info["chs"]),
        ch_types=tuple(raw.get_channel_types()),
        annotations=_annotations(raw),
        certain=True,
        positions=_positions(raw),
        bads=tuple(raw.info["bads"]),
        info=_impersonal(raw.info) if keep_info else None,
        notes=notes,
    )


def _annotations(raw: Any) -> tuple[tuple[float, float, str], ...]:
    """Return spans from the first sample on; MNE counts from its own time 0, with or without a date."""
    found = raw.annotations
    durations = np.nan_to_num(found.duration)  # EEGLAB leaves that of a moment empty
    spans = zip(found.onset - raw.first_time, durations, found.description, strict=True)
    return tuple((round(float(onset), 9), float(duration), str(text)) for onset, duration, text in spans)


def _positions(raw: Any) -> np.ndarray | None:
    """Return sensor positions in the head frame, shape (n_channels, 3), in m; None where none is known."""
    places = np.array([ch["loc"][:3] for ch in raw.info["chs"]], dtype=float)
    places[~np.isfinite(places).all(axis=1) | (places == 0).all(axis=1)] = np.nan
    turn = raw.info["dev_head_t"]
    if turn is not None:
        device = np.array([ch["coord_frame"] == FIFF.FIFFV_COORD_DEVICE for ch in raw.info["chs"]])
        places[device] = mne.transforms.apply_trans(turn["trans"], places[device])
    return places if np.isfinite(places).any() else None


def _maxwell(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what the rank of Maxwell-filtered data is computed from; the rest is large and names people."""
    kept = {key: value for key, value in entry.get("max_info", {}).items() if key in ("sss_info", "max_st")}
    return {"max_info": kept}


def _impersonal(info: Any) -> dict[str, Any]:
    """Return `mne.Info` as JSON, without what identifies a person, a day or a machine."""
    copy = info.copy()
    with copy._unlock():
        for key in _PERSONAL:
            copy[key] = None
        if "cross_talk" in copy:  # a sparse matrix, which JSON cannot say
            copy["cross_talk"] = None
        copy["proc_history"] = [_maxwell(entry) for entry in info["proc_history"] or ()]
        copy.update(_coils(info))
    found: dict[str, Any] = copy.to_json_dict()
    return found


_FITTED = ("dig_points", "order", "used", "goodness", "good_limit", "dist_limit", "accept", "moments", "coord_trans")


def _coils(info: Any) -> dict[str, Any]:
    """Return of the head position coils what following them needs: frequencies, first places, and when they hummed."""
    measured = info["hpi_meas"][-1:]
    coils = [{name: coil[name] for name in ("number", "coil_freq") if name in coil}
             for entry in measured for coil in entry["hpi_coils"]]  # fmt: skip
    if not coils or not all("coil_freq" in coil for coil in coils) or not info["hpi_results"]:
        return {"hpi_results": [], "hpi_meas": [], "hpi_subsystem": None}
    system = info["hpi_subsystem"]
    kept = None if system is None else {name: system[name] for name in ("hpi_coils", "event_channel") if name in system}
    fitted = info["hpi_results"][-1]
    return {
        "hpi_results": [{name: fitted[name] for name in _FITTED if name in fitted}],
        "hpi_meas": [{"hpi_coils": coils}],
        "hpi_subsystem": kept,
    }
