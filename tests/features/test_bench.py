"""The benchmark: the workload is the fixed one, and the table says what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neurocli.errors import UsageError
from neurocli.features import bench, workload

GOLDEN = (-1.6061569842145678, 11.4214395364408, 10.321107390341446)


def test_the_workload_is_fixed():
    """Golden: another workload would make all recorded figures incomparable."""
    x = workload.make(2, 3, 100)
    assert x.shape == (2, 3, 100)
    np.testing.assert_allclose(x[1, 2, :3], workload.make(2, 3, 100, dtype=np.float32)[1, 2, :3], rtol=1e-6)
    np.testing.assert_allclose([x.mean(), x.std(), x[0, 0, 0]], GOLDEN, rtol=1e-6)


def test_json_has_one_entry_a_row(monkeypatch):
    monkeypatch.setattr(workload, "make", lambda n, made=workload.make, **rest: made(n, 4, **rest))
    made = json.loads(bench.main(["--features", "statistics,welch_bands", "--epochs", "2", "--repeats", "1", "--json"]))
    assert made["schema_version"] == 1
    assert [row["name"] for row in made["features"]] == ["statistics", "welch_bands"]
    for row in made["features"]:
        assert set(row) == {"name", "backend", "cpu_ms", "wall_ms", "peer", "peer_cpu_ms", "max_rel_err"}
        assert row["max_rel_err"] < 1e-5  # float32 beside float64
    assert made["total_cpu_ms"] == pytest.approx(sum(row["cpu_ms"] for row in made["features"]))


def test_a_peer_that_is_not_installed_is_left_out():
    def absent():
        raise ImportError("no module named peer")

    row = bench.Row("statistics", [("mean", {})], "peer", absent)
    (measured,) = bench.measure([row], n_epochs=1, repeats=1)
    assert measured.peer is None
    assert "not installed" in "\n".join(bench.lines([measured]))


def test_an_unknown_row_is_refused():
    with pytest.raises(UsageError, match=r"Unknown benchmark row 'welch_band'\. Did you mean 'welch_bands'\?"):
        bench.chosen(["welch_band"])
