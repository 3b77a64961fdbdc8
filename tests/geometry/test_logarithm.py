"""The logarithm without eigenvectors against the one that has them, and against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from neurocli.geometry import _logarithm
from neurocli.geometry._logarithm import logarithm
from neurocli.geometry.tangent import LARGE, tangent_vectors

FLOAT64 = np.dtype("float64")


def with_eigenvalues(values: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix of these eigenvalues, and its logarithm."""
    Q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))
    X, log_X = (Q * values) @ Q.T, (Q * np.log(values)) @ Q.T
    return (X + X.T) / 2, log_X


@given(n=st.integers(2, 70), spread=st.floats(0, 9), level=st.floats(-60, 60), seed=st.integers(0, 99))
def test_it_is_the_matrix_that_was_exponentiated(n, spread, level, seed):
    values = np.exp(level + spread * np.random.default_rng(seed).uniform(-0.5, 0.5, n))
    X, log_X = with_eigenvalues(values, seed)
    found = logarithm(X, FLOAT64)
    assert np.allclose(found, log_X, rtol=0, atol=1e-11 * (1 + abs(level)))
    assert np.array_equal(found, found.T) or np.allclose(found, found.T, rtol=0, atol=1e-13 * (1 + abs(level)))


def test_it_is_scipys():
    X, _ = with_eigenvalues(np.geomspace(0.01, 30, 50))
    assert np.allclose(logarithm(X, FLOAT64), scipy.linalg.logm(X), rtol=0, atol=1e-12)


def test_float32_is_that_of_float64_to_its_digits():
    X, log_X = with_eigenvalues(np.geomspace(0.02, 50, 96))
    found = logarithm(X, np.dtype("float32"))
    assert found.dtype == np.float32
    assert np.allclose(found, log_X, rtol=0, atol=5e-6)


@pytest.mark.parametrize("X", [np.eye(60), 3e-12 * np.eye(60), np.diag(np.geomspace(1e-14, 1e-10, 60))])
def test_a_diagonal_has_nothing_beside_it(X):
    assert np.allclose(logarithm(X, FLOAT64), np.diag(np.log(np.diag(X))), rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("least", [1e-9, 0.0, -1e-3])
def test_where_it_would_be_dear_or_there_is_none_it_says_so(least):
    X, _ = with_eigenvalues(np.geomspace(1e-3, 1, 60))
    values, vectors = np.linalg.eigh(X)
    values[0] = least
    assert logarithm((vectors * values) @ vectors.T, FLOAT64) is None


def test_not_a_number_is_no_reason_to_hang():
    assert logarithm(np.full((60, 60), np.nan), FLOAT64) is None


def test_extremes_hold_the_eigenvalues_closely():
    X, _ = with_eigenvalues(np.geomspace(0.003, 200, 80))
    _, diagonal, beside, _, _ = scipy.linalg.lapack.dsytrd(X, lower=1)
    low, high = _logarithm._extremes(diagonal, beside, 1e-6)
    assert low <= 0.003 * (1 + 1e-9) <= 1.11 * low
    assert high / 1.11 <= 200 <= high * (1 + 1e-9)


@pytest.mark.parametrize("n", [LARGE - 1, LARGE, 100])
@pytest.mark.parametrize("least", [1e-3, 1e-9])
def test_both_ways_lead_to_the_same_tangent_vectors(n, least, monkeypatch):
    X = np.stack([with_eigenvalues(np.geomspace(least, 1, n), seed)[0] for seed in range(3)])
    found = tangent_vectors(X, np.eye(n))
    monkeypatch.setattr("neurocli.geometry.tangent.LARGE", 10**9)
    assert np.allclose(found, tangent_vectors(X, np.eye(n)), rtol=0, atol=1e-10 if least == 1e-3 else 1e-9)
