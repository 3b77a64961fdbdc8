"""XDF, the files of the Lab Streaming Layer: streams with a clock each, of which one becomes the recording.

Source: https://github.com/sccn/xdf/wiki/Specifications.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import MissingError, unknown
from ..readers.signal import Signal, noted, size_of, unreadable, unsupported

_FOUND = 1e-3  # relative difference of the nominal rate and that of the time stamps that is worth a word


def read(path: Path, stream: str | None = None) -> Signal:
    """Read one stream; the texts of the others become its annotations.

    Parameters
    ----------
    path : Path
        The file.
    stream : str, optional
        Name or type of the stream; by default the only one of type EEG.

    Raises
    ------
    InputError
        ``E-INPUT-FORMAT``: no or several streams could be meant, or the stream has a gap; ``E-INPUT-UNREADABLE``.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: `pyxdf` is not installed.
    """
    size_of(path)
    streams = _streams(path)
    chosen = _chosen(streams, stream, path)
    stamps = np.asarray(chosen["time_stamps"], dtype=float)
    sfreq = _rate(chosen, stamps, path)
    data = np.ascontiguousarray(np.asarray(chosen["time_series"], dtype=np.float64).T)
    channels = _channels(chosen, len(data))
    return Signal(
        data=data,
        sfreq=sfreq,
        ch_names=tuple(name for name, _ in channels),
        units=tuple(unit for _, unit in channels),
        ch_types=(None,) * len(data),
        annotations=_markers(streams, stamps),
        notes=_clock(chosen, sfreq),
    )


def _streams(path: Path) -> list[dict[str, Any]]:
    try:
        import pyxdf
    except ImportError as error:
        raise MissingError(
            "Reading XDF needs the package pyxdf, which is not installed here.",
            code="E-ENVIRONMENT-EXTRA",
            remedy="Run: pip install 'neurocli[formats]'",
        ) from error
    try:
        found: list[dict[str, Any]] = pyxdf.load_xdf(str(path), verbose=False)[0]
    except Exception as error:  # whatever the parser meets in bytes that are no XDF
        raise unreadable(path, str(error).split("\n")[0] or type(error).__name__) from error
    return found


def _said(stream: dict[str, Any], *keys: str) -> str:
    value: Any = stream["info"]
    for key in keys:
        value = (value or {}).get(key) or [None]
        value = value[0]
    return str(value or "")


def _is_text(stream: dict[str, Any]) -> bool:
    return _said(stream, "channel_format") == "string"


def _chosen(streams: list[dict[str, Any]], wanted: str | None, path: Path) -> dict[str, Any]:
    signals = [s for s in streams if not _is_text(s) and len(s["time_stamps"]) > 1]
    there = [f"{_said(s, 'name')} ({_said(s, 'type')})" for s in signals]
    kinds = (wanted,) if wanted else ("EEG",)
    found = [s for s in signals if _said(s, "name") in kinds or _said(s, "type") in kinds]
    if len(found) == 1 or (not wanted and len(signals) == 1):
        return (found or signals)[0]
    what = unknown("stream", wanted, there) if wanted else f"The file has the streams {', '.join(there) or 'none'}."
    raise unsupported(path, what, "Name one of them in the column stream of the mapping.")


def _rate(stream: dict[str, Any], stamps: np.ndarray, path: Path) -> float:
    """Return the rate by the time stamps, in Hz; the nominal one is what the device promised."""
    segments = stream["info"].get("segments") or [(0, len(stamps) - 1)]
    if len(segments) > 1:
        gap = stamps[segments[1][0]] - stamps[0]
        raise unsupported(path, f"The stream has a gap before {gap:g} s.", "Cut it into continuous recordings.")
    return float((len(stamps) - 1) / (stamps[-1] - stamps[0]))


def _channels(stream: dict[str, Any], n: int) -> list[tuple[str, str]]:
    """Return name and unit of each channel, as the description of the stream has them."""
    described = ((stream["info"].get("desc") or [None])[0] or {}).get("channels") or [None]
    listed = (described[0] or {}).get("channel") or []
    if len(listed) != n:
        return [(f"{_said(stream, 'type') or 'CH'}{i + 1:03d}", "") for i in range(n)]
    return [((c.get("label") or [f"CH{i + 1:03d}"])[0], (c.get("unit") or [""])[0] or "") for i, c in enumerate(listed)]


def _markers(streams: list[dict[str, Any]], stamps: np.ndarray) -> tuple[tuple[float, float, str], ...]:
    texts = [(float(t - stamps[0]), str(row[0])) for s in streams if _is_text(s)
             for t, row in zip(s["time_stamps"], s["time_series"], strict=True)]  # fmt: skip
    return tuple((onset, 0.0, text) for onset, text in sorted(texts) if 0 <= onset <= stamps[-1] - stamps[0])


def _clock(stream: dict[str, Any], sfreq: float) -> tuple[dict[str, Any], ...]:
    nominal = float(_said(stream, "nominal_srate") or 0)
    if not nominal or abs(nominal - sfreq) < _FOUND * nominal:
        return ()
    return (noted(warning=f"The stream calls itself {nominal:g} Hz; by its time stamps it has {sfreq:.6g} Hz."),)
