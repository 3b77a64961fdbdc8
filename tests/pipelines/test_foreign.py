"""Exports, models and settings from somebody else: no file outside the folder, no code."""

from __future__ import annotations

import json
import pickle
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurocli.errors import ConfigError, InputError, StoreError
from neurocli.pipelines import config
from neurocli.pipelines.bundle import VERSION, Bundle
from neurocli.pipelines.publish import _exported
from neurocli.pipelines.status import log_path

from ..store.test_foreign import BOMBS, Bomb


def inputs(folder: Path, names: list[str]) -> SimpleNamespace:
    store = SimpleNamespace(files=lambda _: folder, read_json=lambda _: {"files": names})
    return SimpleNamespace(store=store)


@pytest.fixture
def entry(tmp_path) -> Path:
    """Return the files of an entry, among them links that lead out of it."""
    folder = tmp_path / "store" / "files"
    folder.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "evil").write_text("evil")
    (folder / "report.html").write_text("fine")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path)
    return folder


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/hostname", "link", "folder/secret", "link/../link"])
def test_an_export_neither_writes_nor_reads_elsewhere(tmp_path, entry, name):
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        _exported(SimpleNamespace(key=""), inputs(entry, [name]), out)
    assert caught.value.code == "E-STORE-PATH"
    assert not list(out.iterdir())
    assert (tmp_path / "evil").read_text() == "evil"


def test_an_export_of_its_own_files_is_published(tmp_path, entry):
    out = tmp_path / "out"
    assert _exported(SimpleNamespace(key=""), inputs(entry, ["report.html"]), out) == [out / "report.html"]
    assert (out / "report.html").read_text() == "fine"


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bundle_is_never_unpickled(tmp_path, kind):
    folder, witness = tmp_path / "model", tmp_path / "witness"
    folder.mkdir()
    (folder / "model.skops").write_bytes(BOMBS[kind](Bomb(witness)))
    (folder / "bundle.json").write_text(json.dumps({"version": VERSION, "classes": ["a", "b"]}))
    sums = {name: sha256((folder / name).read_bytes()).hexdigest() for name in ("model.skops", "bundle.json")}
    (folder / "checksums.json").write_text(json.dumps(sums))
    from neurocli.models._save import from_bytes

    with pytest.raises(InputError) as caught:
        from_bytes(Bundle.read(folder).model)
    assert caught.value.code in ("E-MODEL-READ", "E-MODEL-UNTRUSTED")
    assert not witness.exists()


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{witness}]]",
        "!!python/name:os.system",
        "!!python/object/new:os.system [touch {witness}]",
        "!include {witness}",
    ],
)
def test_a_settings_file_cannot_make_objects(tmp_path, value):
    witness = tmp_path / "witness"
    (tmp_path / "pipelines.yaml").write_text(f"version: 1\npipelines: {value.format(witness=witness)}\n")
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "pipelines.yaml")
    assert "E-CONFIG-TAG" in str(caught.value)
    assert not witness.exists()


@pytest.mark.parametrize("unit", ["../../../evil", "/etc/evil", "a/../../evil"])
def test_the_log_of_a_unit_lies_among_the_logs(tmp_path, unit):
    assert log_path(tmp_path, unit).parent == tmp_path / ".neurocli" / "logs"


def test_the_bomb_goes_off_where_it_is_unpickled(tmp_path):
    """Else the tests above would prove nothing."""
    pickle.loads(BOMBS["pickle"](Bomb(tmp_path / "witness")))
    assert (tmp_path / "witness").exists()
