"""Parts of an unfinished unit: whole or not there, and gone when nobody needs them."""

from __future__ import annotations

import os
import time
from hashlib import blake2b

import numpy as np
import pytest

from neurocli.store import Store, care
from neurocli.store.scratch import Scratch

KEY = blake2b(b"unit", digest_size=32).hexdigest()


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def age(scratch: Scratch, days: float) -> None:
    then = time.time() - days * care.DAY
    os.utime(scratch.folder, (then, then))


def test_another_process_finds_what_was_saved(store):
    x = np.arange(6.0).reshape(2, 3)
    Scratch(store, KEY).save("4-0", {"0": x})
    found = Scratch(Store(store.root), KEY).load("4-0")
    assert list(found) == ["0"]
    np.testing.assert_array_equal(found["0"], x)
    assert Scratch(store, KEY).load("4-1") is None
    assert list((store.root / "tmp").iterdir()) == []
    assert not store.has(KEY), "a part is no entry"


@pytest.mark.parametrize("n_bytes", [0, 5, 40, -8])
def test_a_part_that_is_cut_off_is_none(store, n_bytes):
    scratch = Scratch(store, KEY)
    scratch.save("4-0", {"0": np.arange(100.0)})
    path = scratch.folder / "4-0.safetensors"
    path.write_bytes(path.read_bytes()[:n_bytes])
    assert scratch.load("4-0") is None
    scratch.save("4-0", {"0": np.arange(100.0)})
    assert scratch.load("4-0") is not None


def test_dropped_parts_are_gone_and_dropping_nothing_is_no_error(store):
    scratch = Scratch(store, KEY)
    scratch.drop()
    scratch.save("4-0", {"0": np.zeros(3)})
    scratch.drop()
    assert scratch.load("4-0") is None
    assert not scratch.folder.exists()


def test_gc_removes_parts_of_a_finished_unit_and_those_given_up_long_ago(store):
    scratch = Scratch(store, KEY)
    scratch.save("4-0", {"0": np.zeros(1000)})
    assert care.du(store)["waiting_bytes"] > 8000
    care.gc(store)
    assert scratch.load("4-0") is not None, "it is young, and somebody may go on with it"
    age(scratch, 8)
    with store.claim(KEY):
        care.gc(store)
        assert scratch.load("4-0") is not None, "somebody is at it"
    care.gc(store)
    assert scratch.load("4-0") is None
    scratch.save("4-0", {"0": np.zeros(3)})
    store.write(KEY, {"x": np.zeros(3)}, {}, {})
    care.gc(store)
    assert scratch.load("4-0") is None


def test_a_key_is_no_path(store):
    with pytest.raises(ValueError, match="is no key"):
        Scratch(store, "../elsewhere")
