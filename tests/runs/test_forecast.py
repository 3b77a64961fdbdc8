"""Forecasts from a BIDS dataset to the report: what was planted is found, and guessing is exposed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neurocli.data.hed_score import Annotation, Annotations, to_tsv
from tests.runs.conftest import Cli
from tests.runs.simulated import begin, write_eeg

pytestmark = pytest.mark.slow
SFREQ, SECONDS, SEIZURE = 16, 2400, 20.0
TEXT = """version: 1
defaults: {seed: 1, export: [bids, report]}
pipelines:
  knows:
    input: {datatype: eeg, task: monitoring}
    target: {events: trial_type, positive: sz, ahead: {horizon: 20 s, occurrence: 100 s, recovery: 30 s}}
    preprocess: [pick: {channels: [Cz]}, epoch: {duration: 10 s}]
    featurize: [log_variance]
    train:
      split: {leave_out: subject}
      model: [standardize, logistic_regression]
      balance: weights
      null: {permutations: 0}
    evaluate: {metrics: [roc_auc], forecast: {k: 2, n: 3, surrogates: 199}}
  guesses:
    extends: knows
    preprocess: [pick: {channels: [Pz]}, epoch: {duration: 10 s}]
  windows:
    extends: knows
    target: {ahead: null, otherwise: background}
    evaluate: {forecast: null, seizures: {sensitivity: 0.9}}
    export: [report, hed_score]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Four recordings with a seizure every 300 to 500 s; Cz grows louder 130 s before each, Pz tells nothing."""
    home = tmp_path_factory.mktemp("forecast")
    root = begin(home / "bids")
    for i in range(4):
        rng = np.random.default_rng(i)
        onsets = np.cumsum(rng.uniform(300, 500, 8))
        onsets = np.round(onsets[onsets < SECONDS - 60] / 10) * 10
        times = np.arange(SECONDS * SFREQ) / SFREQ
        data = 10 * rng.standard_normal((2, times.size))
        for onset in onsets:
            data[0, (times >= onset - 130) & (times < onset)] *= 2
            data[:, (times >= onset) & (times < onset + SEIZURE)] *= 5
        events = [(float(onset), SEIZURE, "sz") for onset in onsets]
        write_eeg(root, f"sub-{i + 1:02d}_task-monitoring", data, SFREQ, ("Cz", "Pz"), events)
        path = home / "truth" / f"sub-{i + 1:02d}" / "eeg" / f"sub-{i + 1:02d}_task-monitoring_events.tsv"
        path.parent.mkdir(parents=True)
        rows = tuple(Annotation(onset, length) for onset, length, _ in events)
        path.write_text(to_tsv(Annotations(rows, float(SECONDS))))
    (home / "pipelines.yaml").write_text(TEXT)
    cli = Cli(home)

    def call(name):
        words = ("run", name, "--bids-dir", root, "-o", home / name, "-f", home / "pipelines.yaml", "--n-cpus", "2")
        return home / name, cli.document(*words)

    call.cli = cli
    return call


def test_what_was_planted_is_foretold(run):
    out, document = run("knows")
    assert document["exit"] == 0, document
    found = document["forecast"]
    assert document["scores"][0]["mean"] > 0.9
    assert found["sensitivity"] > 0.8
    assert found["p_surrogate"] <= 0.01
    assert found["p_rate"] <= 0.01
    assert "<h2>Forecast</h2>" in (out / "report.html").read_text()
    assert (out / "group" / "desc-knows_alarms.tsv").read_text().startswith("recording\tkind\ttime\n")


def test_a_guess_is_exposed(run):
    _, document = run("guesses")
    found = document["forecast"]
    assert found["p_surrogate"] > 0.05
    assert found["p_rate"] > 0.05


def test_what_no_seizure_covers_has_the_label_that_was_given(run):
    out, document = run("windows")
    assert document["exit"] == 0, document
    assert "forecast" not in document
    assert document["scores"][0]["mean"] > 0.99  # seizures are five times as loud
    assert document["scores"][0]["n_samples"] == 4 * SECONDS / 10
    found = document["seizures"]
    assert found["false_alarms"]["per_hour"] < 1
    assert found["latency"]["n_found"] == found["latency"]["n_events"]
    assert abs(found["latency"]["median_s"]) <= 10  # one window
    assert sorted(path.name for path in out.glob("sub-*/eeg/*_events.tsv"))
    done = run.cli("score-events", out.parent / "truth", out, "--json")
    scored = json.loads(done.stdout)
    assert scored["n_recordings"] == 4
    assert {row["scorer"] for row in scored["scorers"] if row["pooled"]["f1"] > 0.95} >= {"SzCORE event", "NEDC OVLP"}
