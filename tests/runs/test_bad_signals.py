"""Features of recordings that are not as they should be: a defined value or one clear error, never a silent number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.bids.recordings import write_brainvision

NAMES = ("Fz", "Cz", "Pz")
N_TIMES = 1200  # 12 s at the 100 Hz of the writer
PIPELINE = """version: 1
pipelines:
  bad:
    input: {datatype: eeg}
    preprocess: [{epoch: {duration: 4 s}}]
    featurize: [mean, variance, kurtosis, hjorth_mobility, band_power, spectral_entropy, permutation_entropy,
                correlation]
"""
FAULTS = {
    "one": ("E-FEATURES-CHANNELS", "correlation is of pairs of channels, and there is 1"),
    "nan": ("E-INPUT-NAN", "Samples of channel Cz are not finite numbers"),
    "inf": ("E-INPUT-NAN", "Samples of channel Pz are not finite numbers"),
    "short": ("E-INPUT-EPOCHS", "the recording is too short for one"),
    "unit": ("E-INPUT-UNIT", "Nothing says which unit of voltage the channels Cz are in"),
}
DEFINED = ("good", "flat", "dead", "bad", "millivolts")


def signal(subject: str) -> np.ndarray:
    x = np.random.default_rng(3).normal(scale=20, size=(3, N_TIMES))
    if subject == "flat":
        x[1] = 4.0
    elif subject == "dead":
        x[:] = 0.0
    elif subject in ("nan", "bad"):
        x[1, 700] = np.nan
    elif subject == "inf":
        x[2, 3] = -np.inf
    return x[:1] if subject == "one" else x[:, :300] if subject == "short" else x


def write_subject(root: Path, subject: str) -> None:
    folder, base = root / f"sub-{subject}" / "eeg", f"sub-{subject}_task-rest"
    x = signal(subject)
    unit = {"unit": "arbitrary", "millivolts": "mV"}.get(subject, "µV")
    header = write_brainvision(folder, f"{base}_eeg", x / 1000 if unit == "mV" else x, NAMES[: len(x)], unit)
    if subject == "unit":  # the others are in microvolts
        text = header.read_text(encoding="utf-8")
        header.write_text(text.replace("Fz,,1,arbitrary", "Fz,,1,µV").replace("Pz,,1,arbitrary", "Pz,,1,µV"), "utf-8")
    status = ["bad" if subject == "bad" and name == "Cz" else "good" for name in NAMES]
    rows = [f"{name}\tEEG\tn/a\t{mark}" for name, mark in zip(NAMES[: len(x)], status, strict=False)]
    (folder / f"{base}_channels.tsv").write_text("\n".join(["name\ttype\tunits\tstatus", *rows]) + "\n")
    (folder / f"{base}_eeg.json").write_text(json.dumps({"TaskName": "rest", "SamplingFrequency": 100}))


@pytest.fixture(scope="module")
def answered(tmp_path_factory) -> tuple[dict[str, Any], Path]:
    """Return the document of one run over all of them, and its folder."""
    from tests.runs.conftest import Cli

    home = tmp_path_factory.mktemp("bad")
    for subject in (*FAULTS, *DEFINED):
        write_subject(home / "bids", subject)
    (home / "bids" / "dataset_description.json").write_text(json.dumps({"Name": "bad", "BIDSVersion": "1.10.0"}))
    (home / "pipelines.yaml").write_text(PIPELINE)
    words = ["featurize", "bad", "--bids-dir", home / "bids", "-o", home / "out", "-f", home / "pipelines.yaml"]
    return Cli(home).document(*words), home / "out"


def values(out: Path, subject: str) -> dict[str, np.ndarray]:
    table = pq.read_table(out / f"sub-{subject}" / "eeg" / f"sub-{subject}_task-rest_desc-bad_features.parquet")
    return {name: table[name].to_numpy() for name in table.column_names if "/" in name}


def test_every_fault_is_one_clear_error(answered):
    document, _ = answered
    found = {failure["unit"].split("sub-")[1].split("_")[0]: failure for failure in document["failures"]}
    assert sorted(found) == sorted(FAULTS)
    assert {subject: failure["code"] for subject, failure in found.items()} == {s: c for s, (c, _) in FAULTS.items()}
    for subject, (_, words) in FAULTS.items():
        assert words in found[subject]["message"]
        assert found[subject]["remedy"]
    assert (document["status"], document["exit"]) == ("partial", 5)


def test_a_good_recording_has_numbers_everywhere(answered):
    found = values(answered[1], "good")
    assert len(found) == 3 * (4 + 5 + 2) + 3
    assert all(np.isfinite(column).all() and len(column) == 3 for column in found.values())


@pytest.mark.parametrize("subject", ["flat", "bad"])
def test_a_flat_or_bad_channel_spoils_its_own_columns_alone(answered, subject):
    good, found = values(answered[1], "good"), values(answered[1], subject)
    assert found.keys() == good.keys()
    others = [name for name in good if "Cz" not in name.rpartition("/")[2]]
    for name in others:
        if not name.startswith("correlation") or subject == "flat":  # pairs need an epoch that is whole
            np.testing.assert_array_equal(found[name], good[name])
    mine = {name: column for name, column in found.items() if name not in others}
    assert not any(np.isinf(column).any() for column in mine.values())
    if subject == "flat":
        np.testing.assert_allclose(mine["mean/Cz"], 4e-6, rtol=1e-6)
        assert (mine["variance/Cz"] == 0).all()
        assert all(np.isnan(mine[name]).all() for name in ("kurtosis/Cz", "hjorth_mobility/Cz", "correlation/Fz~Cz"))
    else:
        assert all(np.isnan(column[1]) for column in mine.values())
        assert np.isfinite(mine["mean/Cz"][[0, 2]]).all()


def test_a_dead_recording_has_no_infinity(answered):
    found = values(answered[1], "dead")
    assert not any(np.isinf(column).any() for column in found.values())
    assert all((found[f"variance/{name}"] == 0).all() for name in NAMES)


def test_the_unit_of_the_file_does_not_matter(answered):
    """The same signal in mV: float32 of the file rounds, nothing else."""
    good, found = values(answered[1], "good"), values(answered[1], "millivolts")
    for name in good:
        np.testing.assert_allclose(found[name], good[name], rtol=1e-5, atol=1e-12)
