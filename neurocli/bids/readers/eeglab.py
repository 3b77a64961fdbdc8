"""EEGLAB .set, with its samples in it or beside it in a .fdt."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import mne

from ._mne import opened, to_signal
from .signal import BOUNDARY, Signal, size_of, truncated, unsupported


def read(path: Path) -> Signal:
    """Read all channels; EEGLAB writes no unit, microvolts by convention."""
    size_of(path)
    try:
        raw, notes = opened(mne.io.read_raw_eeglab, path)
    except Exception as error:
        if "number of trials" in str(error).lower() or "epochs" in str(error).lower():
            raise unsupported(path, "The file holds epochs.", "Export the continuous recording.") from error
        raise
    _check_samples(raw, Path(raw.filenames[0]), path)
    signal = to_signal(raw, path, notes)
    n = len(signal.ch_names)
    return replace(signal, data=signal.data / 1e-6, units=("",) * n, assumed="µV", certain=False,
                   annotations=_bounded(signal),
                   ch_types=tuple(kind if kind != "eeg" else None for kind in signal.ch_types))  # fmt: skip


def _bounded(signal: Signal) -> tuple[tuple[float, float, str], ...]:
    """Return the annotations; a boundary, between two samples, is the first after it, and lasts no time.

    The duration that EEGLAB gives it is that of what was cut out.
    """

    def moment(onset: float) -> float:
        return math.ceil(round(onset * signal.sfreq, 6)) / signal.sfreq

    return tuple((moment(a[0]), 0.0, BOUNDARY) if a[2] == "boundary" else a for a in signal.annotations)


def _check_samples(raw: object, where: Path, path: Path) -> None:
    """Compare a .fdt, which holds float32 and nothing else, with what the .set says."""
    if where == path:
        return
    expected = 4 * len(raw.ch_names) * raw.n_times  # type: ignore[attr-defined]
    size = size_of(where)
    if size < expected:
        raise truncated(where, expected, size)
