"""EEGLAB .set, with its samples in it or beside it in a .fdt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mne

from ._mne import opened, to_signal
from .signal import Signal, size_of, truncated, unsupported


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
                   ch_types=tuple(kind if kind != "eeg" else None for kind in signal.ch_types))  # fmt: skip


def _check_samples(raw: object, where: Path, path: Path) -> None:
    """Compare a .fdt, which holds float32 and nothing else, with what the .set says."""
    if where == path:
        return
    expected = 4 * len(raw.ch_names) * raw.n_times  # type: ignore[attr-defined]
    size = size_of(where)
    if size < expected:
        raise truncated(where, expected, size)
