"""What a preset cannot take is refused before anything is read, where `channels.tsv` shows it."""

from __future__ import annotations

import pytest

from bench.presets import CASES, outcome
from tests.runs.conftest import CHANNELS

PAIRS = {"Fz": "Fz-Cz", "Cz": "Cz-Pz", "Pz": "Pz-O1", "O1": "O1-O2", "O2": "O2-P4"}


@pytest.fixture
def bipolar(tmp_path):
    """Return a dataset whose channels.tsv names pairs; its recordings are no recordings, so reading one would fail."""
    root = tmp_path / "bids"
    eeg = root / "sub-01" / "eeg"
    eeg.mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    for task in ("a", "b"):
        (eeg / f"sub-01_task-{task}_eeg.edf").write_bytes(b"no EDF")
        rows = "".join(f"{PAIRS[name]}\tEEG\tuV\n" for name in CHANNELS)
        (eeg / f"sub-01_task-{task}_channels.tsv").write_text("name\ttype\tunits\n" + rows)
    return root


def test_bipolar_recordings_cannot_take_the_seizure_preset(cli, bipolar, tmp_path):
    done = cli("preprocess", "seizure-19ch-256hz", "--bids-dir", bipolar, "-o", tmp_path / "out")
    assert done.returncode == 4
    assert "E-INPUT-REFERENCE sub-01/eeg/sub-01_task-a_channels.tsv: 5 channels are bipolar" in done.stderr
    assert not (tmp_path / "out" / "sub-01").exists()


def test_where_one_recording_may_be_taken_the_others_fail_alone(cli, bipolar, tmp_path):
    (bipolar / "sub-01" / "eeg" / "sub-01_task-b_channels.tsv").unlink()  # nothing is known of it before it is read
    done = cli("preprocess", "seizure-19ch-256hz", "--bids-dir", bipolar, "-o", tmp_path / "out")
    assert done.returncode == 6
    assert "E-INPUT-TRUNCATED" in done.stderr or "E-INPUT-UNREADABLE" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_real_set_ends_as_it_should(case, shared_data, tmp_path):
    """The table of docs/benchmarks.md: through the preset where the data allow, else refused with the right code."""
    assert (shared_data / case.data).is_dir()
    found = outcome(case, tmp_path, quick=True)
    assert (found.exit, found.code) == (case.exit, case.code)
    assert found.valid is not False
