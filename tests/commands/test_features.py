"""`neurocli features` lists, compiles and times."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from neurocli.commands import build
from neurocli.features import catalogue

RUNNER = CliRunner()


@pytest.mark.parametrize("words", [["features"], ["features", "list"]])
def test_every_feature_is_listed(words):
    result = RUNNER.invoke(build(), words, env={"COLUMNS": "300"})
    assert result.exit_code == 0
    for name, about in catalogue.index()["features"].items():
        line = next(line for line in result.stdout.splitlines() if line.split()[:1] == [name])
        assert about["unit"] in line
        assert about["cost"] in line


@pytest.mark.parametrize("words", [["features", "--json"], ["features", "list", "--json"]])
def test_the_list_as_json_is_the_index(words):
    result = RUNNER.invoke(build(), words)
    assert json.loads(result.stdout) == {"schema_version": 1, "features": catalogue.index()["features"]}


def test_what_is_asked_for_is_compiled():
    result = RUNNER.invoke(build(), ["features", "compile", "--features", "variance, line_length", "--json"])
    made = json.loads(result.stdout)
    assert made["backend"] == "cpu"
    assert list(made["seconds"]) == ["variance", "line_length"]


def test_the_benchmark_prints_one_document():
    words = ["features", "bench", "--features", "statistics", "--epochs", "1", "--json"]
    made = json.loads(RUNNER.invoke(build(), words).stdout)
    assert [row["name"] for row in made["features"]] == ["statistics"]
