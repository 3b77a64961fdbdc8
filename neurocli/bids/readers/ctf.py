"""CTF, a folder that ends in .ds."""

from __future__ import annotations

from pathlib import Path

import mne

from ._mne import opened, to_signal
from .signal import Signal, size_of, truncated, unreadable

_HEADER = 8  # bytes at the start of each .meg4
_N_SAMPLES, _N_CHANNELS, _N_TRIALS = 1288, 1292, 1312  # offsets in the .res4; big-endian int32, int16, int16


def read(path: Path) -> Signal:
    """Read all channels; trials of a continuous recording are joined."""
    resource, samples = _the(path, ".res4"), _the(path, ".meg4")
    _check_samples(path, resource, samples)
    raw, notes = opened(mne.io.read_raw_ctf, path, clean_names=True)
    return to_signal(raw, path, notes, keep_info=True)


def _the(path: Path, extension: str) -> Path:
    found = sorted(path.glob(f"*{extension}"))
    if len(found) != 1:
        raise unreadable(path, f"it holds {len(found)} files {extension}")
    size_of(found[0])
    return found[0]


def _check_samples(path: Path, resource: Path, samples: Path) -> None:
    """Compare the .meg4 files (`.1_meg4` and on after 2 GB) with what the .res4 says."""
    raw = resource.read_bytes()
    if len(raw) < _N_TRIALS + 2:
        raise truncated(resource, _N_TRIALS + 2, len(raw))
    n_samples, n_channels, n_trials = (int.from_bytes(raw[at : at + n], "big", signed=True)
                                       for at, n in ((_N_SAMPLES, 4), (_N_CHANNELS, 2), (_N_TRIALS, 2)))  # fmt: skip
    parts = [samples, *path.glob("*_meg4")]
    expected = 4 * n_samples * n_channels * n_trials
    found = sum(size_of(part) - _HEADER for part in parts)
    if found < expected:
        raise truncated(samples, expected + _HEADER * len(parts), found + _HEADER * len(parts))
