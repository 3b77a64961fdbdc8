"""The same results, whoever carries the tasks out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from neurocli.store import Store
from neurocli.store.ledger import read, summary

from .test_whole_road import contents, words


def forget(out: Path, *units: str) -> None:
    """Remove units from the store of a finished run, and its word that their files lie in OUT: else none is missed."""
    keys = {name: unit["key"] for name, unit in summary(read(out / ".neurocli" / "ledger")).items()}
    for unit in units:
        Store(out / ".neurocli" / "store").remove(keys[unit])
        (out / ".neurocli" / "published" / f"{unit.replace('/', '__')}.json").unlink(missing_ok=True)


def check(finished, dataset, out: Path, plugin: str, *units: str) -> None:
    first, cli = finished[2], finished[3]
    shutil.copytree(finished[0], out)
    forget(out, *units)
    again = cli.document("run", *words(dataset, out, finished[1]), "--executor", f"nipype:{plugin}")
    assert again["status"] == "ok"
    assert again["units"]["executed"] == len(units)  # nipype is given the misses, and nothing else
    assert again["scores"] == first["scores"]
    ours, theirs = contents(finished[0]), contents(out)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_linear_gives_the_same_bytes(finished, dataset, tmp_path):
    check(finished, dataset, tmp_path / "out", "Linear", "featurize/sub-01_task-rest", "evaluate/scores")


def test_multiproc_gives_the_same_bytes(finished, dataset, tmp_path):
    units = ("preprocess/sub-02_task-rest", "featurize/sub-02_task-rest", "featurize/sub-03_task-work")
    check(finished, dataset, tmp_path / "out", "MultiProc", *units)


@pytest.mark.stress
@pytest.mark.parametrize("plugin", ["Linear", "MultiProc"])
def test_a_whole_run_gives_the_same_bytes(finished, dataset, tmp_path, plugin):
    first, cli = finished[2], finished[3]
    there = words(dataset, tmp_path / "out", finished[1])
    whole = cli("run", *there, "--executor", f"nipype:{plugin}", "--n-cpus", "2", "-q", timeout=3000)
    assert whole.returncode == 0, whole.stderr
    assert cli.document("run", *there)["scores"] == first["scores"]
    assert contents(tmp_path / "out") == contents(finished[0])
