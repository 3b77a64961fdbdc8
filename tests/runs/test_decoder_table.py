"""The table of decoders by sets: its declaration is whole, and a cell is measured, kept, and told of as it ended."""

from __future__ import annotations

from datetime import datetime

import pytest

from bench._decoder_table import markdown
from bench.decoders import cells, measured, write_pipelines
from neurocli.pipelines.config import load

TINY = {
    "folder": None,
    "split": "leave one subject out",
    "group": "subject",
    "n_epochs": 1,
    "pipeline": {
        "input": {"datatype": "eeg", "task": ["rest", "work"]},
        "target": {"entity": "task", "positive": "work"},
        "train": {"split": {"leave_out": "subject"}, "balance": "weights"},
        "evaluate": {"metrics": ["balanced_accuracy", "roc_auc"]},
    },
    "inputs": {"epochs": [{"pick": {"types": ["eeg"]}}, {"epoch": {"duration": "2 s"}}]},
}
DECODERS = {
    "aligned patterns": {
        "input": "epochs",
        "balance": "subsample",
        "model": [{"euclidean_alignment": {"by": "GROUP"}}, {"csp": {"n_components": 2}}, "lda"],
    },
    "no chain": {"input": "epochs", "model": ["lda"]},
    "a network": {"deep": "eegnet", "skip": "no GPU at hand"},
}
DECLARED = {"permutations": 5, "seeds": [1], "sets": {"tiny": TINY}, "decoders": DECODERS}


@pytest.fixture
def folder(tmp_path):
    write_pipelines(cells(DECLARED), tmp_path / "pipelines.yaml")
    return tmp_path


def rows(folder, dataset, until=datetime.max):
    return list(measured(cells(DECLARED), folder, lambda _: dataset, 600.0, until))


def test_every_declared_cell_is_a_whole_pipeline(tmp_path):
    write_pipelines(cells(), tmp_path / "pipelines.yaml")
    assert load(tmp_path / "pipelines.yaml").problems() == []


def test_a_cell_is_scored_once_and_a_wrong_one_says_why(folder, dataset):
    found, wrong = rows(folder, dataset)
    score = found["scores"]["balanced_accuracy"]
    assert found["exit"] == 0
    assert score["mean"] > 0.9  # alpha is three times as large at rest
    assert score["n_permutations"] == 5
    assert 0 < found["fit_cpu_s"] < found["cpu_s"]
    assert (wrong["exit"], wrong["codes"], wrong["scores"]) == (3, ["E-CONFIG-MODEL"], {})
    assert rows(folder, dataset) == [found, wrong]
    table = markdown([found, wrong], {"a network": "no GPU at hand"})
    assert "| aligned patterns | 1.000 |" in table
    assert "| no chain | exit 3, E-CONFIG-MODEL |" in table
    assert "| a network | not run: no GPU at hand |" in table


def test_what_time_forbids_is_told_and_not_kept(folder, dataset):
    found = rows(folder, dataset, until=datetime.min)
    assert [row["skip"] for row in found] == ["time", "time"]
    assert not (folder / "cells.jsonl").exists()
    assert "| no chain | not run: time |" in markdown(found, {})
