"""The shipped pipelines on real recordings score what a simple, leak-free pipeline scores there, or better.

The figures are single runs of untuned pipelines (README of the data); hundredths are noise on data this small.
"""

from __future__ import annotations

import pytest

LEAK_FREE = {"eegmat": ("balanced_accuracy", 0.60), "eegmat-centered": ("balanced_accuracy", 0.74),
             "ssvep": ("accuracy", 0.38), "haxby": ("accuracy", 0.73)}  # fmt: skip
CHANCE = {"eegmat": 0.5, "eegmat-centered": 0.5, "ssvep": 0.25, "haxby": 0.125}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LEAK_FREE))
def test_a_shipped_pipeline_on_real_recordings(name, shared_data, cli, tmp_path):
    dataset = shared_data / name.removesuffix("-centered")
    metric, figure = LEAK_FREE[name]
    document = cli.document("run", name, "--bids-dir", dataset, "-o", tmp_path / "out")
    assert document["status"] == "ok", document["failures"]
    score = next(score for score in document["scores"] if score["metric"] == metric)
    assert score["mean"] > figure - 0.05
    assert score["chance"] == CHANCE[name]
    assert 0 < score["p_null"] <= 1
    assert set(score["rivals"]) == {"majority", "linear"}
    assert document["leaks"] == []
    transductive = document["certificate"]["transductive"]
    assert transductive == (["center by subject"] if name == "eegmat-centered" else [])
