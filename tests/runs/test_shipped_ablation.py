"""The attention net of the shipped `resting-attention` loses, feature by feature, what was planted for it."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.pipelines.config import load
from tests.runs.conftest import Cli
from tests.runs.simulated import begin, write_eeg

pytestmark = pytest.mark.slow  # starts workers of its own
SFREQ, SECONDS, CHANNELS = 128, 64, ("Fz", "Pz")

SHORT = ("--set", "train.model.feature_attention.n_epochs=40")  # of 100; it has learned by then


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Four people at rest; those of group b have a rhythm of 10 Hz on top of noise, each as strong as by chance."""
    home = tmp_path_factory.mktemp("ablation")
    root = begin(home / "bids")
    times = np.arange(SECONDS * SFREQ) / SFREQ
    rows = "participant_id\tgroup\n"
    for i in range(4):
        rng = np.random.default_rng(i)
        data = 10 * rng.standard_normal((len(CHANNELS), times.size))
        data += i % 2 * rng.uniform(10, 15) * np.sin(2 * np.pi * 10 * times)
        write_eeg(root, f"sub-{i + 1:02d}_task-rest", data, SFREQ, CHANNELS)
        rows += f"sub-{i + 1:02d}\t{'ab'[i % 2]}\n"
    (root / "participants.tsv").write_text(rows)
    words = ("run", "resting-attention", "--bids-dir", root, "-o", home / "out", "--n-cpus", "2", *SHORT)
    return home / "out", Cli(home).document(*words)


def test_the_curve_falls_from_the_score_to_one_answer_for_each_person(run):
    _, document = run
    assert document["exit"] == 0, document
    facts = document["ablation"]
    curve = next(c for c in facts["curves"] if c["metric"] == "balanced_accuracy")
    means = [point["mean"] for point in curve["points"]]
    assert facts["repeats"] == load(None).pipelines["resting-attention"].train.ablation.repeats
    assert curve["points"][0]["low"] == means[0] == pytest.approx(document["scores"][0]["mean"])
    assert means[0] > 0.9
    assert means[-2] < means[0]
    assert np.all(np.diff(means) <= 0.02), means  # a draw may leave more than a smaller one did
    assert curve["points"][-1]["low"] == curve["points"][-1]["high"]  # told nothing, it says one class of each person
    assert means[-1] in (0, 0.25, 0.5, 0.75, 1)


def test_the_report_has_the_curve_and_the_paper(run):
    out, _ = run
    page = (out / "report.html").read_text()
    assert "<h2>Random ablation</h2>" in page
    assert "Dougalis (2026)" in page
