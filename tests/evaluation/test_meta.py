"""The meta-analysis over datasets: Stouffer's method by hand, and what cannot be combined."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from neurocli.commands import build
from neurocli.errors import InputError
from neurocli.evaluation.meta import over_runs
from neurocli.evaluation.statistics.paired import sign_flip
from tests.evaluation.test_compare import document

RNG = np.random.default_rng(1)
RUNS = {
    f"set-{i}": {"good": document(RNG.normal(0.8, 0.05, n)), "poor": document(RNG.normal(0.7, 0.05, n))}
    for i, n in enumerate((8, 12, 10))
}


def values(run, name):
    return np.array([row["value"] for row in RUNS[run][name]["scores"][0]["per_subject"]])


def test_the_combined_p_is_stouffers_with_weights_of_root_n():
    (pair,) = over_runs(RUNS, "accuracy")["pairs"]
    found = [sign_flip(values(run, "good") - values(run, "poor"), np.random.default_rng(0)) for run in RUNS]
    n = np.array([len(values(run, "good")) for run in RUNS])
    z = (np.sqrt(n) @ stats.norm.isf([test.p for test in found])) / np.sqrt(n.sum())
    assert pair["better"] == "good"
    assert pair["p"] == pytest.approx(2 * stats.norm.sf(z))
    assert pair["effect"] == pytest.approx(np.sqrt(n) @ [test.effect for test in found] / np.sqrt(n).sum())
    assert [row["n_subjects"] for row in pair["per_dataset"]] == [8, 12, 10]


def test_nothing_is_found_where_there_is_nothing():
    rng = np.random.default_rng(2)
    same = {f"{i}": {name: document(rng.normal(0.7, 0.05, 9)) for name in "ab"} for i in range(3)}
    assert over_runs(same, "accuracy")["pairs"][0]["p"] > 0.05


def test_folders_without_common_pipelines_are_refused():
    with pytest.raises(InputError, match="2 folders share 1 pipelines: good") as error:
        over_runs({"a": RUNS["set-0"], "b": {"good": RUNS["set-1"]["good"]}}, "accuracy")
    assert error.value.code == "E-INPUT-OUT"


def test_the_command_reads_the_folders(tmp_path):
    for run, found in RUNS.items():
        (tmp_path / run / "group").mkdir(parents=True)
        for name, scores in found.items():
            (tmp_path / run / "group" / f"desc-{name}_scores.json").write_text(json.dumps(scores))
    done = CliRunner().invoke(build(), ["compare", "--datasets", *(str(tmp_path / run) for run in RUNS)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "accuracy, 3 datasets"
    assert "good over poor: effect" in done.stdout
    assert "over datasets of 8, 12, 10 subjects" in done.stdout
