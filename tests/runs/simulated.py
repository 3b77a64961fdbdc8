"""Small BIDS datasets whose answers are known, for runs of the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

Event = tuple[float, float, str]


def begin(root: Path) -> Path:
    """Write what a BIDS dataset has at its top."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": root.name, "BIDSVersion": "1.10.0"}))
    (root / "README").write_text("Simulated.\n")
    return root


def write_eeg(
    root: Path, base: str, data: np.ndarray, sfreq: int, ch_names: Sequence[str], events: Sequence[Event] = ()
) -> None:
    """Write one EDF with its sidecars.

    Parameters
    ----------
    base : str
        ``sub-01_task-look``, with any other entities.
    data : array, shape (n_channels, n_times)
        In uV.
    events : sequence of (onset, duration, trial_type)
        In s; no file without any.
    """
    import edfio

    signals = [
        edfio.EdfSignal(x, sfreq, label=name, physical_dimension="uV", physical_range=(-500, 500))
        for name, x in zip(ch_names, data, strict=True)
    ]
    folder = root / base.split("_")[0] / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    edfio.Edf(signals).write(folder / f"{base}_eeg.edf")
    task = base.split("task-")[1].split("_")[0]
    sidecar = {"TaskName": task, "SamplingFrequency": sfreq, "PowerLineFrequency": 50, "EEGReference": "n/a"}
    (folder / f"{base}_eeg.json").write_text(json.dumps({**sidecar, "SoftwareFilters": "n/a"}))
    rows = "".join(f"{name}\tEEG\tuV\tgood\n" for name in ch_names)
    (folder / f"{base}_channels.tsv").write_text("name\ttype\tunits\tstatus\n" + rows)
    if events:
        rows = "".join(f"{onset:g}\t{duration:g}\t{kind}\n" for onset, duration, kind in events)
        (folder / f"{base}_events.tsv").write_text("onset\tduration\ttrial_type\n" + rows)
