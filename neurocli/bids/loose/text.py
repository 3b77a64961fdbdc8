"""Plain tables of numbers: one column a channel, one line a sample, names in the first line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..readers.signal import Signal, size_of, unreadable, unsupported

TIMES = ("time", "times", "t", "timestamp", "timestamps", "seconds")  # a first column called so holds s
_JITTER = 0.5  # of a sampling interval


def read(path: Path, sfreq: float | None = None) -> Signal:
    """Read a table.

    Parameters
    ----------
    path : Path
        ``.csv`` (commas or semicolons) or ``.tsv``.
    sfreq : float, optional
        Hz; without it the first column must hold the times, in s.

    Raises
    ------
    InputError
        ``E-INPUT-FORMAT``: the rate is not known, or there are gaps; ``E-INPUT-UNREADABLE``: no table of numbers.
    """
    size_of(path)
    names, data = _table(path)
    times = data[0] if names[0].lower() in TIMES else None
    if times is not None:
        names, data = names[1:], data[1:]
    if not names or data.shape[1] < 2:
        raise unreadable(path, "it has no channel with two samples")
    return Signal(
        data=np.ascontiguousarray(data),
        sfreq=_rate(times, sfreq, path),
        ch_names=tuple(names),
        units=("",) * len(names),
        ch_types=(None,) * len(names),
    )


def _table(path: Path) -> tuple[list[str], np.ndarray]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            header = lines.readline().rstrip("\r\n")
            separator = next((mark for mark in "\t;," if mark in header), ",")
            values = np.loadtxt(lines, delimiter=separator, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise unreadable(path, str(error).split("\n")[0]) from error
    names = [name.strip().strip('"') for name in header.split(separator)]
    if values.shape[1] != len(names):
        raise unreadable(path, f"its first line has {len(names)} names, the next {values.shape[1]} numbers")
    return names, values.T


def _rate(times: np.ndarray | None, sfreq: float | None, path: Path) -> float:
    if times is None and sfreq is None:
        raise unsupported(path, "Nothing says the sampling frequency.", "Write it in the column sfreq of the mapping.")
    if times is None:
        return float(sfreq or 0)
    step = (times[-1] - times[0]) / (len(times) - 1)
    if not step > 0 or np.abs(np.diff(times) - step).max() > _JITTER * step:
        raise unsupported(path, "The times are not evenly spaced.", "Resample them, or cut the table at its gaps.")
    return float(sfreq or 1 / step)
