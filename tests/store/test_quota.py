"""A quota: what no run refers to goes, the oldest first; what a run needs never does."""

from __future__ import annotations

import os
import time
from hashlib import blake2b

import numpy as np
import pytest

from neurocli.errors import StoreError, UsageError
from neurocli.store import Store, care, quota
from neurocli.store.ledger import writer

KEYS = [blake2b(str(n).encode(), digest_size=32).hexdigest() for n in range(6)]


def write(store: Store, *numbers: int) -> None:
    """Write entries of a bit more than 1,600 bytes, the first the oldest."""
    for n in numbers:
        store.write(KEYS[n], {"x": np.full(200, float(n))}, {}, {"stage": "preprocess"})
        then = time.time() - 1000 + n
        os.utime(store.find(KEYS[n]) / "manifest.json", (then, then))


def limited(tmp_path, n_bytes: int) -> Store:
    store = Store(tmp_path / "store")
    quota.write(store, n_bytes)
    return Store(tmp_path / "store")  # as the next process sees it


def there(store: Store) -> list[int]:
    return [n for n, key in enumerate(KEYS) if store.has(key)]


def test_the_oldest_entry_that_no_run_refers_to_makes_room(tmp_path):
    store = limited(tmp_path, 7000)
    write(store, 0, 1, 2)
    (tmp_path / "out").mkdir()
    store.roots("run-1", KEYS[:1], tmp_path / "out")
    write(store, 3, 4)
    assert there(store) == [0, 3, 4]
    assert care.du(store)["bytes"] <= 7000


def test_what_runs_refer_to_stays_and_the_next_entry_is_refused(tmp_path):
    store = limited(tmp_path, 7000)
    write(store, 0, 1)
    (tmp_path / "out").mkdir()
    store.roots("run-1", KEYS[:2], tmp_path / "out")
    write(store, 2)
    store.roots("running-1", KEYS[2:], tmp_path / "out", running=writer())
    with pytest.raises(StoreError, match="pass the quota of 7000") as caught:
        write(store, 3, 4)
    assert (caught.value.code, caught.value.exit_status) == ("E-STORE-QUOTA", 7)
    assert there(store)[:3] == [0, 1, 2]
    assert not list((store.root / "tmp").iterdir())


def test_a_tree_of_files_counts_too(tmp_path):
    store = limited(tmp_path, 5000)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "image.nii").write_bytes(bytes(6000))
    with pytest.raises(StoreError, match="E-STORE-QUOTA"):
        store.write(KEYS[0], {}, {}, {}, tmp_path / "tree")


def test_another_process_that_filled_the_store_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(quota, "TRUSTED", 0)
    ours = limited(tmp_path, 5000)
    write(ours, 0)
    write(Store(tmp_path / "store"), 1)
    write(ours, 2)
    assert care.du(ours)["bytes"] <= 5000


def test_a_quota_can_be_taken_away(tmp_path):
    store = limited(tmp_path, 10)
    quota.write(store, None)
    write(Store(tmp_path / "store"), 0, 1)
    assert care.du(Store(tmp_path / "store"))["quota_bytes"] is None


@pytest.mark.parametrize(
    ("text", "n_bytes"), [("200 GB", 200 * 10**9), ("1.5tb", 15 * 10**11), ("5000", 5000), ("12B", 12)]
)
def test_amounts(text, n_bytes):
    assert quota.parse(text) == n_bytes


@pytest.mark.parametrize("text", ["", "GB", "-1 GB", "ten", "1 QB", "1 G B", "nan", "inf"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(UsageError, match="no amount of bytes"):
        quota.parse(text)


def test_a_run_that_died_keeps_nothing(tmp_path):
    store = Store(tmp_path / "store")
    write(store, 0)
    (tmp_path / "out").mkdir()
    store.roots("running-1", KEYS[:1], tmp_path / "out", running=writer())
    assert care.gc(store, older_than_s=-1)["removed"] == []
    store.roots("running-1", KEYS[:1], tmp_path / "out", running={**writer(), "began": "another boot/1"})
    assert care.gc(store, older_than_s=-1)["removed"] == KEYS[:1]


def test_a_store_is_counted_now_and_then_and_not_for_every_entry(tmp_path, monkeypatch):
    counts, du = [], care.du
    monkeypatch.setattr(quota, "TRUSTED", 10**9)
    monkeypatch.setattr(care, "du", lambda store: counts.append(1) or du(store))
    limited(tmp_path, 10**6)
    for n in range(4):
        write(Store(tmp_path / "store"), n)  # each unit opens the store anew
    assert len(counts) == 1
