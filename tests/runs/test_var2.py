"""Two VAR(2) processes of one covariance: only delays tell them apart, from the files to the score."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from tests.runs.conftest import Cli
from tests.runs.simulated import begin, write_eeg

SFREQ, EACH, SUBJECTS = 128, 16, 4
TEXT = """version: 1
defaults: {seed: 1, export: [report]}
pipelines:
  plain:
    input: {datatype: eeg, task: var}
    target: {events: trial_type, positive: b}
    preprocess: [epoch: {events: trial_type}]
    featurize: [covariance: {estimator: lwf}]
    train:
      split: {leave_out: subject}
      model: [tangent_space, {logistic_regression: {C: 1.0}}]
      null: {permutations: 0}
    evaluate: {metrics: [accuracy]}
  augmented:
    extends: plain
    featurize: [augmented_covariance: {order: 3, lag: 1}]
"""


def process(label: str, rng: np.random.Generator) -> np.ndarray:
    """Return two seconds of x_t = 2 r cos(w) x_{t-1} - r^2 x_{t-2} + e_t in three channels, of unit variance."""
    r, w = 0.9, {"a": 0.6, "b": 0.75}[label]
    a1, a2 = 2 * r * np.cos(w), -(r**2)
    x = lfilter([1], [1, -a1, -a2], rng.normal(size=(3, 2 * SFREQ + 200)))[:, 200:]
    return np.asarray(x / np.sqrt((1 - a2) / ((1 + a2) * ((1 - a2) ** 2 - a1**2))))


@pytest.mark.slow
def test_delays_beat_the_plain_covariance(tmp_path):
    root = begin(tmp_path / "bids")
    mixing = 20 * np.random.default_rng(99).normal(size=(3, 3))
    for i in range(SUBJECTS):
        rng = np.random.default_rng(i)
        labels = [str(label) for label in rng.permutation(["a", "b"] * EACH)]
        data = mixing @ np.concatenate([process(label, rng) for label in labels], axis=1)
        events = [(2.0 * j, 2.0, label) for j, label in enumerate(labels)]
        write_eeg(root, f"sub-{i + 1:02d}_task-var", data, SFREQ, ("Fz", "Cz", "Pz"), events)
    (tmp_path / "pipelines.yaml").write_text(TEXT)
    cli = Cli(tmp_path)
    words = ("--bids-dir", root, "-o", tmp_path / "out", "-f", tmp_path / "pipelines.yaml", "--n-cpus", "2")
    plain, augmented = (cli.document("run", name, *words)["scores"][0] for name in ("plain", "augmented"))
    assert abs(plain["mean"] - 0.5) < 4 * np.sqrt(0.25 / (2 * EACH * SUBJECTS))
    assert augmented["mean"] > 0.9
    assert min(row["value"] for row in augmented["per_subject"]) > max(row["value"] for row in plain["per_subject"])
