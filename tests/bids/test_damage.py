"""Whatever happens to the bytes of a file, there is a recording or one of our errors, and never anything else."""

from __future__ import annotations

import logging
from pathlib import Path

import edfio
import nibabel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurocli.bids.question import Item
from neurocli.bids.read import read
from neurocli.errors import InputError
from tests.bids.recordings import Dataset, image, noise, write_brainvision, write_edf

logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)  # it comments on each odd header
N_HEAD = 1500  # most of what can go wrong is at the start


def edf(dataset: Dataset) -> None:
    write_edf(dataset.path("eeg.edf"), noise(n_times=200), annotations=[edfio.EdfAnnotation(0.5, None, "x")])
    dataset.channels(status=("good", "bad", "n/a", "good"))
    dataset.json(SamplingFrequency=100.0, EEGReference="Cz", RecordingDuration=2.0)
    dataset.table("events.tsv", [{"onset": 0.5, "duration": 1, "trial_type": "a"}])
    dataset.table("electrodes.tsv", [{"name": "Cz", "x": 0, "y": 0, "z": 0.1}])
    dataset.path("coordsystem.json").write_text('{"EEGCoordinateUnits": "m", "EEGCoordinateSystem": "CapTrak"}')


def brainvision(dataset: Dataset) -> None:
    write_brainvision(dataset.folder, "sub-01_task-rest_eeg", noise(n_times=200))


def nifti(dataset: Dataset) -> None:
    nibabel.save(image(), dataset.path("bold.nii"))


def compressed(dataset: Dataset) -> None:
    nibabel.save(image(), dataset.path("bold.nii.gz"))


FILES = [
    (edf, "eeg.edf"), (edf, "channels.tsv"), (edf, "eeg.json"), (edf, "events.tsv"), (edf, "electrodes.tsv"),
    (edf, "coordsystem.json"), (brainvision, "eeg.vhdr"), (brainvision, "eeg.vmrk"), (brainvision, "eeg.eeg"),
    (nifti, "bold.nii"), (compressed, "bold.nii.gz"),
]  # fmt: skip
changes = st.lists(st.tuples(st.integers(0, N_HEAD), st.sampled_from([0, 10, 32, 45, 48, 57, 127, 255])), max_size=5)


@pytest.fixture(params=FILES, ids=lambda pair: f"{pair[0].__name__} {pair[1]}")
def damaged(request, tmp_path) -> tuple[Dataset, Item, Path, bytes]:
    write, ending = request.param
    image_ = write in (nifti, compressed)
    dataset = Dataset(tmp_path / "data", "func" if image_ else "eeg", "bold" if image_ else "eeg")
    write(dataset)
    path = dataset.path(ending)
    return dataset, dataset.item(), path, path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(changes=changes, cut=st.none() | st.floats(0, 1))
def test_damage_is_survived_or_named(damaged, changes, cut):
    dataset, item, path, whole = damaged
    content = bytearray(whole)
    for place, byte in changes:
        content[place % len(content)] = byte
    path.write_bytes(content[: int(len(content) * cut)] if cut is not None else content)
    assert outcome(dataset.root, item).startswith(("read (", "E-INPUT-"))


def outcome(root: Path, item: Item) -> str:
    """Return ``read``, or the code of the error and the file it names."""
    try:
        return f"read {read(root, item).data.shape}"
    except InputError as error:
        return f"{error.code} {error.where}"
