"""Many keys are asked at once as each is alone: nothing half-written is ever taken for whole."""

from __future__ import annotations

import shutil
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from neurocli.store import Store
from neurocli.store.whole import BLOCK, document

KEYS = [blake2b(str(n).encode(), digest_size=32).hexdigest() for n in range(9)]
DAMAGE = {
    "no manifest": lambda entry: (entry / "manifest.json").unlink(),
    "an empty manifest": lambda entry: (entry / "manifest.json").write_bytes(b""),
    "half a manifest": lambda entry: _cut(entry / "manifest.json"),
    "a manifest with a tail": lambda entry: _append(entry / "manifest.json", b"}"),
    "no payload": lambda entry: (entry / "payload.safetensors").unlink(),
    "half a payload": lambda entry: _cut(entry / "payload.safetensors"),
    "half a file": lambda entry: _cut(entry / "files" / "a.txt"),
    "no folder": shutil.rmtree,
}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _append(path: Path, tail: bytes) -> None:
    path.write_bytes(path.read_bytes() + tail)


@pytest.fixture
def store(tmp_path) -> Store:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.txt").write_text("some text")
    store = Store(tmp_path / "store")
    for n, key in enumerate(KEYS[:6]):
        store.write(key, {"x": np.arange(4.0)}, {}, {"n": n}, tmp_path / "tree" if n % 2 else None)
    return store


@pytest.mark.parametrize("damage", DAMAGE)
def test_many_keys_are_answered_as_each_is_alone(store, damage):
    DAMAGE[damage](store.root / KEYS[1][:2] / KEYS[1])
    assert store.among(KEYS) == {key for key in KEYS if store.has(key)} == {KEYS[n] for n in (0, 2, 3, 4, 5)}


def test_an_upstream_store_is_asked_for_what_ours_has_not(store, tmp_path):
    ours = Store(tmp_path / "ours", [store.root])
    ours.write(KEYS[7], {}, {"a": 1}, {})
    assert ours.among(KEYS) == {*KEYS[:6], KEYS[7]}


def test_a_store_that_is_not_there_has_nothing(tmp_path):
    assert Store(tmp_path / "none").among([*KEYS, "pending"]) == set()


def test_a_long_document_is_read_whole(tmp_path):
    for size in (BLOCK - 2, BLOCK, 3 * BLOCK + 1):
        (tmp_path / "long.json").write_text(f'"{"x" * size}"')
        assert document(str(tmp_path / "long.json")) == "x" * size
