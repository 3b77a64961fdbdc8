"""Looking after a store: gc keeps what runs refer to, and what is young."""

from __future__ import annotations

import os
import shutil
import time
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from neurocli.store import Store, care

KEYS = [blake2b(str(n).encode(), digest_size=32).hexdigest() for n in range(4)]


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path / "store")
    for key in KEYS:
        store.write(key, {"x": np.zeros(10)}, {}, {"stage": "train"})
    return store


def age(path: Path, days: float) -> None:
    then = time.time() - days * care.DAY
    os.utime(path, (then, then))


def test_gc_keeps_what_a_run_refers_to_and_what_is_young(store, tmp_path):
    for key in KEYS[:3]:
        age(store.find(key) / "manifest.json", 30)
    (tmp_path / "out").mkdir()
    store.roots("run-1", KEYS[:1], tmp_path / "out")
    preview = care.gc(store, dry_run=True)
    assert all(store.has(key) for key in KEYS)
    found = care.gc(store)
    assert sorted(found["removed"]) == sorted(KEYS[1:3]) == sorted(preview["removed"])
    assert [store.has(key) for key in KEYS] == [True, False, False, True]


def test_a_run_whose_output_is_gone_refers_to_nothing(store, tmp_path):
    (tmp_path / "out").mkdir()
    store.roots("run-1", KEYS, tmp_path / "out")
    assert care.gc(store, older_than_s=-1)["removed"] == []
    shutil.rmtree(tmp_path / "out")
    assert sorted(care.gc(store, older_than_s=-1)["removed"]) == sorted(KEYS)
    assert not list(store.root.glob("roots/*"))


def test_gc_sweeps_what_the_dead_left_behind(store):
    left = store.root / "tmp" / "abc.some-host.1.ff"
    left.mkdir()
    (store.root / "locks" / KEYS[0]).touch()
    care.gc(store)
    assert left.exists(), "it may belong to a writer on another machine"
    age(left, 2)
    care.gc(store)
    assert not left.exists()
    assert not list((store.root / "locks").iterdir())


def test_gc_leaves_a_held_claim_alone(store):
    with store.claim(KEYS[0]):
        care.gc(store)
        assert (store.root / "locks" / KEYS[0]).exists()


def test_ls_and_du_add_up(store):
    rows = care.ls(store)
    assert [row["key"] for row in rows] == sorted(KEYS)
    assert all(row["intact"] and row["recipe"] == {"stage": "train"} for row in rows)
    assert care.du(store)["bytes"] == sum(row["bytes"] for row in rows)
    (store.find(KEYS[0]) / "manifest.json").write_text("")
    assert sum(not row["intact"] for row in care.ls(store)) == 1


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".hidden", "x" * 300])
def test_a_run_has_a_plain_name(store, tmp_path, run_id):
    with pytest.raises(ValueError, match="no name of a run"):
        store.roots(run_id, KEYS, tmp_path)
