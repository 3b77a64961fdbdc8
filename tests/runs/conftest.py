"""A tiny dataset with a known answer, and runs of it that several tests look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = """version: 1
defaults: {seed: 7}
pipelines:
  tiny:
    title: Rest or work, from alpha power
    input: {datatype: eeg, task: [rest, work]}
    target: {entity: task, positive: work}
    preprocess:
      - pick: {types: [eeg]}
      - filter: {l_freq: 1 Hz, h_freq: 40 Hz}
      - epoch: {duration: 2 s}
    featurize:
      - band_power: {log: true, bands: {theta: [4 Hz, 8 Hz], alpha: [8 Hz, 13 Hz]}}
    train:
      split: {leave_out: subject}
      model: [standardize, {logistic_regression: {C: 1.0}}]
      balance: weights
      null: {permutations: 20}
    evaluate: {metrics: [balanced_accuracy, roc_auc]}
    export: [bids, model, report]
"""
CHANNELS = ("Fz", "Cz", "Pz", "O1", "O2")
SFREQ = 128


def write_recording(folder: Path, subject: str, task: str, seed: int, seconds: int = 24) -> None:
    """Write one EDF with sidecars: pink-ish noise, and alpha that is strong at rest."""
    import edfio

    rng = np.random.default_rng(seed)
    times = np.arange(seconds * SFREQ) / SFREQ
    gain = 20e-6 if task == "rest" else 6e-6
    alpha = gain * np.sin(2 * np.pi * 10 * times + rng.uniform(0, 6)) * (1 + 0.3 * rng.standard_normal())
    data = (
        5e-6 * rng.standard_normal((len(CHANNELS), times.size)) + np.array([[0.3], [0.5], [0.9], [1.0], [1.0]]) * alpha
    )
    signals = [
        edfio.EdfSignal(x * 1e6, SFREQ, label=name, physical_dimension="uV", physical_range=(-500, 500))
        for name, x in zip(CHANNELS, data, strict=True)
    ]
    eeg = folder / f"sub-{subject}" / "eeg"
    eeg.mkdir(parents=True, exist_ok=True)
    base = f"sub-{subject}_task-{task}"
    edfio.Edf(signals).write(eeg / f"{base}_eeg.edf")
    (eeg / f"{base}_eeg.json").write_text(json.dumps({
        "TaskName": task, "SamplingFrequency": SFREQ, "PowerLineFrequency": 50, "EEGReference": "n/a",
        "SoftwareFilters": "n/a",
    }))  # fmt: skip
    rows = "".join(f"{name}\tEEG\tuV\tgood\n" for name in CHANNELS)
    (eeg / f"{base}_channels.tsv").write_text("name\ttype\tunits\tstatus\n" + rows)


def write_dataset(root: Path, n_subjects: int = 4) -> Path:
    """Write a BIDS dataset of people at rest and at work."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "tiny", "BIDSVersion": "1.10.0"}))
    (root / "README").write_text("A tiny simulated dataset.\n")
    ids = [f"{i:02d}" for i in range(1, n_subjects + 1)]
    (root / "participants.tsv").write_text("participant_id\tage\n" + "".join(f"sub-{i}\t{20 + int(i)}\n" for i in ids))
    for subject in ids:
        for task in ("rest", "work"):
            write_recording(root, subject, task, seed=int(subject) * 10 + (task == "work"))
    return root


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Path:
    """Return the tiny dataset; tests that change it copy it first."""
    return write_dataset(tmp_path_factory.mktemp("tiny") / "bids")


@pytest.fixture
def file(tmp_path) -> Path:
    """Return the pipelines file, for a test to change."""
    path = tmp_path / "pipelines.yaml"
    path.write_text(PIPELINES)
    return path


class Cli:
    """The command line in a process of its own, as a person uses it."""

    def __init__(self, home: Path):
        self.env = {**os.environ, "NEUROCLI_CACHE_DIR": str(home / "cache"), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        self.home = home

    def __call__(self, *arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a command and return how it ended."""
        words = [sys.executable, "-m", "neurocli", *map(str, arguments)]
        return subprocess.run(words, capture_output=True, text=True, timeout=timeout, cwd=self.home, env=self.env)

    def document(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a command with ``--json`` and return its document, whatever the exit status."""
        done = self(*arguments, "--json")
        assert done.stdout.count("\n") == 1, done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture
def cli(tmp_path) -> Cli:
    """Return the command line with a cache folder of its own."""
    return Cli(tmp_path)


@pytest.fixture(scope="session")
def finished(dataset, tmp_path_factory) -> tuple[Path, Path, dict[str, Any], Cli]:
    """Return a finished run that tests only read: its folder, pipelines file, document and command line."""
    home = tmp_path_factory.mktemp("finished")
    file = home / "pipelines.yaml"
    file.write_text(PIPELINES)
    cli = Cli(home)
    document = cli.document("run", "tiny", "--bids-dir", dataset, "-o", home / "out", "-f", file, "--n-cpus", "2")
    return home / "out", file, document, cli
