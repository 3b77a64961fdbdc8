"""What is long or wide is written some at a time, and reads as if it had been written at once."""

from __future__ import annotations

import json

import mne
import numpy as np
import pyarrow.parquet as pq
import pytest

from neurocli.bids.write import publish
from neurocli.bids.writers import brainvision, fif, parquet
from neurocli.data.features import Block, Features
from neurocli.data.recording import Epochs, Recording

ENTITIES = {"subject": "01", "task": "rest", "datatype": "eeg", "suffix": "eeg"}
NAMES = ("Fz", "Cz", "Pz")
ABOUT = {"desc": "x", "sources": [], "key": "0" * 64, "settings": {}}


def test_many_epochs_are_several_files_that_can_be_read_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(fif, "_PART", 4 * 3 * 100)
    x = np.random.default_rng(1).normal(scale=1e-5, size=(10, 3, 100))
    samples = {"onset": [float(i) for i in range(10)], "events/trial_type": ["left"] * 5 + ["right"] * 5}
    epochs = Epochs(x, 100.0, 0.0, NAMES, ("eeg",) * 3, ("V",) * 3, ENTITIES, samples)
    paths = [path for path in publish(tmp_path, epochs, **ABOUT) if path.suffix == ".fif"]
    assert [path.name for path in paths] == [f"sub-01_task-rest_split-0{i}_desc-x_epo.fif" for i in (1, 2, 3)]
    parts = [mne.read_epochs(path, verbose="ERROR") for path in paths]
    np.testing.assert_allclose(np.concatenate([part.get_data() for part in parts]), x, rtol=1e-6)
    assert [len(part["left"]) if "left" in part.event_id else 0 for part in parts] == [4, 1, 0]
    assert [path.name for path in (tmp_path / "sub-01" / "eeg").glob(".*")] == []


def test_a_long_recording_is_written_block_by_block_to_the_same_bytes(tmp_path, monkeypatch):
    x = np.random.default_rng(2).normal(scale=1e-5, size=(3, 1000))
    recording = Recording(x, 100.0, NAMES, ("eeg",) * 3, ("V", "V", "1"), ENTITIES)
    at_once = brainvision.write(tmp_path / "a", recording)
    monkeypatch.setattr(brainvision, "_BLOCK", 3 * 77)
    by_block = brainvision.write(tmp_path / "b", recording)
    assert by_block[1].read_bytes() == at_once[1].read_bytes()


@pytest.mark.parametrize("group", [2**28, 40 * 8 * 7])
def test_ten_thousand_columns_come_back_as_they_were(tmp_path, monkeypatch, group):
    """One row group or many; text stays text, the entities stand before the features, and each column has its unit."""
    n, wide = (5, 10_000) if group == 2**28 else (50, 40)
    monkeypatch.setattr(parquet, "_GROUP", group)
    x = np.random.default_rng(3).standard_normal((n, wide))
    x[1, 2] = np.nan
    columns = tuple(f"dwt_energy/{i // 100}/E{i % 100}" for i in range(wide))
    samples = {"subject": ["01"] * n, "onset": [2.0 * i for i in range(n)], "events/value": [None, *["a"] * (n - 1)]}
    blocks = (Block("dwt_energy", x, columns, "V^2"), Block("cov", x[:, :4].reshape(n, 2, 2), (), "V^2"))
    table_path, sidecar = publish(tmp_path, Features(blocks, samples, ENTITIES), **ABOUT)
    table = pq.read_table(table_path)
    assert table.column_names == [*samples, *columns, "cov"]
    assert {name: table[name].to_pylist() for name in samples} == samples
    np.testing.assert_array_equal(np.stack([table[name].to_numpy() for name in columns], axis=1), x)
    np.testing.assert_array_equal(np.array(table["cov"].to_pylist()).reshape(n, 2, 2), blocks[1].values)
    described = json.loads(sidecar.read_text())["Columns"]
    assert all(described[name]["Units"] == "V^2" and described[name]["Description"] for name in columns)
    assert pq.ParquetFile(table_path).num_row_groups == (1 if group == 2**28 else -(-n // 6))
