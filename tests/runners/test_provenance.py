"""What a run leaves behind to be repeated by."""

from __future__ import annotations

from importlib import metadata

import pytest

from neurocli.runners.provenance import environment


def test_every_installed_distribution_has_its_version() -> None:
    found = environment()["distributions"]
    assert found["numpy"] == metadata.version("numpy")
    assert list(found) == sorted(found, key=str.lower)


def test_what_a_broken_installation_left_does_not_stop_a_run(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert any(dist.metadata["Name"] is None for dist in metadata.distributions())
    assert "numpy" in environment()["distributions"]
