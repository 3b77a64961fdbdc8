"""The store: whole or not there, first writer wins, damage is found and mended, upstream is never written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from neurocli.errors import StoreError
from neurocli.store import Store, _format, care

RECIPE = {"stage": "preprocess"}


def key(n: int) -> str:
    return blake2b(str(n).encode(), digest_size=32).hexdigest()


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def filled(store: Store, n: int = 1, **more) -> str:
    store.write(key(n), {"x": np.arange(4.0) + n}, {"kind": "test", "n": n}, RECIPE, **more)
    return key(n)


def test_what_is_written_is_had_read_and_verified(store):
    assert not store.has(key(1))
    filled(store, cost={"wall_s": 2.0})
    arrays, meta = store.read(key(1))
    np.testing.assert_array_equal(arrays["x"], [1, 2, 3, 4])
    assert meta == store.read_json(key(1)) == {"kind": "test", "n": 1}
    assert store.has(key(1))
    assert store.manifest(key(1))["recipe"] == RECIPE
    assert store.manifest(key(1))["cost"] == {"wall_s": 2.0}
    store.verify(key(1))


def test_a_unit_leaves_two_files_and_nothing_temporary(store):
    with store.claim(key(1)):
        filled(store)
    found = sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())
    entry = f"{key(1)[:2]}/{key(1)}"
    assert found == [*sorted([f"{entry}/manifest.json", f"{entry}/payload.safetensors"]), "format"]


def test_scores_are_json_and_need_no_numpy(store):
    store.write(key(1), {}, {"scores": [0.5, None]}, RECIPE)
    assert store.read(key(1)) == ({}, {"scores": [0.5, None]})
    code = (
        "import sys; from pathlib import Path; from neurocli.store import Store; import neurocli.store.ledger;"
        "s = Store(Path(sys.argv[1])); assert s.has(sys.argv[2]) and s.read_json(sys.argv[2])['scores'][0] == 0.5;"
        "assert not {'numpy', 'pydantic', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(store.root), key(1)], check=True, cwd=Path(__file__).parents[2])


def test_a_tree_of_files_lies_beside_the_payload(store, tmp_path):
    tree = tmp_path / "tree"
    (tree / "anat").mkdir(parents=True)
    (tree / "anat" / "t1.nii").write_bytes(b"voxels")
    (tree / "link.nii").symlink_to(tree / "anat" / "t1.nii")
    filled(store, files=tree)
    copy = store.files(key(1)) / "link.nii"
    assert copy.read_bytes() == b"voxels"
    assert not copy.is_symlink()
    store.verify(key(1))
    (store.files(key(1)) / "anat" / "t1.nii").write_bytes(b"vox")
    assert not store.has(key(1))


@pytest.mark.parametrize("bad", ["", "../../etc", "A" * 64, "0" * 63, "0" * 65, "0" * 62 + "/.", "0" * 64 + "\n"])
def test_a_key_is_64_hexadecimal_digits(store, bad):
    with pytest.raises(ValueError, match="is no key"):
        store.has(bad)


def test_the_first_writer_wins_and_the_second_is_counted(store):
    filled(store)
    again = Store(store.root)
    again.write(key(1), {"x": np.zeros(9)}, {}, RECIPE)
    assert again.counts["duplicates"] == 1
    assert store.read(key(1))[0]["x"].size == 4
    again.write(key(1), {"x": np.zeros(9)}, {}, RECIPE, replace=True)
    assert store.read(key(1))[0]["x"].size == 9


def damage(store: Store, what: str) -> None:
    folder = store.find(key(1))
    payload, manifest = folder / "payload.safetensors", folder / "manifest.json"
    content = payload.read_bytes()
    if what == "flipped":
        payload.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif what == "truncated":
        payload.write_bytes(content[:-1])
    elif what == "vanished":
        payload.unlink()
    elif what == "foreign manifest":
        manifest.write_text(manifest.read_text().replace(key(1), key(2)))
    elif what == "payload elsewhere":
        (folder.parent / "other").write_bytes(content)
        manifest.write_text(manifest.read_text().replace("payload.safetensors", "../other"))
    else:
        manifest.write_text({"empty manifest": "", "odd manifest": "[1]", "torn manifest": '{"key": '}[what])


DAMAGES = ["flipped", "truncated", "vanished", "foreign manifest", "payload elsewhere"]
DAMAGES += ["empty manifest", "odd manifest", "torn manifest"]


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_found_set_aside_and_mended(store, what):
    filled(store)
    damage(store, what)
    with pytest.raises(StoreError) as caught:
        store.verify(key(1))
    assert caught.value.code == "E-STORE-CORRUPT"
    assert store.repair(key(1))
    assert not store.has(key(1))
    filled(store)
    store.verify(key(1))


@pytest.mark.parametrize("what", [what for what in DAMAGES if what != "flipped"])
def test_damage_that_sizes_show_is_never_read_and_the_next_write_mends_it(store, what):
    filled(store)
    damage(store, what)
    with pytest.raises(StoreError) as caught:
        store.read(key(1))
    assert caught.value.code == "E-STORE-CORRUPT"
    filled(store)
    np.testing.assert_array_equal(store.read(key(1))[0]["x"], [1, 2, 3, 4])
    assert len(list((store.root / "quarantine").iterdir())) == 1


def test_a_missing_entry_says_so(store):
    with pytest.raises(StoreError, match=f"The store has no entry {key(3)}") as caught:
        store.read(key(3))
    assert caught.value.code == "E-STORE-MISSING"


def tree_state(folder: Path) -> list[tuple[str, int]]:
    return sorted((path.as_posix(), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_upstream_is_read_and_never_written(store, tmp_path):
    filled(store)
    before = tree_state(store.root)
    mine = Store(tmp_path / "mine", upstream=[store.root])
    assert mine.has(key(1))
    assert mine.read_json(key(1))["n"] == 1
    filled(mine, 2)
    mine.remove(key(1))
    care.gc(mine, older_than_s=0)
    assert tree_state(store.root) == before
    assert not mine.has(key(2))


def test_damage_upstream_is_covered_by_an_entry_of_our_own(store, tmp_path):
    filled(store)
    damage(store, "truncated")
    mine = Store(tmp_path / "mine", upstream=[store.root])
    assert not mine.has(key(1))
    filled(mine)
    np.testing.assert_array_equal(mine.read(key(1))[0]["x"], [1, 2, 3, 4])


@pytest.mark.parametrize("found", ["2\n", "0\n", "", "x" * 100])
def test_another_format_is_refused_and_left_alone(store, found):
    filled(store)
    (store.root / "format").write_text(found)
    before = tree_state(store.root)
    with pytest.raises(StoreError, match="this release of neurocli reads format 1") as caught:
        Store(store.root)
    assert caught.value.code == "E-STORE-FORMAT"
    assert tree_state(store.root) == before


def test_an_old_format_with_a_migration_is_migrated_but_not_upstream(store, tmp_path, monkeypatch):
    filled(store)
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "migrate_v1.py").write_text("def migrate(root):\n    (root / 'migrated').write_text('yes')\n")
    monkeypatch.setattr("neurocli.store.__path__", [*sys.modules["neurocli.store"].__path__, str(folder)])
    monkeypatch.setattr(_format, "FORMAT", 2)
    with pytest.raises(StoreError, match="reads format 2"):
        Store(tmp_path / "mine", upstream=[store.root])
    assert Store(store.root).has(key(1))
    assert (store.root / "migrated").read_text() == "yes"
    assert (store.root / "format").read_text() == "2\n"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "E-STORE-FULL"),
        (errno.EDQUOT, "E-STORE-FULL"),
        (errno.EROFS, "E-STORE-READONLY"),
        (errno.EACCES, "E-STORE-PERMISSION"),
        (errno.EIO, "E-STORE"),
    ],
)
def test_the_system_is_translated_and_nothing_half_written_remains(store, monkeypatch, number, code):
    filled(store)

    def refuse(fd):  # noqa: ARG001
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError) as caught:
        filled(store, 2)
    monkeypatch.undo()
    assert caught.value.code == code
    assert caught.value.exit_status == 7
    assert not store.has(key(2))
    assert not list((store.root / "tmp").iterdir())
    assert store.has(key(1))


def test_a_store_can_be_looked_at_without_being_made(tmp_path):
    assert not Store(tmp_path / "none").has(key(1))
    assert not (tmp_path / "none").exists()


def test_an_entry_is_on_the_disk_before_it_has_a_name_and_its_name_before_we_go_on(store, monkeypatch):
    """Payload, manifest, the folder with both, then the rename, then the folder with the new name."""
    filled(store, 2)  # what is made once a store is there
    done, sync, rename = [], os.fsync, Path.rename

    def synced(fd: int) -> None:
        done.append(("sync", Path(f"/proc/self/fd/{fd}").readlink().name))
        sync(fd)

    def renamed(self: Path, target: Path) -> Path:
        done.append(("rename", Path(target).name))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    filled(store)
    made = done[2][1]
    assert done == [("sync", "payload.safetensors"), ("sync", "manifest.json"), ("sync", made),
                    ("rename", key(1)), ("sync", key(1)[:2])]  # fmt: skip
    assert made.startswith(f"{key(1)[:8]}.")
