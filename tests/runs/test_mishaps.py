"""Disks, clocks and datasets that misbehave under a finished run: found, said, and mended by the next run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from .test_mistakes import told


def published(out: Path) -> dict[str, bytes]:
    files = [path for path in out.rglob("*") if path.is_file() and ".neurocli" not in path.parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def copy(finished, dataset, tmp_path):
    """Return a copy of a finished run that may be damaged, and the words that run it again."""
    out, file, _, cli = finished
    shutil.copytree(out, tmp_path / "out", symlinks=True)
    words = ["tiny", "--bids-dir", dataset, "-o", tmp_path / "out", "-f", file, "--n-cpus", "2"]
    return tmp_path / "out", words, cli


def entries(out: Path) -> list[Path]:
    return sorted((out / ".neurocli" / "store").glob("[0-9a-f][0-9a-f]/*"))


def fold(out: Path) -> Path:
    """Return what was learned in a fold; of a recording, nobody reads the payload any more once all folds are there."""
    recipes = {entry: json.loads((entry / "manifest.json").read_text())["recipe"] for entry in entries(out)}
    return next(entry for entry, recipe in recipes.items() if recipe["stage"] == "train" and "fold" in recipe)


def flip(path: Path) -> None:
    """Change one byte and keep the size."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_damage_is_found_and_the_next_run_mends_it(copy):
    out, words, cli = copy
    before = published(out)
    one, other, *_ = [entry for entry in entries(out) if (entry / "payload.safetensors").exists()]
    flip(one / "payload.safetensors")
    (other / "manifest.json").write_text("{")
    found = cli("cache", "verify", "-o", out)
    assert found.returncode == 7
    assert set(found.stdout.split()[-2:]) == {one.name, other.name}
    assert cli("cache", "verify", "--repair", "-o", out).returncode == 0
    again = cli.document("run", *words)
    assert again["status"] == "ok"
    assert 0 < again["units"]["executed"] <= 4, "what was damaged, and nothing that was not"
    assert published(out) == before
    assert cli("cache", "verify", "-o", out).returncode == 0


def test_damage_that_no_size_tells_is_found_by_a_run_that_verifies(copy):
    out, words, cli = copy
    flip(fold(out) / "payload.safetensors")
    assert cli.document("run", *words)["units"]["executed"] == 0
    found = cli.document("run", *words, "--verify")
    assert found["status"] == "ok"
    assert 0 < found["units"]["executed"] <= 2
    assert cli("cache", "verify", "-o", out).returncode == 0


def test_without_its_memory_of_the_dataset_a_run_is_as_finished_as_before(copy):
    _, words, cli = copy
    memories = list((cli.home / "cache").rglob("*.sqlite"))
    assert memories
    for memory in memories:
        memory.write_bytes(memory.read_bytes()[:1000])
    assert cli.document("run", *words)["units"]["executed"] == 0
    for memory in memories:
        memory.unlink()
    assert cli.document("run", *words)["units"]["executed"] == 0


def test_a_vanished_dataset_is_said_and_nothing_is_lost(copy, dataset, tmp_path):
    out, words, cli = copy
    before, here = published(out), tmp_path / "bids"
    shutil.copytree(dataset, here, copy_function=shutil.copy2)
    words[words.index(dataset)] = here
    shutil.move(here, tmp_path / "elsewhere")
    told(cli("run", *words), 4, "E-INPUT-DATASET")
    assert published(out) == before
    shutil.move(tmp_path / "elsewhere", here)
    assert cli.document("run", *words)["units"]["executed"] == 0


def test_a_recording_that_vanishes_between_two_runs_leaves_the_others_standing(copy, dataset, tmp_path):
    out, words, cli = copy
    here = shutil.copytree(dataset, tmp_path / "bids")
    words[words.index(dataset)] = here
    shutil.rmtree(here / "sub-01")
    again = cli.document("featurize", *words)
    assert (again["units"]["executed"], again["units"]["cached"]) == (0, 12)
    assert (out / "sub-01").is_dir(), "what was published before stays"


def test_a_clock_that_was_set_back_voids_nothing(copy, dataset, tmp_path):
    """Recordings, entries and ledgers from the future: what is there is taken by what it is, not by when."""
    out, words, cli = copy
    here = shutil.copytree(dataset, tmp_path / "bids")
    words[words.index(dataset)] = here
    later = time.time() + 5e6
    for path in [*here.rglob("*"), *out.rglob("*")]:
        os.utime(path, (later, later), follow_symlinks=False)
    assert cli.document("run", *words)["units"]["executed"] == 0
    assert cli.document("run", *words)["units"]["executed"] == 0
    assert set(cli.document("status", "-o", out)["states"]) == {"done"}


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system is made read-only by root alone")
def test_a_store_on_a_read_only_file_system_is_read_and_not_written(copy, tmp_path):
    out, words, cli = copy
    place = tmp_path / "shared"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        shutil.copytree(out / ".neurocli" / "store", place / "store")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        words[words.index(out)] = tmp_path / "new"
        told(cli("run", *words, "--store", place / "store", "--set", "preprocess.filter.l_freq=2 Hz"), 7, "READONLY")
        shutil.rmtree(tmp_path / "new")
        mine = cli.document("run", *words, "--store", tmp_path / "mine", "--store-from", place / "store")
        assert mine["units"]["executed"] == 0
        assert published(tmp_path / "new") == published(out)
    finally:
        subprocess.run(["umount", "-l", place], check=False)
