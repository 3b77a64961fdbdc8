"""Oracle: scikit-learn's spectral embedding, up to the sign. Ground truth: two groups, and a ring."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import spectral_embedding

from neurocli.errors import InputError
from neurocli.features.eigenmaps import laplacian_eigenmap
from neurocli.features.region_connectivity import correlation_matrix


def test_it_is_scikit_learns_but_for_the_sign():
    x = np.random.default_rng(0).standard_normal((3, 12, 50))
    correlations = correlation_matrix(x)
    found = laplacian_eigenmap(correlations, n_dimensions=3)
    for one, ours in zip(correlations, found, strict=True):
        weights = np.abs(one) - np.eye(12)
        oracle = spectral_embedding(weights, n_components=3, eigen_solver="arpack", random_state=0, drop_first=True)
        oracle *= np.sign((oracle * ours).sum(axis=0))
        np.testing.assert_allclose(ours, oracle, atol=1e-7)


def test_two_groups_lie_on_two_sides():
    rng = np.random.default_rng(1)
    common = np.repeat(rng.standard_normal((2, 200)), 4, axis=0)
    (side,) = laplacian_eigenmap(correlation_matrix(common + 0.5 * rng.standard_normal((8, 200))), n_dimensions=1).T
    assert len(set(np.sign(side[:4]))) == len(set(np.sign(side[4:]))) == 1
    assert side[0] * side[4] < 0


def test_a_ring_is_laid_as_a_ring():
    """The eigenvectors of a ring are sines: all regions are as far from the centre."""
    ring = np.roll(np.eye(10), 1, axis=1) + np.roll(np.eye(10), -1, axis=1) + np.eye(10)
    radius = np.linalg.norm(laplacian_eigenmap(ring), axis=-1)
    np.testing.assert_allclose(radius, radius[0], rtol=1e-9)


def test_as_many_coordinates_as_regions_are_refused():
    with pytest.raises(InputError, match="A map of 4 dimensions needs more regions than that, and there are 4"):
        laplacian_eigenmap(np.eye(4), n_dimensions=4)
