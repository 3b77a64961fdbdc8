"""`neurocli features` lists, compiles and times."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from neurocli.commands import build
from neurocli.features import catalogue

RUNNER = CliRunner()


@pytest.mark.parametrize(("words", "columns"), [(["features"], 80), (["features", "list"], 300)])
def test_every_feature_is_listed_where_a_terminal_is_narrow_too(words, columns):
    result = RUNNER.invoke(build(), words, env={"COLUMNS": str(columns)})
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    for name, about in catalogue.index()["features"].items():
        first = next(i for i, line in enumerate(lines) if line.split()[:1] == [name])
        assert ("no unit" if about["unit"] == "1" else about["unit"]) in lines[first + 1]
        assert about["cost"] in lines[first + 2]


@pytest.mark.parametrize("words", [["features", "--json"], ["features", "list", "--json"]])
def test_the_list_as_json_is_the_index(words):
    result = RUNNER.invoke(build(), words)
    assert json.loads(result.stdout) == {"schema_version": 1, "features": catalogue.index()["features"]}


def test_what_is_asked_for_is_compiled():
    result = RUNNER.invoke(build(), ["features", "compile", "--features", "variance, line_length", "--json"])
    made = json.loads(result.stdout)
    assert made["backend"] == "cpu"
    assert list(made["seconds"]) == ["variance", "line_length"]


@pytest.mark.slow
def test_all_that_has_a_kernel_is_compiled_unless_names_are_given():
    """Also features that need a longer signal than is compiled with: these are the reference everywhere."""
    made = json.loads(RUNNER.invoke(build(), ["features", "compile", "--backend", "cpu", "--json"]).stdout)
    found = catalogue.index()["features"]
    assert list(made["seconds"]) == sorted(name for name, about in found.items() if "cpu" in about["backends"])


def test_of_what_has_no_kernel_nothing_is_compiled():
    """The slow rhythms of functional MRI do not fit the few seconds of noise."""
    words = ["features", "compile", "--backend", "cpu", "--features", "alff,dynamic_correlation,std", "--json"]
    assert list(json.loads(RUNNER.invoke(build(), words).stdout)["seconds"]) == ["alff", "dynamic_correlation", "std"]


def compiled(monkeypatch, n_cards, *words):
    """Compile one feature where a driver would find so many cards; return what is said, and for which backends."""
    from neurocli.features import warm

    asked = []
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: n_cards > 0)
    monkeypatch.setattr("torch.cuda.set_device", lambda _: None)
    monkeypatch.setattr(warm, "warm", lambda backend, **_: asked.append(backend) or iter([("std", 1.0)]))
    return RUNNER.invoke(build(), ["features", "compile", "--features", "std", *words]), asked


def test_both_caches_are_warmed_where_there_is_a_gpu(monkeypatch):
    pytest.importorskip("triton", reason="Triton is not installed: pip install 'neurocli[gpu]'")
    done, asked = compiled(monkeypatch, 1, "--json")
    assert asked == ["cpu", "cuda"]
    made = json.loads(done.stdout)
    assert (made["backend"], made["seconds"], made["also"]) == ("cpu", {"std": 1.0}, {"cuda": {"std": 1.0}})
    assert done.stderr == ""


def test_without_a_gpu_one_is_warmed_and_the_other_is_said_to_be_not(monkeypatch):
    done, asked = compiled(monkeypatch, 0)
    assert (asked, done.exit_code) == (["cpu"], 0)
    assert "not compiled: The backend 'cuda' was asked for, and torch finds no GPU here." in done.stderr
    done, asked = compiled(monkeypatch, 1, "--backend", "cpu")
    assert (asked, done.stderr) == (["cpu"], "")


@pytest.mark.parametrize("words", [["bench", "--features", "statistics"], ["compile", "--features", "std"]])
def test_a_gpu_that_is_asked_for_and_not_here_is_said_so(monkeypatch, words):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    result = RUNNER.invoke(build(), ["features", *words, "--backend", "cuda"])
    assert (result.exception.code, int(result.exception.exit_status)) == ("E-ENVIRONMENT-GPU", 9)
    assert "torch finds no GPU here" in result.exception.message
    assert result.stdout == ""


def test_the_benchmark_prints_one_document():
    words = ["features", "bench", "--features", "statistics", "--epochs", "1", "--json"]
    made = json.loads(RUNNER.invoke(build(), words).stdout)
    assert [row["name"] for row in made["features"]] == ["statistics"]
