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


def test_the_summary_is_of_the_bold_rows_that_have_a_peer():
    def row(name, ours, theirs, bold):
        return bench.Measured(name, "cpu", ours, ours, theirs and "peer 1", theirs, theirs and 0.0, bold)

    given = [("a", 1.0, 4.0, True), ("b", 1.0, 16.0, True), ("c", 9.0, 1.0, False), ("d", 9.0, None, True)]
    measured = [row(*one) for one in given]
    found = bench.summary(measured)
    sums = {"n_rows": 2, "peer_cpu_ms": 20.0, "cpu_ms": 2.0, "ratio": 10.0}
    assert found == {**sums, "geometric_mean": pytest.approx(8.0), "least_ratio": 4.0}
    assert bench.document(measured, 200)["bold"] == found
    assert "geometric mean of their ratios 8.0, least 4.00" in list(bench.lines(measured))[-1]
    assert bench.summary(measured[3:]) == {"n_rows": 0}


def test_threads_are_a_column(monkeypatch):
    monkeypatch.setattr(workload, "make", lambda n, made=workload.make, **rest: made(n, 4, **rest))
    options = ["--features", "statistics", "--epochs", "2", "--repeats", "1", "--threads", "2"]
    made = json.loads(bench.main([*options, "--json"]))
    assert made["scaling"]["n_threads"] == 2
    assert made["scaling"]["of"]["statistics"] > 0
    assert "threads" in bench.main(options).splitlines()[0]


def test_the_tangent_space_is_pyriemanns(monkeypatch):
    """At the Riemannian mean of the covariances and at the arithmetic one of the augmented; float32 beside float64."""
    monkeypatch.setattr(workload, "make", lambda n, made=workload.make, **rest: made(n, 4, **rest))
    for row in bench.chosen(["cov_lwf_tangent", "augmented_cov_tangent"]):
        (measured,) = bench.measure([row], n_epochs=6, repeats=1)
        assert measured.max_rel_err < 1e-3
        (measured,) = bench.measure([row], n_epochs=6, repeats=1, dtype="float64")
        assert measured.max_rel_err < 1e-7


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
