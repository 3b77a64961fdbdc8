"""Digests: content and nothing else, read once."""

from __future__ import annotations

import os
import shutil
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.bids import digests as module
from neurocli.bids.digests import Digests
from neurocli.errors import InputError
from tests.bids.test_index import age

ANNEXED = ".git/annex/objects/Xx/9Q/K/SHA256E-s5--" + "ab" * 32 + ".edf"


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    (root / "a.edf").write_bytes(b"signal")
    age(root)
    return root


@pytest.fixture
def read(monkeypatch):
    """Count the files that are read."""
    seen = []
    reading = module.file_digest
    monkeypatch.setattr(module, "file_digest", lambda path: seen.append(path.name) or reading(path))
    return seen


def digest(root, cache, path="a.edf"):
    with Digests(root, cache) as digests:
        return digests.digest(path)


@given(content=st.binary(max_size=100))
def test_a_digest_is_blake2b_of_the_content(content, tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    (root / "x").write_bytes(content)
    assert digest(root, root, "x") == blake2b(content, digest_size=32).hexdigest()


def test_a_file_longer_than_a_chunk_is_read_whole(tmp_path):
    content = os.urandom((1 << 20) + 17)
    (tmp_path / "x").write_bytes(content)
    assert digest(tmp_path, tmp_path, "x") == blake2b(content, digest_size=32).hexdigest()


def test_nothing_is_known_before_it_is_read(dataset, tmp_path, read):
    digests = Digests(dataset, tmp_path / "cache")
    assert digests.known("a.edf") is None
    assert read == []


def test_what_was_read_is_known_to_the_next_process(dataset, tmp_path, read):
    first = digest(dataset, tmp_path / "cache")
    assert Digests(dataset, tmp_path / "cache").known("a.edf") == first
    assert digest(dataset, tmp_path / "cache") == first
    assert read == ["a.edf"]


def test_a_touched_file_is_read_again_and_has_the_same_digest(dataset, tmp_path, read):
    first = digest(dataset, tmp_path / "cache")
    os.utime(dataset / "a.edf", (1_600_000_100, 1_600_000_100))
    assert Digests(dataset, tmp_path / "cache").known("a.edf") is None
    assert digest(dataset, tmp_path / "cache") == first
    assert len(read) == 2


def test_a_moved_dataset_is_read_once_and_has_the_same_digests(dataset, tmp_path, read):
    first = digest(dataset, tmp_path / "cache")
    moved = tmp_path / "elsewhere"
    shutil.move(dataset, moved)
    assert [digest(moved, tmp_path / "cache") for _ in range(3)] == [first] * 3
    assert len(read) == 2


def test_a_rewrite_of_the_same_size_and_time_is_seen_by_its_inode(dataset, tmp_path):
    first = digest(dataset, tmp_path / "cache")
    (dataset / "b").write_bytes(b"SIGNAL")
    (dataset / "b").replace(dataset / "a.edf")
    age(dataset)
    assert digest(dataset, tmp_path / "cache") != first


def test_a_file_that_has_just_changed_is_not_remembered(dataset, tmp_path):
    (dataset / "a.edf").write_bytes(b"x")
    digest(dataset, tmp_path / "cache")
    assert Digests(dataset, tmp_path / "cache").known("a.edf") is None


def test_a_recording_that_is_a_folder_has_the_digest_of_its_files(tmp_path):
    (tmp_path / "a.ds/sub").mkdir(parents=True)
    (tmp_path / "a.ds/x.meg4").write_bytes(b"1")
    (tmp_path / "a.ds/sub/y").write_bytes(b"2")
    first = digest(tmp_path, tmp_path / "cache", "a.ds")
    (tmp_path / "a.ds/x.meg4").rename(tmp_path / "a.ds/z.meg4")
    renamed = digest(tmp_path, tmp_path / "cache", "a.ds")
    (tmp_path / "a.ds/sub/y").write_bytes(b"3")
    assert len({first, renamed, digest(tmp_path, tmp_path / "cache", "a.ds")}) == 3


def test_a_folder_is_known_once_all_its_files_are(tmp_path):
    (tmp_path / "a.ds").mkdir()
    (tmp_path / "a.ds/x").write_bytes(b"1")
    age(tmp_path)
    cache = tmp_path / "cache"
    assert Digests(tmp_path, cache).known("a.ds") is None
    first = digest(tmp_path, cache, "a.ds")
    assert Digests(tmp_path, cache).known("a.ds") == first


def test_an_annexed_file_has_the_digest_of_its_key_unread(dataset, tmp_path, read):
    target = dataset / ANNEXED
    target.parent.mkdir(parents=True)
    target.write_bytes(b"12345")
    (dataset / "b.edf").symlink_to(ANNEXED)
    (dataset / "c.edf").symlink_to(ANNEXED)
    digests = Digests(dataset, tmp_path / "cache")
    assert digests.known("b.edf") == digests.digest("c.edf")
    assert read == []


def test_a_link_to_an_ordinary_file_is_read(dataset, tmp_path):
    (dataset / "b.edf").symlink_to("a.edf")
    assert digest(dataset, tmp_path / "cache", "b.edf") == digest(dataset, tmp_path / "cache", "a.edf")


@pytest.mark.parametrize("target", [ANNEXED, "nowhere.edf"])
def test_a_link_to_nothing_is_told_apart_from_no_file(dataset, tmp_path, target):
    (dataset / "b.edf").symlink_to(target)
    with pytest.raises(InputError, match=r"E-INPUT-LINK b.edf: .*datalad get b.edf"):
        digest(dataset, tmp_path / "cache", "b.edf")
    with pytest.raises(InputError, match=r"E-INPUT-UNREADABLE none.edf"):
        digest(dataset, tmp_path / "cache", "none.edf")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_an_error(dataset, tmp_path):
    (dataset / "a.edf").chmod(0)
    with pytest.raises(InputError, match=r"E-INPUT-UNREADABLE"):
        digest(dataset, tmp_path / "cache")
