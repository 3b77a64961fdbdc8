"""Tangent vectors: pyRiemann is the oracle, the definition the law."""

from __future__ import annotations

import numpy as np
import pytest
from pyriemann.geometry.tangentspace import tangent_space
from scipy.linalg import logm, sqrtm

from neurocli.geometry import tangent
from neurocli.geometry.spd import from_upper
from neurocli.geometry.tangent import tangent_vectors


def covariances(n=7, n_channels=6, n_times=40, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_channels, n_channels)) @ rng.normal(size=(n, n_channels, n_times))
    return x @ x.swapaxes(1, 2) / n_times


@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-10), (np.float32, 1e-3)])
def test_they_are_pyriemanns(dtype, close):
    """In float32 the smallest eigenvalue errs by its precision times the condition, some hundreds."""
    X = covariances()
    found = tangent_vectors(X.astype(dtype), X.mean(axis=0))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, tangent_space(X, X.mean(axis=0)), rtol=0, atol=close)


def test_they_are_the_logarithm_seen_from_the_reference():
    X = covariances(2)
    root = np.linalg.inv(sqrtm(X[1]))
    np.testing.assert_allclose(from_upper(tangent_vectors(X, X[1]))[0], logm(root @ X[0] @ root), atol=1e-9)
    np.testing.assert_allclose(tangent_vectors(X, X[1])[1], 0.0, atol=1e-9)


def test_how_many_are_mapped_at_once_changes_nothing(monkeypatch):
    X = covariances()
    whole = tangent_vectors(X, X[0])
    monkeypatch.setattr(tangent, "BATCH", 1)
    np.testing.assert_array_equal(tangent_vectors(X, X[0]), whole)
