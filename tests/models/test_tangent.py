"""Covariances: pyriemann is the oracle, invariance the law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyriemann.classification import MDM as OracleMDM
from pyriemann.geometry.distance import distance_logeuclid
from pyriemann.geometry.mean import gmean
from pyriemann.tangentspace import TangentSpace as Oracle

from neurocli.errors import InputError
from neurocli.geometry import spd
from neurocli.models._tangent import MDM, TangentSpace

METRICS = ["riemann", "logeuclid", "euclid"]


def covariances(n=40, n_channels=5, n_times=60, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_channels, n_channels)) @ rng.normal(size=(n, n_channels, n_times))
    return x @ x.swapaxes(1, 2) / n_times


@pytest.mark.parametrize("metric", METRICS)
def test_the_mean_is_pyriemanns(metric):
    X = covariances()
    options = {"tol": 1e-10, "maxiter": 200} if metric == "riemann" else {}
    assert np.allclose(spd.mean(X, metric), gmean(X, metric=metric, **options), rtol=0, atol=1e-7)


@pytest.mark.parametrize("metric", ["riemann", "euclid"])
def test_the_tangent_vectors_are_pyriemanns(metric):
    X, new = covariances(), covariances(seed=1)
    ours, oracle = TangentSpace(metric).fit(X), Oracle(metric=metric).fit(X)
    assert np.allclose(ours.transform(new), oracle.transform(new), rtol=0, atol=1e-7)


def test_log_euclidean_vectors_keep_the_log_euclidean_distance():
    """The differences of logarithms; pyriemann maps them on by the differential of exp, which keeps no distance."""
    X = covariances()
    vectors = TangentSpace("logeuclid").fit(X).transform(X)
    assert np.linalg.norm(vectors[0] - vectors[1]) == pytest.approx(distance_logeuclid(X[0], X[1]), rel=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_distances_to_class_means_are_pyriemanns(metric):
    X, y = covariances(), np.tile([0, 1], 20)
    X[y == 1] *= 1.3
    ours, oracle = MDM(metric).fit(X, y), OracleMDM(metric=metric).fit(X, y)
    assert np.allclose(ours.distances(X), oracle.transform(X), rtol=0, atol=1e-7)
    assert np.allclose(ours.predict_proba(X), oracle.predict_proba(X), rtol=0, atol=1e-7)
    assert np.array_equal(ours.predict(X), oracle.predict(X))


@given(seed=st.integers(0, 10_000), spread=st.floats(0.01, 1.0))
def test_the_mean_of_logarithms_vanishes_at_the_mean(seed, spread):
    """The equation that defines it, also for widely scattered matrices."""
    rng = np.random.default_rng(seed)
    S = spread * rng.normal(size=(12, 4, 4))
    X = spd.function_of(S + S.swapaxes(1, 2), np.exp)
    W = spd.inverse_root(spd.mean(X, maxiter=200))
    assert np.linalg.norm(spd.mean_of_logs(*np.linalg.eigh(spd.congruence(W, X)))) < 1e-7


@given(seed=st.integers(0, 10_000))
def test_the_mean_moves_with_the_channels(seed):
    """Affine invariance: mean(A X A') = A mean(X) A', Moakher 2005."""
    X = covariances(n=10, seed=seed)
    A = np.random.default_rng(seed + 1).normal(size=(5, 5)) + 3 * np.eye(5)
    moved = spd.mean(spd.congruence(A, X))
    expected = A @ spd.mean(X) @ A.T
    assert np.allclose(moved, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("unit", [1.0, 1e-12])
def test_the_unit_of_the_signal_does_not_matter(unit):
    X = covariances()
    assert np.allclose(TangentSpace().fit(X * unit).transform(X * unit), TangentSpace().fit(X).transform(X), atol=1e-6)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 6))
def test_the_upper_triangle_keeps_the_norm_and_comes_back(seed, n):
    S = np.random.default_rng(seed).normal(size=(3, n, n))
    S = S + S.swapaxes(1, 2)
    assert np.allclose(np.linalg.norm(spd.upper(S), axis=1), np.linalg.norm(S, axis=(1, 2)))
    assert np.allclose(spd.from_upper(spd.upper(S)), S)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_average_reference_costs_one_direction_and_nothing_else(dtype):
    """Distances are those of the same samples with one channel left out: a reference is linear."""
    X = covariances()
    R = np.eye(5) - 1 / 5
    referenced, without = (R @ X @ R.T).astype(dtype), (R @ X @ R.T)[:, :4, :4]
    vectors = TangentSpace().fit(referenced).transform(referenced)
    assert vectors.shape == (40, 10)
    oracle = TangentSpace().fit(without).transform(without)
    tolerance = 1e-6 if dtype is np.float64 else 2e-3  # eps of float32 times the condition of the samples
    assert np.allclose(vectors @ vectors.T, oracle @ oracle.T, atol=tolerance)


def test_a_sample_that_is_singular_alone_is_named_and_shrinkage_helps():
    X = covariances()
    X[7] = np.ones((5, 5))
    with pytest.raises(InputError, match=r"sample 7 .*tangent_space.shrinkage") as caught:
        TangentSpace().fit(X)
    assert caught.value.code == "E-INPUT-SINGULAR"
    assert np.isfinite(TangentSpace(shrinkage=0.01).fit(X).transform(X)).all()


def test_bands_are_mapped_each_for_itself():
    """Oracle: pyriemann band by band; what all vectors have in common is their products."""
    bands, new = [covariances(seed=i) for i in range(3)], [covariances(seed=i + 3) for i in range(3)]

    def stacked(parts):
        X = np.zeros((40, 15, 15)) + 0.01  # between bands, to be left out
        for i, part in enumerate(parts):
            X[:, 5 * i : 5 * i + 5, 5 * i : 5 * i + 5] = part
        return X

    vectors = TangentSpace(n_bands=3).fit(stacked(bands)).transform(stacked(new))
    expected = np.hstack([Oracle().fit(X).transform(Y) for X, Y in zip(bands, new, strict=True)])
    assert np.allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-6)
    assert np.allclose(vectors[:, np.abs(vectors).max(axis=0) > 1e-9].shape, expected.shape)


def test_channels_that_are_not_so_many_bands_are_refused():
    with pytest.raises(InputError, match="5 channels cannot be n_bands = 2") as caught:
        TangentSpace(n_bands=2).fit(covariances())
    assert caught.value.code == "E-INPUT-MODEL"
