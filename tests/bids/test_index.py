"""The index: right names, and no second look where nothing changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given

from neurocli.bids import index as module
from neurocli.bids.cache import Cache, cache_folder
from neurocli.bids.index import scan
from neurocli.errors import InputError
from tests.bids.strategies import datasets, written
from tests.test_layers import HEAVY, loaded_by

LONG_AGO = 1_600_000_000


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "data"
    written(root, [{"subject": s, "task": "rest"} for s in ("01", "02")])
    age(root)
    return root


def age(root: Path) -> None:
    """Set every time far enough back that it is trusted."""
    for path in [root, *root.rglob("*")]:
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)


@pytest.fixture
def listed(monkeypatch):
    """Count the folders that are listed anew."""
    seen = []
    listing = module._listed
    monkeypatch.setattr(module, "_listed", lambda path: seen.append(Path(path).name) or listing(path))
    return seen


def test_a_second_scan_lists_no_folder(dataset, tmp_path, listed):
    first = scan(dataset, tmp_path / "cache")
    assert len(listed) == 5
    listed.clear()
    assert scan(dataset, tmp_path / "cache").folders == first.folders
    assert listed == []


def test_only_the_folder_with_a_new_file_is_listed_again(dataset, tmp_path, listed):
    scan(dataset, tmp_path / "cache")
    listed.clear()
    (dataset / "sub-02/eeg/sub-02_task-rest_events.tsv").write_text("")
    found = scan(dataset, tmp_path / "cache")
    assert listed == ["eeg"]
    assert "sub-02/eeg/sub-02_task-rest_events.tsv" in set(found.files)


def test_a_folder_that_has_just_changed_is_not_trusted(dataset, tmp_path, listed):
    """Two writes within one tick of the clock leave one mtime."""
    (dataset / "sub-02/eeg/new.json").write_text("{}")
    scan(dataset, tmp_path / "cache")
    listed.clear()
    scan(dataset, tmp_path / "cache")
    assert listed == ["eeg"]


@given(recordings=datasets)
def test_what_was_written_is_found(recordings, tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    paths = written(root, recordings)
    assert sorted(p for p in scan(root, root / ".cache").files if p.endswith(".edf")) == paths


@pytest.mark.parametrize("name", ["sourcedata", "code", ".git", "derivatives/fmriprep", "stimuli"])
def test_what_is_no_raw_data_is_passed_over(dataset, tmp_path, name):
    (dataset / name / "sub-01").mkdir(parents=True)
    (dataset / name / "sub-01" / "sub-01_task-rest_eeg.edf").write_text("")
    assert not [path for path in scan(dataset, tmp_path / "cache").files if path.startswith(name)]


def test_a_ctf_recording_is_one_name(tmp_path):
    (tmp_path / "sub-01/meg/sub-01_task-rest_meg.ds").mkdir(parents=True)
    (tmp_path / "sub-01/meg/sub-01_task-rest_meg.ds/x.meg4").write_text("")
    assert list(scan(tmp_path, tmp_path / "cache").files) == ["sub-01/meg/sub-01_task-rest_meg.ds"]


@pytest.mark.parametrize("damage", ["noise", "truncated", "emptied", "folder"])
def test_a_broken_memory_is_made_anew(dataset, tmp_path, damage, listed):
    first = scan(dataset, tmp_path / "cache")
    path = Cache(dataset, tmp_path / "cache").path
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes({"noise": b"\0noise" * 999, "truncated": content[: len(content) // 2], "emptied": b""}[damage])
    assert scan(dataset, tmp_path / "cache").folders == first.folders
    if damage != "folder":
        listed.clear()
        scan(dataset, tmp_path / "cache")
        assert listed == []


def test_names_that_do_not_decode_are_listed_again(dataset, tmp_path):
    first = scan(dataset, tmp_path / "cache")
    Cache(dataset, tmp_path / "cache").save("UPDATE folders SET names = ?", [("{nonsense",)])
    assert scan(dataset, tmp_path / "cache").folders == first.folders


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_unwritable_cache_is_fine(dataset, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert scan(dataset, closed).subjects == ("01", "02")


def test_a_cache_folder_that_is_a_file_is_fine(dataset, tmp_path):
    (tmp_path / "file").write_text("")
    assert scan(dataset, tmp_path / "file").subjects == ("01", "02")


def test_the_cache_lies_where_the_environment_says(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.delenv("NEUROCLI_CACHE_DIR", raising=False)
    assert cache_folder() == Path("/x/neurocli")
    monkeypatch.setenv("NEUROCLI_CACHE_DIR", "/y")
    assert cache_folder() == Path("/y")


def test_no_dataset_is_an_error_that_names_it(tmp_path):
    with pytest.raises(InputError, match=r"E-INPUT-DATASET .* does not exist"):
        scan(tmp_path / "nowhere", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"is a file, not a folder"):
        scan(tmp_path / "file", tmp_path)


def test_planning_loads_neither_numpy_nor_pydantic():
    rooms = "index, select, digests, tables, exclusions"
    assert not loaded_by(f"from neurocli.bids import {rooms}") & (HEAVY | {"pydantic", "yaml", "typer"})


def test_unknown_derivatives_are_an_error_that_lists_those_present(dataset, tmp_path):
    (dataset / "derivatives/fmriprep").mkdir(parents=True)
    with pytest.raises(InputError, match=r"Did you mean 'fmriprep'"):
        scan(dataset, tmp_path / "cache").derivative("fmripep")


def test_a_folder_that_links_to_itself_is_no_endless_walk(dataset, tmp_path):
    (dataset / "sub-01/ses-01").symlink_to("..")
    (dataset / "sub-01/eeg/again").symlink_to("../..")
    assert scan(dataset, tmp_path / "cache").subjects == ("01", "02")


def test_names_that_are_no_unicode_are_listed(dataset, tmp_path):
    (dataset / os.fsdecode(b"sub-\xff")).mkdir()
    for _ in range(2):
        assert "\udcff" in scan(dataset, tmp_path / "cache").subjects
