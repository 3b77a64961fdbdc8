"""Archives: what goes out comes in, and nothing else ever does."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import StoreError
from neurocli.store import Store, archive, care

KEYS = ["a" * 64, "b" * 64]


@pytest.fixture
def store(tmp_path) -> Store:
    store, tree = Store(tmp_path / "store"), tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "file.txt").write_text("x")
    store.write(KEYS[0], {"x": np.arange(3.0)}, {"n": 1}, {}, tree)
    store.write(KEYS[1], {}, {"scores": []}, {})
    return store


def test_what_is_exported_is_imported_and_whole(store, tmp_path):
    found = archive.export(store, KEYS, tmp_path / "a.tar")
    other = Store(tmp_path / "other")
    assert found["entries"] == 2
    assert archive.import_(other, tmp_path / "a.tar") == {"imported": 2, "present": 0}
    assert archive.import_(other, tmp_path / "a.tar") == {"imported": 0, "present": 2}
    for key in KEYS:
        other.verify(key)
        assert other.manifest(key) == store.manifest(key)
    assert (other.files(KEYS[0]) / "deep" / "file.txt").read_text() == "x"


def test_equal_entries_give_equal_bytes(store, tmp_path):
    archive.export(store, KEYS, tmp_path / "a.tar")
    archive.export(store, reversed(KEYS), tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_a_damaged_entry_is_not_exported_and_leaves_no_archive(store, tmp_path):
    (store.find(KEYS[0]) / "payload.safetensors").write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        archive.export(store, KEYS, tmp_path / "a.tar")
    assert caught.value.code == "E-STORE-CORRUPT"
    assert not list(tmp_path.glob("*a.tar*"))


def rewritten(source: Path, target: Path, change) -> Path:
    """Copy an archive; `change` gives what stands for each (member, content): a list of such pairs."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            for changed, content in change(member, old.extractfile(member).read()):
                changed.size = len(content)
                new.addfile(changed, io.BytesIO(content))
    return target


def renamed(name):
    def change(member, content):
        if not member.name.endswith("file.txt"):
            return [(member, content)]
        member.name = name
        return [(member, content)]

    return change


def turned(kind):
    def change(member, content):
        if member.name.endswith("file.txt"):
            member.type, member.linkname, content = kind, "/etc/passwd", b""
        return [(member, content)]

    return change


def with_content(name, replace):
    def change(member, content):
        return [(member, replace(content) if member.name.endswith(name) else content)]

    return change


def extra(member, content):
    more = tarfile.TarInfo(f"aa/{KEYS[0]}/files/more.txt")
    return [(member, content), (more, b"y")] if member.name.endswith("file.txt") else [(member, content)]


def edited(**changes):
    def replace(content):
        return json.dumps({**json.loads(content), **changes}).encode()

    return replace


ENTRY = f"aa/{KEYS[0]}"
ATTACKS = {
    "parent": renamed(f"{ENTRY}/files/../../../../evil"),
    "absolute": renamed("/tmp/evil"),
    "double slash": renamed(f"{ENTRY}/files//evil"),
    "outside": renamed("evil"),
    "format": renamed("format"),
    "roots": renamed("roots/evil.json"),
    "wrong shard": renamed(f"bb/{KEYS[0]}/files/evil"),
    "beside": renamed(f"{ENTRY}/evil.py"),
    "symbolic link": turned(tarfile.SYMTYPE),
    "hard link": turned(tarfile.LNKTYPE),
    "fifo": turned(tarfile.FIFOTYPE),
    "device": turned(tarfile.CHRTYPE),
    "folder": turned(tarfile.DIRTYPE),
    "changed payload": with_content("payload.safetensors", lambda content: content[:-1] + b"\1"),
    "longer payload": with_content("payload.safetensors", lambda content: content + b"\0"),
    "changed file": with_content("file.txt", lambda _: b"y"),
    "unnamed file": extra,
    "twice": lambda member, content: [(member, content)] * 2,
    "no manifest": lambda member, content: [] if member.name.endswith("manifest.json") else [(member, content)],
    "manifest of rubbish": with_content("manifest.json", lambda _: b"[]"),
    "manifest of another": with_content("manifest.json", edited(key="c" * 64)),
    "payload elsewhere": with_content("manifest.json", edited(payload={"name": "../../x", "size": 1, "blake2b": ""})),
    "files of rubbish": with_content("manifest.json", edited(files=[1])),
    "files elsewhere": with_content("manifest.json", edited(files={"../x": {"size": 1, "blake2b": ""}})),
}


def outside(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


@pytest.mark.parametrize("change", ATTACKS.values(), ids=ATTACKS)
def test_an_archive_that_is_not_what_we_write_is_refused(store, tmp_path, change):
    archive.export(store, KEYS, tmp_path / "a.tar")
    bad = rewritten(tmp_path / "a.tar", tmp_path / "bad.tar", change)
    before = outside(tmp_path)
    other = Store(tmp_path / "other")
    with pytest.raises(StoreError) as caught:
        archive.import_(other, bad)
    assert caught.value.code == "E-STORE-ARCHIVE"
    assert not other.has(KEYS[0])
    assert not list(other.root.glob("tmp/*"))
    assert outside(tmp_path) - before <= {"other", "tmp", "locks", "roots", "quarantine", "format", "bb", KEYS[1],
                                          "payload.json", "manifest.json"}  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no tar", bytes(5000)])
def test_rubbish_is_no_archive(tmp_path, content):
    (tmp_path / "a.tar").write_bytes(content)
    store = Store(tmp_path / "store")
    if content == bytes(5000):  # an empty tar is zeros
        assert archive.import_(store, tmp_path / "a.tar")["imported"] == 0
        return
    with pytest.raises(StoreError) as caught:
        archive.import_(store, tmp_path / "a.tar")
    assert caught.value.code == "E-STORE-ARCHIVE"


@given(cut=st.integers(0, 10_000))
def test_an_archive_that_is_cut_off_lets_in_whole_entries_only(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("cut")
    store, other = Store(folder / "store"), Store(folder / "other")
    for n, key in enumerate(KEYS):
        store.write(key, {"x": np.full(300, n)}, {}, {})
    archive.export(store, KEYS, folder / "a.tar")
    content = (folder / "a.tar").read_bytes()
    (folder / "a.tar").write_bytes(content[: cut % len(content)])
    try:
        archive.import_(other, folder / "a.tar")
    except StoreError:
        pass
    for key in care.keys(other):
        other.verify(key)
