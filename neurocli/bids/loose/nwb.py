"""NWB 2 (HDF5): an ElectricalSeries of extracellular recordings becomes the recording, its trials the events.

Source: https://nwb-schema.readthedocs.io.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import MissingError
from ..readers.signal import Signal, size_of, unreadable, unsupported

_ELECTRODES = "general/extracellular_ephys/electrodes"
_JITTER = 0.5  # of a sampling interval: a time stamp that is further off makes the series irregular
_NAMES = ("channel_name", "label", "electrode_name")


def read(path: Path, stream: str | None = None) -> Signal:
    """Read one ElectricalSeries.

    Parameters
    ----------
    path : Path
        The file.
    stream : str, optional
        The name of the series; by default the only one.

    Raises
    ------
    InputError
        ``E-INPUT-FORMAT``: there is no or more than one such series, or it has gaps; ``E-INPUT-UNREADABLE``.
    MissingError
        ``E-ENVIRONMENT-EXTRA``: `h5py` is not installed.
    """
    size_of(path)
    try:
        import h5py
    except ImportError as error:
        raise MissingError(
            "Reading NWB needs the package h5py, which is not installed here.",
            code="E-ENVIRONMENT-EXTRA",
            remedy="Run: pip install 'neurocli[formats]'",
        ) from error
    try:
        with h5py.File(path, "r") as file:
            return _signal(file, _chosen(file, stream, path), path)
    except (OSError, KeyError) as error:
        raise unreadable(path, error) from error


def _kind(item: Any) -> str:
    return str(item.attrs.get("neurodata_type", ""))


def _chosen(file: Any, wanted: str | None, path: Path) -> Any:
    series: dict[str, Any] = {}
    file.visititems(lambda name, item: series.update({name: item}) if _kind(item).endswith("Series") else None)
    found = [i for name, i in series.items() if _kind(i) == "ElectricalSeries"
             and wanted in (None, name, name.rpartition("/")[2])]  # fmt: skip
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{name.rpartition('/')[2]} ({_kind(item)})" for name, item in series.items()) or "no series"
    what = f"The file has {len(found)} ElectricalSeries{f' called {wanted!r}' if wanted else ''}; there is: {there}."
    remedy = "Name one in the column stream of the mapping." if found else "BIDS has no place for the others: leave it."
    raise unsupported(path, what, remedy)


def _signal(file: Any, series: Any, path: Path) -> Signal:
    values = series["data"]
    data = np.asarray(values[()], dtype=np.float64)
    data = data[:, None] if data.ndim == 1 else data
    gain = float(values.attrs.get("conversion", 1.0))
    gains = series["channel_conversion"][()] if "channel_conversion" in series else 1.0
    data = data * (gain * np.asarray(gains)) + float(values.attrs.get("offset", 0.0))
    sfreq, start = _clock(series, path)
    names, positions = _electrodes(file, series, data.shape[1])
    return Signal(
        data=np.ascontiguousarray(data.T),
        sfreq=sfreq,
        ch_names=names,
        units=("V",) * len(names),  # of an ElectricalSeries, by the schema
        ch_types=(None,) * len(names),
        annotations=_trials(file, start),
        positions=positions,
    )


def _clock(series: Any, path: Path) -> tuple[float, float]:
    """Return the rate in Hz and the time of the first sample in s."""
    if "starting_time" in series:
        return float(series["starting_time"].attrs["rate"]), float(series["starting_time"][()])
    stamps = np.asarray(series["timestamps"][()], dtype=float)
    step = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
    if np.abs(stamps - stamps[0] - step * np.arange(len(stamps))).max() > _JITTER * step:
        raise unsupported(path, "The series has gaps between its time stamps.", "Cut it into continuous recordings.")
    return float(1 / step), float(stamps[0])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _electrodes(file: Any, series: Any, n: int) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Return a name a channel, and its place in m where the table has one."""
    if _ELECTRODES not in file or "electrodes" not in series:
        return tuple(f"CH{i + 1:03d}" for i in range(n)), None
    table, rows = file[_ELECTRODES], np.asarray(series["electrodes"][()], dtype=int)
    named = next((table[name][()] for name in _NAMES if name in table), None)
    names = [_text(named[i]) for i in rows] if named is not None else [f"CH{int(table['id'][i]):03d}" for i in rows]
    if len(set(names)) < n:
        names = [f"CH{int(table['id'][i]):03d}" for i in rows]
    if not all(axis in table for axis in "xyz"):
        return tuple(names), None
    places = np.stack([np.asarray(table[axis][()], dtype=float)[rows] for axis in "xyz"], axis=1)
    return tuple(names), places * 1e-6 if np.isfinite(places).any() else None  # the schema counts in micrometres


def _trials(file: Any, start: float) -> tuple[tuple[float, float, str], ...]:
    if "intervals/trials" not in file:
        return ()
    table = file["intervals/trials"]
    first, last = (np.asarray(table[name][()], dtype=float) for name in ("start_time", "stop_time"))
    return tuple((float(a - start), float(b - a), "trial") for a, b in zip(first, last, strict=True))
