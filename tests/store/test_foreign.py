"""A store from somebody else cannot run code, and cannot name a file that is not its own."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from neurocli.errors import StoreError
from neurocli.store import Store
from neurocli.store.ledger import read, summary

KEY = "ab" * 32


class Bomb:
    """Whoever unpickles it makes a file."""

    def __init__(self, witness: Path):
        self.witness = witness

    def __reduce__(self):
        return (Path.touch, (self.witness,))


def as_pickle(bomb: Bomb) -> bytes:
    return pickle.dumps(bomb)


def as_npy(bomb: Bomb) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([bomb], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def as_zip(bomb: Bomb) -> bytes:
    """Return what torch and NumPy save: a zip with a pickle in it, here with a name that leads elsewhere too."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(bomb))
        archive.writestr("../../evil.py", b"raise SystemExit")
    return buffer.getvalue()


def in_a_header(bomb: Bomb) -> bytes:
    """Return a payload whose header is right, and whose metadata are a pickle."""
    meta = json.dumps({"__metadata__": {"neurocli": pickle.dumps(bomb, 0).decode()}}).encode()
    return len(meta).to_bytes(8, "little") + meta


BOMBS = {"pickle": as_pickle, "npy": as_npy, "zip": as_zip, "header": in_a_header}


@pytest.fixture
def store(tmp_path) -> Store:
    made = Store(tmp_path / "store")
    made.write(KEY, {"x": np.arange(4.0)}, {"kind": "test"}, {})
    return made


def forged(store: Store, payload: bytes, **changes) -> Path:
    """Put something else into an entry, with a manifest that agrees."""
    folder = store.root / KEY[:2] / KEY
    (folder / "payload.safetensors").write_bytes(payload)
    manifest = json.loads((folder / "manifest.json").read_text())
    stamp = {"size": len(payload), "blake2b": blake2b(payload, digest_size=32).hexdigest()}
    manifest["payload"] |= stamp
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))
    return folder


@pytest.mark.parametrize("kind", BOMBS)
def test_nothing_in_a_payload_is_ever_unpickled(store, tmp_path, kind):
    witness = tmp_path / "witness"
    forged(store, BOMBS[kind](Bomb(witness)))
    assert store.has(KEY), "the forgery agrees with its manifest"
    for look in (store.read, store.read_json, store.verify):
        with pytest.raises(StoreError) as caught:
            look(KEY)
        assert caught.value.code == "E-STORE-CORRUPT"
    assert not witness.exists()
    assert not (tmp_path / "evil.py").exists()


@pytest.mark.parametrize("name", ["../../format", "a/../../x", "/etc/hostname"])
def test_an_entry_that_names_files_elsewhere_is_no_entry(store, name):
    (store.root / "x").write_bytes(b"secret")
    content = (store.root / KEY[:2] / KEY / "payload.safetensors").read_bytes()
    size = Path(name).stat().st_size if name.startswith("/") else 2 if "format" in name else 6
    forged(store, content, files={name: {"size": size, "blake2b": "0" * 64}})
    assert not store.has(KEY)
    with pytest.raises(StoreError):
        store.files(KEY)


@pytest.mark.parametrize("name", ["../other", "/etc/hostname", "payload.npy", "payload.pkl"])
def test_an_entry_whose_payload_is_called_otherwise_is_no_entry(store, name):
    folder = store.root / KEY[:2] / KEY
    size = (folder / "payload.safetensors").stat().st_size
    (folder / "manifest.json").write_text(
        json.dumps({"format": 1, "key": KEY, "payload": {"name": name, "size": size, "blake2b": ""}, "files": {}})
    )
    assert not store.has(KEY)


def test_a_ledger_from_somebody_else_is_text(tmp_path):
    lines = [
        b'{"event": "done", "unit": "../../../etc/passwd", "time": 1}',
        b'{"event": "done", "unit": {"__reduce__": "os.system"}, "time": 2}',
        b'{"event": ["done"], "unit": "x", "time": 3}',
        b'{"event": "failed", "unit": "y", "time": "now"}',
        b"[" * 100_000,
        pickle.dumps(Bomb(tmp_path / "witness")),
    ]
    (tmp_path / "other-1-ab.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    assert set(summary(read(tmp_path))) == {"../../../etc/passwd"}
    assert not (tmp_path / "witness").exists()
