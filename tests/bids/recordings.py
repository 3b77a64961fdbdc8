"""Small recordings of every kind, written by other libraries where there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import edfio
import nibabel
import numpy as np

from neurocli.bids.index import scan
from neurocli.bids.question import Item, Question
from neurocli.bids.read import read
from neurocli.bids.select import select

SFREQ = 100.0
NAMES = ("Fp1", "Cz", "T3", "ECG")


def noise(n_channels: int = 4, n_times: int = 500, seed: int = 0) -> np.ndarray:
    """Return noise of about 20 uV, in uV."""
    return np.random.default_rng(seed).normal(scale=20, size=(n_channels, n_times))


def write_edf(path: Path, data: np.ndarray, units: Any = "uV", names: Any = NAMES, **more: Any) -> None:
    """Write an EDF+ with edfio; data in the units given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    units = [units] * len(data) if isinstance(units, str) else units
    edfio.Edf([
        edfio.EdfSignal(x, SFREQ, label=name, physical_dimension=unit, physical_range=(-4e4, 4e4))
        for x, name, unit in zip(data, names, units, strict=True)
    ], **more).write(path)  # fmt: skip


def write_brainvision(folder: Path, name: str, data: np.ndarray, ch_names: Any = NAMES, unit: str = "µV") -> Path:
    """Write BrainVision float32 by hand, multiplexed."""
    folder.mkdir(parents=True, exist_ok=True)
    channels = "\n".join(f"Ch{i}={n},,1,{unit}" for i, n in enumerate(ch_names, start=1))
    (folder / f"{name}.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={name}.eeg\nMarkerFile={name}.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={len(ch_names)}\nSamplingInterval={1e6 / SFREQ:g}\n"
        f"[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n{channels}\n",
        encoding="utf-8",
    )
    (folder / f"{name}.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={name}.eeg\n[Marker Infos]\nMk1=New Segment,,1,1,0\nMk2=Stimulus,S  1,101,1,0\n",
        encoding="utf-8",
    )
    data.T.astype("<f4").tofile(folder / f"{name}.eeg")
    return folder / f"{name}.vhdr"


class Dataset:
    """A BIDS dataset of one recording, to be broken."""

    def __init__(self, root: Path, datatype: str = "eeg", suffix: str = "eeg"):
        self.root, self.datatype = root, datatype
        self.folder = root / "sub-01" / datatype
        self.folder.mkdir(parents=True)
        self.suffix = suffix

    def path(self, ending: str) -> Path:
        """Return the path of a file of the recording."""
        return self.folder / f"sub-01_task-rest_{ending}"

    def table(self, ending: str, rows: list[dict[str, Any]]) -> None:
        """Write a TSV."""
        lines = ["\t".join(rows[0]), *("\t".join(map(str, row.values())) for row in rows)]
        self.path(ending).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def channels(self, units: Any = "µV", names: Any = NAMES, types: Any = ("EEG", "EEG", "EEG", "ECG"), **more: Any):
        """Write channels.tsv; `more` are columns."""
        units = [units] * len(names) if isinstance(units, str) else units
        rows = [{"name": n, "type": t, "units": u} for n, t, u in zip(names, types, units, strict=True)]
        self.table("channels.tsv", [{**row, **{k: v[i] for k, v in more.items()}} for i, row in enumerate(rows)])

    def json(self, **content: Any) -> None:
        """Write the JSON sidecar."""
        self.path(f"{self.suffix}.json").write_text(json.dumps(content))

    def item(self) -> Item:
        """Return the only recording."""
        (item,) = select(scan(self.root, self.root / ".cache"), Question(datatype=self.datatype, suffix=self.suffix))
        return item

    def read(self) -> Any:
        """Read the only recording."""
        return read(self.root, self.item())


def image(shape: tuple[int, ...] = (4, 5, 3, 6), tr: float = 2.0) -> nibabel.Nifti1Image:
    """Return noise as a NIfTI image."""
    img = nibabel.Nifti1Image(np.random.default_rng(0).normal(100, 10, shape).astype(np.float32), np.eye(4))
    img.header.set_xyzt_units("mm", "sec")
    if len(shape) == 4:
        img.header.set_zooms((1, 1, 1, tr))
    return img
