"""Protocols beside the score, asked for in YAML, on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runs.conftest import PIPELINES, Cli
from tests.runs.simulated import begin, write_eeg

pytestmark = pytest.mark.slow  # each starts workers of its own
SFREQ, EACH = 50, 16  # Hz; events a class
START, END = 0.2, 0.4  # s after the event: there, and nowhere else, the classes differ
SUBJECTS = [f"{i:02d}" for i in range(1, 7)]
LOOK = """version: 1
defaults: {seed: 3, export: [bids, report]}
pipelines:
  moments:
    title: When two pictures are told apart
    input: {datatype: eeg, task: look}
    target: {events: trial_type, positive: face}
    preprocess:
      - pick: {channels: [Cz]}
      - epoch: {events: trial_type, tmin: -0.2 s, tmax: 0.6 s}
    train:
      split: {leave_out: subject}
      model: [vectorize, standardize, lda]
      null: {permutations: 0}
      over_time: {window: 40 ms, step: 40 ms}
    evaluate: {metrics: [balanced_accuracy], clusters: 200}
  squares:
    extends: moments
    train: {over_time: {window: 40 ms, step: 40 ms, generalise: true}}
  own:
    extends: moments
    preprocess:
      - pick: {channels: [Pz, Oz]}
      - epoch: {events: trial_type, tmin: 0 s, tmax: 0.1 s}
    train: {model: [vectorize, knn: {n_neighbors: 1}], over_time: null, few_shot: [0, 1, 3, 8]}
    evaluate: {metrics: [balanced_accuracy], clusters: null}
"""


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    """Six people look at two kinds of picture.

    Cz differs between START and END after the event. Pz and Oz lie on a circle: each person has two neighbouring
    places, and next to each of them lies the other class of a neighbour, so nothing is learned without own samples.
    """
    root = begin(tmp_path_factory.mktemp("look") / "bids")
    for i, subject in enumerate(SUBJECTS):
        rng = np.random.default_rng(i)
        kinds = rng.permutation(np.repeat(["face", "house"], EACH))
        events = [(1.0 + 1.5 * j, 0.5, str(kind)) for j, kind in enumerate(kinds)]
        data = rng.standard_normal((3, (3 + 3 * EACH) * SFREQ))
        for onset, _, kind in events:
            at = round(onset * SFREQ)
            sign = 1 if kind == "face" else -1
            data[0, at + round(START * SFREQ) : at + round(END * SFREQ)] += 1.0 * sign
            place = 2 * np.pi * (2 * i + (kind == "face")) / (2 * len(SUBJECTS))
            data[1:, at : at + SFREQ] += 20 * np.array([[np.cos(place)], [np.sin(place)]])
        write_eeg(root, f"sub-{subject}_task-look", data, SFREQ, ("Cz", "Pz", "Oz"), events)
    return root


@pytest.fixture(scope="module")
def run(look, tmp_path_factory):
    """Return how one of the pipelines is run."""
    home = tmp_path_factory.mktemp("protocols")
    (home / "pipelines.yaml").write_text(LOOK)
    cli = Cli(home)

    def call(name):
        words = ("run", name, "--bids-dir", look, "-o", home / name, "-f", home / "pipelines.yaml", "--n-cpus", "2")
        return home / name, cli.document(*words)

    return call


def page(out):
    return (out / "report.html").read_text()


def table(out, name):
    head, *rows = ((out / "group" / f"desc-{name}.tsv").read_text()).splitlines()
    return [dict(zip(head.split("\t"), row.split("\t"), strict=True)) for row in rows]


def test_the_classes_are_told_apart_when_they_differ_and_only_then(run):
    out, document = run("moments")
    assert document["exit"] == 0, document
    found = document["over_time"]
    times = np.array(found["times"])
    inside = (times > START) & (times < END - 0.02)  # windows of 40 ms that lie within the effect
    outside = (times < START - 0.03) | (times > END + 0.03)
    value, p = np.array(found["mean"][0]), np.array(found["p"][0])
    assert value[inside].min() > 0.75
    assert (p[inside] < 0.05).all()
    assert abs(value[outside].mean() - 0.5) < 4 * np.sqrt(0.25 / (2 * EACH * len(SUBJECTS)))
    (cluster,) = (c for c in found["clusters"] if c["start"] <= times[inside].min() < times[inside].max() <= c["end"])
    assert START <= cluster["peak_time"] <= END
    assert found["smallest_p"] == 1 / 2 ** len(SUBJECTS) <= cluster["p"] <= 0.05
    assert "<h2>Decoding over time</h2>" in page(out)
    assert 'alt="Over time"' in page(out)
    rows = table(out, "moments_overtime")
    assert [float(row["value"]) for row in rows] == pytest.approx(value)


def test_what_is_learned_at_one_moment_holds_at_the_others_of_the_effect(run):
    out, document = run("squares")
    found = document["over_time"]
    times, mean = np.array(found["times"]), np.array(found["mean"])
    inside = (times > START) & (times < END - 0.02)
    before = times < START - 0.03
    assert mean[np.ix_(inside, inside)].min() > 0.7
    assert abs(mean[np.ix_(before, inside)].mean() - 0.5) < 0.1
    assert np.diag(mean)[inside].min() > 0.75
    assert 'alt="Generalisation over time"' in page(out)


def test_own_samples_help_where_nothing_else_does(run):
    out, document = run("own")
    assert document["exit"] == 0, document
    (curve,) = document["few_shot"]["curves"]
    means = [point["mean"] for point in curve["points"]]
    assert document["few_shot"]["shots"] == [0, 1, 3, 8]
    assert means[0] < 0.2
    assert min(means[1:]) > 0.9
    assert curve["gain"]["difference"] == pytest.approx(means[-1] - means[0])
    assert curve["gain"]["p"] == pytest.approx(1 / 2 ** len(SUBJECTS))
    assert document["scores"][0]["mean"] < 0.2  # the score itself has no own samples
    assert "<h2>Few-shot calibration</h2>" in page(out)
    assert len(table(out, "own_fewshot")) == 4


def test_a_model_that_is_told_nothing_is_at_chance_and_its_latency_is_measured(dataset, tmp_path):
    (tmp_path / "pipelines.yaml").write_text(
        PIPELINES.replace("      balance: weights", "      balance: weights\n      ablation: {repeats: 3}\n"
                          "      latency: true").replace("permutations: 20", "permutations: 0")
    )  # fmt: skip
    cli, out = Cli(tmp_path), tmp_path / "out"
    words = ("run", "tiny", "--bids-dir", dataset, "-o", out, "-f", tmp_path / "pipelines.yaml", "--n-cpus", "2")
    document = cli.document(*words)
    curve = next(c for c in document["ablation"]["curves"] if c["metric"] == "balanced_accuracy")
    first, *_, last = curve["points"]
    assert document["ablation"]["n_columns"] == 10
    assert first["low"] == first["mean"] == pytest.approx(document["scores"][0]["mean"])
    assert last["mean"] == curve["chance"] == 0.5
    assert "<h2>Random ablation</h2>" in page(out)
    assert "latency of one sample" in page(out)
    spoken = cli(*words).stdout
    assert "ablation, balanced_accuracy by share: 0: " in spoken
