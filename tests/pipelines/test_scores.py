"""Runs side by side: paired where it is the same people, and not where the labels alone are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from neurocli.commands import build
from neurocli.pipelines.scores import comparison


def run(folder: Path, dataset: str | None, value: float, subjects: str = "abcd") -> Path:
    """Write what a run leaves of its scores."""
    per_subject = [{"subject": s, "value": value + i / 100} for i, s in enumerate(subjects)]
    per_fold = [{"fold": s, "value": value + i / 100, "n_samples": 9, "n_train": 90} for i, s in enumerate(subjects)]
    score: dict[str, Any] = {
        "metric": "accuracy", "best": "max", "mean": value, "ci": None, "chance": 0.5, "p_null": None,
        "null_facts": None, "n_subjects": len(subjects), "rivals": {}, "per_subject": per_subject, "per_fold": per_fold,
    }  # fmt: skip
    (folder / "group").mkdir(parents=True)
    (folder / "group" / f"desc-{folder.name}_scores.json").write_text(json.dumps({"scores": [score]}))
    if dataset:
        (folder / "dataset_description.json").write_text(json.dumps({"SourceDatasets": [{"Description": dataset}]}))
    return folder


@pytest.mark.parametrize("names", [("one", "one"), (None, None), ("one", None)])
def test_runs_of_one_dataset_are_paired(tmp_path, names):
    runs = [run(tmp_path / name, dataset, value) for name, dataset, value in zip("pq", names, (0.8, 0.6), strict=True)]
    [pair] = comparison(runs)["pairs"]
    assert (pair["better"], pair["worse"], pair["n_subjects"]) == ("p", "q", 4)


def test_people_of_two_datasets_are_not_paired_by_their_labels(tmp_path):
    runs = [run(tmp_path / name, f"of {name}", 0.7) for name in "pq"]
    document = comparison(runs)
    assert document["pairs"] == []
    assert document["datasets"] == ["of p", "of q"]
    said = CliRunner().invoke(build(), ["compare", *map(str, runs)]).stdout
    assert "no test: the runs are of 2 datasets (of p; of q)" in said
    assert "--datasets" in said


def test_people_who_are_all_different_are_no_pairs(tmp_path):
    runs = [run(tmp_path / "p", "one", 0.7, "ab"), run(tmp_path / "q", "one", 0.6, "cd")]
    said = CliRunner().invoke(build(), ["compare", *map(str, runs)]).stdout
    assert "p over q: no test, since they have no subject and no fold in common" in said
