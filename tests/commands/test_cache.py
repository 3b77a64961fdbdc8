"""`neurocli cache`: each sub-command translates, and says on stdout what was asked."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from neurocli.commands import build
from neurocli.commands.cache import amount
from neurocli.errors import NeurocliError
from neurocli.store import Store

KEYS = ["a" * 64, "b" * 64]


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path / "store")
    for key in KEYS:
        store.write(key, {"x": np.zeros(100)}, {}, {"stage": "preprocess", "steps": [{"name": "filter"}]})
    return store


def cache(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(build(), ["cache", *map(str, arguments)])
    if isinstance(result.exception, NeurocliError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def test_ls_names_every_entry(store):
    rows = json.loads(cache("ls", "--store", store.root, "--json"))["entries"]
    assert [row["key"] for row in rows] == KEYS
    assert "preprocess filter" in cache("ls", "--store", store.root)
    assert len(json.loads(cache("ls", "aaaa", "--store", store.root, "--json"))["entries"]) == 1


def test_the_store_is_found_below_the_output_folder_and_in_the_environment(store, tmp_path, monkeypatch):
    (tmp_path / "out" / ".neurocli").mkdir(parents=True)
    store.root.rename(tmp_path / "out" / ".neurocli" / "store")
    assert json.loads(cache("du", "-o", tmp_path / "out", "--json"))["entries"] == 2
    monkeypatch.setenv("NEUROCLI_STORE", str(tmp_path / "out" / ".neurocli" / "store"))
    assert cache("du").startswith("2 entries")


@pytest.mark.parametrize("arguments", [[], ["--store", "/no/such/folder"]])
def test_without_a_store_it_says_how_to_name_one(arguments, monkeypatch):
    monkeypatch.delenv("NEUROCLI_STORE", raising=False)
    with pytest.raises(NeurocliError, match="--store") as caught:
        cache("du", *arguments)
    assert caught.value.exit_status == 2


def test_gc_removes_what_is_old_and_not_referred_to(store, tmp_path):
    (tmp_path / "out").mkdir()
    store.roots("run-1", KEYS[:1], tmp_path / "out")
    assert json.loads(cache("gc", "--store", store.root, "--json"))["removed"] == []
    assert "1 entries would go" in cache("gc", "--older-than", 0, "-n", "--store", store.root)
    assert store.has(KEYS[1])
    cache("gc", "--older-than", 0, "--store", store.root)
    assert [store.has(key) for key in KEYS] == [True, False]


def test_verify_exits_7_until_the_damage_is_repaired(store):
    payload = store.find(KEYS[0]) / "payload.safetensors"
    payload.write_bytes(payload.read_bytes()[:-1] + b"\1")
    assert KEYS[0] in cache("verify", "--store", store.root, code=7)
    assert "set aside" in cache("verify", "--repair", "--store", store.root)
    assert cache("verify", "--store", store.root) == "1 entries checked, 0 damaged\n"


def test_what_is_exported_can_be_imported(store, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "out").mkdir()
    store.roots("run-1", KEYS[:1], tmp_path / "out")
    tar = tmp_path / "a.tar"
    assert json.loads(cache("export", tar, "--store", store.root, "--run", "run-1", "--json"))["entries"] == 1
    cache("export", tar, "--store", store.root)
    found = json.loads(cache("import", tar, "--store", tmp_path / "other", "--json"))
    assert found == {"schema_version": 1, "imported": 2, "present": 0}
    with pytest.raises(NeurocliError, match="Did you mean 'run-1'"):
        cache("export", tar, "--store", store.root, "--run", "run-2")


def test_a_quota_is_set_shown_and_taken_away(store):
    assert json.loads(cache("quota", "200 GB", "--store", store.root, "--json"))["quota_bytes"] == 200 * 10**9
    assert "quota 200.0 GB" in cache("du", "--store", store.root)
    cache("quota", "none", "--store", store.root)
    assert json.loads(cache("du", "--store", store.root, "--json"))["quota_bytes"] is None


def test_a_quota_can_be_set_before_the_first_run(tmp_path):
    cache("quota", "1GB", "-o", tmp_path / "out")
    assert json.loads(cache("du", "-o", tmp_path / "out", "--json"))["quota_bytes"] == 10**9


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (999_949, "999.9 KB"), (999_960, "1.0 MB"), (2e11, "200.0 GB"),
     (5e15, "5000.0 TB")],
)  # fmt: skip
def test_an_amount_has_the_unit_that_suits_it(n_bytes, said):
    assert amount(n_bytes) == said
