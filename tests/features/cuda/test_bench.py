"""The benchmark on a GPU: what it writes, that a bare machine can run it, and what it says where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurocli.features import bench, workload

ROOT = Path(bench.__file__).parents[2]
ABSENT = [
    "hypothesis", "pydantic", "pydantic_core", "typer", "rich", "yaml", "mne", "sklearn", "nibabel", "nilearn",
    "nipype", "pandas", "pyarrow", "matplotlib", "psutil", "pyriemann", "skops", "onnx", "edfio", "safetensors",
    "antropy", "threadpoolctl",
]  # fmt: skip
BARE = f"""
import sys
sys.modules.update(dict.fromkeys({ABSENT}))  # importing one of these is an error
"""
MEASURED = """
import runpy
sys.argv = ["bench", "--backend", "cuda", "--features", "statistics", "--epochs", "1", "--repeats", "1"]
from neurocli.features import workload
workload.make = lambda n, made=workload.make, **rest: made(n, 1, 50, **rest)
runpy.run_module("neurocli.features.bench", run_name="__main__")
"""
COLLECTED = """
import pytest
sys.exit(pytest.main(["-m", "gpu", "--collect-only", "-q", "-p", "no:cacheprovider"]))
"""


def on_a_bare_machine(interpret: str, program: str = MEASURED) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "TRITON_INTERPRET": interpret, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-c", BARE + program]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=ROOT)


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_it_writes_a_row_for_each_with_the_roofline_beside(monkeypatch, tmp_path):
    monkeypatch.setattr(workload, "make", lambda n, made=workload.make, **rest: made(n, 2, 60, **rest))
    path = tmp_path / "gpu.json"
    names = "statistics,cov_lwf_tangent,avalanches"
    text = bench.main(
        ["--backend", "cuda", "--features", names, "--epochs", "2", "--repeats", "1", "--json", str(path)]
    )
    made = json.loads(path.read_text())
    rows = {row["name"]: row for row in made["features"]}
    assert list(rows) == names.split(",")
    assert rows["statistics"]["roofline_ms"] == pytest.approx(1e3 * 51.2e6 / 3e12 / 100)
    assert all(row["max_rel_err"] < 1e-3 for row in rows.values())
    assert (rows["statistics"]["bytes_moved"], rows["statistics"]["bound"]) == (pytest.approx(51.2e4), "memory")
    times = rows["statistics"]["device_ms"] / rows["statistics"]["roofline_ms"]
    assert rows["statistics"]["times_roofline"] == pytest.approx(times)
    assert rows["statistics"]["stays"] == []
    assert rows["statistics"]["complete"]
    assert rows["cov_lwf_tangent"]["complete"], "mean and vectors too"
    assert made["bold"]["not_whole_on_the_device"] == []
    assert made["bold"]["device_ms"] == pytest.approx(sum(row["device_ms"] for row in rows.values()))
    assert "roofline" in text
    assert "statistics" in text


@pytest.mark.usefixtures("kernels")
def test_a_row_that_fails_is_named_and_costs_no_other(monkeypatch, tmp_path):
    """As where a card cannot start a kernel."""
    from neurocli.features.cuda import _bench

    def measured(row, *rest, before=_bench._row):
        if row.name == "dfa":
            raise RuntimeError("out of resources")
        return before(row, *rest)

    monkeypatch.setattr(_bench, "_row", measured)
    monkeypatch.setattr(workload, "make", lambda n, made=workload.make, **rest: made(n, 1, 50, **rest))
    path = tmp_path / "gpu.json"
    options = ["--backend", "cuda", "--features", "dfa,statistics", "--epochs", "1", "--repeats", "1"]
    text = bench.main([*options, "--json", str(path)])
    made = json.loads(path.read_text())
    assert made["failed"] == {"dfa": "RuntimeError: out of resources"}
    assert [row["name"] for row in made["features"]] == ["statistics"]
    assert made["total_cpu_ms"] == made["features"][0]["cpu_ms"]
    assert set(made["versions"]) == {"torch", "triton", "numpy"}
    assert "dfa                            failed: RuntimeError: out of resources" in text


def test_every_row_has_its_figures():
    from neurocli.features.cuda._bench import FLOORS, roofline

    assert set(FLOORS) == set(bench.rows())
    found = roofline("sample_entropy", 100)
    assert found.roofline_ms == pytest.approx(1e3 * 6.4e9 * 3.5 / 3e13 / 2)
    assert (found.bound, found.bytes_moved) == ("compute", 51.2e6 / 2)
    assert roofline("statistics", 200).bound == "memory"
    assert roofline("of another's package", 200).roofline_ms is None


@pytest.mark.usefixtures("kernels")
def test_a_bare_machine_suffices():
    """NumPy, SciPy, torch, triton and numba, and nothing else that neurocli needs."""
    run = on_a_bare_machine("1")
    assert run.returncode == 0, run.stderr
    assert "statistics" in run.stdout


def test_without_a_gpu_it_says_so_and_how_it_ended():
    run = on_a_bare_machine("0")
    assert run.returncode == 9
    assert run.stderr.startswith("E-ENVIRONMENT-GPU The backend 'cuda' was asked for")
    assert run.stdout == ""


def test_the_tests_for_a_gpu_are_found_on_a_bare_machine():
    """One file that cannot be imported there would end ``pytest -m gpu`` before its first test."""
    run = on_a_bare_machine("1", COLLECTED)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "cuda/test_on_gpu.py::test_decompositions_are_lapacks" in run.stdout


def test_a_value_that_only_one_of_both_has_is_no_agreement():
    """A kernel that writes NaN would otherwise look perfect."""
    from neurocli.features.cuda._bench import _disagreement

    expected = np.array([[1.0, -4.0], [np.nan, 2.0]])
    assert _disagreement(np.array([1.0, -3.0, np.nan, 2.0]), expected) == 0.25
    assert _disagreement(np.full(4, np.nan), expected) == 1.0
    assert _disagreement(np.ones(4), expected) == 1.0
