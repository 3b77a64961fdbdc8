"""The forecasts that ship, with their own horizon, occurrence and windows, on hours in which a change was planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.conftest import Cli
from tests.runs.simulated import begin, write_eeg

pytestmark = pytest.mark.slow
SFREQ, HOURS, MINUTE = 128, 4, 60.0
SEIZURES = {"01": (58, 170), "02": (75, 201), "03": (49, 150)}  # minutes
CHANNELS = ("F3", "F4", "P3", "P4")


@pytest.fixture(scope="module")
def hours(tmp_path_factory) -> Path:
    """Four hours of three people, two seizures each; F3 has a rhythm of 6 Hz in the 36 minutes before a seizure."""
    root = begin(tmp_path_factory.mktemp("hours") / "bids")
    times = np.arange(HOURS * 60 * 60 * SFREQ) / SFREQ
    rhythm = 15 * np.sin(2 * np.pi * 6 * times)
    for subject, minutes in SEIZURES.items():
        data = 10 * np.random.default_rng(int(subject)).standard_normal((len(CHANNELS), times.size))
        for onset in MINUTE * np.array(minutes):
            data[0] += rhythm * ((times >= onset - 36 * MINUTE) & (times < onset))
            data[:, (times >= onset) & (times < onset + MINUTE)] *= 5
        events = [(0.0, HOURS * 3600.0, "bckg"), *((m * MINUTE, MINUTE, "sz") for m in minutes)]
        write_eeg(root, f"sub-{subject}_task-szMonitoring", data, SFREQ, CHANNELS, events)
    return root


def run(name: str, hours: Path, home: Path, *more: str) -> dict:
    document = Cli(home).document("run", name, "--bids-dir", hours, "-o", home / "out", "--n-cpus", "2", *more)
    assert document["exit"] == 0, document
    assert "<h2>Forecast</h2>" in (home / "out" / "report.html").read_text()
    assert (home / "out" / "group" / f"desc-{name.replace('-', '')}_alarms.tsv").is_file()
    return document["forecast"]


def test_boosted_trees_foretell_what_was_planted(hours, tmp_path):
    found = run("forecast", hours, tmp_path, "--set", "train.null.permutations=0")  # for time
    assert found["k_of_n"] == [3, 5]
    assert (found["horizon"], found["occurrence"], found["n_onsets"]) == (300.0, 1800.0, 6)
    assert found["sensitivity"] == 1
    assert found["p_surrogate"] < 0.05
    assert found["p_rate"] < 0.05


def test_a_small_attention_net_with_an_adversary_runs(hours, tmp_path):
    small = {"n_epochs": 1, "patch": "1 s", "width": 8, "depth": 1}  # for time
    words = [f"train.model.adversarial_attention.{name}={value}" for name, value in small.items()]
    found = run("forecast-attention", hours, tmp_path, *(word for each in words for word in ("--set", each)))
    assert (found["k_of_n"], found["n_onsets"]) == ([3, 5], 6)
    assert 0 <= found["sensitivity"] <= 1
    assert found["random_sensitivity"] is not None
