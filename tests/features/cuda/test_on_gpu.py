"""What only a GPU can show, in one call: ``pytest -m gpu``. Elsewhere the same kernels are tested interpreted."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from neurocli.features import bench, catalogue
from neurocli.features.cuda import _jacobi, _jit, _tangent
from neurocli.features.engine import compute
from neurocli.geometry.karcher import riemannian_mean

from .test_twins import ALPHA, CASES, equal, stated

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        _jit.interpreted() or not torch.cuda.is_available(),
        reason="no GPU here that torch can use, or TRITON_INTERPRET=1: nothing of this can be seen",
    ),
]
SFREQ = 128.0
ASKED = {name: settings for _, requests in CASES.values() for name, settings in requests}
FEATURES = sorted(name for name, about in catalogue.index()["features"].items() if "cuda" in about["backends"])


def signal(n_epochs: int = 3, n_channels: int = 3, n_times: int = 1024, dtype: str = "float32") -> np.ndarray:
    """Return noise that leans back to zero, with a rhythm, in volts."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n_epochs, n_channels, n_times)).cumsum(axis=-1)
    x -= x.mean(axis=-1, keepdims=True)
    x += 5 * np.sin(2 * np.pi * 10 * np.arange(n_times) / SFREQ + rng.uniform(0, 6, (n_epochs, n_channels, 1)))
    return (1e-6 * x).astype(dtype)


def values(requests, x, backend, **options):
    names = ["Fz", "Cz", "Pz"][: x.shape[1]]
    return [block.values for block in compute(x, SFREQ, requests, ch_names=names, backend=backend, **options)]


@pytest.mark.filterwarnings("ignore:Computed on the processor")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_of_the_device_is_the_references(name, dtype):
    x, request = signal(dtype=dtype), (name, ASKED.get(name, {}))
    (found,) = values([request], x, "cuda", dtype=dtype)
    (expected,) = values([request], x.astype(np.float64), "reference")
    equal(found, expected, stated("cuda", request, x))


@pytest.mark.filterwarnings("ignore:Computed on the processor")
def test_chunks_take_turns_in_two_buffers_and_change_nothing():
    x = signal(9)
    requests = [("std", {}), ("sample_entropy", {}), ("lempel_ziv_complexity", {}), ("plv", ALPHA)]
    whole = values(requests, x, "cuda", chunk=9)
    for chunk in (1, 2, 4):
        for request, one, other in zip(requests, values(requests, x, "cuda", chunk=chunk), whole, strict=True):
            equal(one, other, stated("cuda", request, x))


@pytest.mark.parametrize(("n_matrices", "n"), [(200, 64), (50, 33), (8, 256), (1, 1000), (5000, 4)])
def test_decompositions_are_lapacks(n_matrices, n):
    """Also of several blocks, whose threads write what others read."""
    x = np.random.default_rng(n).standard_normal((n_matrices, n, 2 * n))
    a = x @ x.swapaxes(1, 2)
    found, vectors = (one.cpu().numpy() for one in _jacobi.eigh(torch.from_numpy(a).to(_jit.device())))
    scale = np.abs(a).max(axis=(1, 2), keepdims=True) * n
    assert np.max(np.abs(found - np.linalg.eigvalsh(a)) / scale[..., 0]) < 1e-13
    assert np.max(np.abs((vectors * found[:, None]) @ vectors.swapaxes(1, 2) - a) / scale) < 1e-13


def test_the_riemannian_mean_of_many_is_the_processors():
    x = np.random.default_rng(1).standard_normal((150, 32, 200)).cumsum(axis=1)
    cov = x @ x.swapaxes(1, 2)
    found = _tangent.riemannian_mean(torch.from_numpy(cov).to(_jit.device())).cpu().numpy()
    expected = riemannian_mean(cov)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.abs(expected).max())


def test_the_benchmark_measures_every_row(tmp_path):
    path = tmp_path / "gpu.json"
    bench.main(["--backend", "cuda", "--epochs", "8", "--repeats", "2", "--json", str(path)])
    made = json.loads(path.read_text())
    assert made["device"] == torch.cuda.get_device_name()
    assert made["failed"] == {}
    assert {row["name"] for row in made["features"]} == set(bench.rows())
    assert all(row["device_ms"] > 0 for row in made["features"])
    far = {row["name"]: row["max_rel_err"] for row in made["features"] if not row["max_rel_err"] < 0.05}
    assert not far
