"""Oracle: networkx, on random graphs. Ground truth: cliques, complete graphs, trees and cycles."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from neurocli.features import graph as measures
from neurocli.features.curvature import ollivier_ricci_curvature
from neurocli.features.region_connectivity import correlation_matrix

RANDOM = [nx.gnp_random_graph(24, p, seed=seed) for seed, p in enumerate((0.05, 0.1, 0.3, 0.7))]
ADJACENCY = np.stack([nx.to_numpy_array(one, nodelist=sorted(one)) for one in RANDOM]).reshape(2, 2, 24, 24)
UPPER = np.triu_indices(24, 1)


def per_node(values):
    return np.reshape([[one[node] for node in sorted(one)] for one in values], (2, 2, 24))


@pytest.mark.parametrize(
    ("name", "oracle"),
    [("degree", lambda g: dict(g.degree())), ("three_cycles", nx.triangles), ("clustering", nx.clustering)],
)
def test_measures_of_nodes_are_those_of_networkx(name, oracle):
    found = getattr(measures, name)(ADJACENCY)
    np.testing.assert_allclose(found, per_node([oracle(one) for one in RANDOM]), rtol=1e-12)


def test_efficiency_is_that_of_networkx():
    expected = np.reshape([nx.global_efficiency(one) for one in RANDOM], (2, 2))
    np.testing.assert_allclose(measures.global_efficiency(ADJACENCY), expected, rtol=1e-12)


def test_local_efficiency_averages_to_that_of_networkx():
    expected = np.reshape([nx.local_efficiency(one) for one in RANDOM], (2, 2))
    found = measures.local_efficiency(ADJACENCY)
    np.testing.assert_allclose(found.mean(axis=-1), expected, rtol=1e-12)
    np.testing.assert_array_equal(measures.local_efficiency(np.ones((5, 5)) - np.eye(5)), 1.0)
    star = nx.to_numpy_array(nx.star_graph(4))
    np.testing.assert_array_equal(measures.local_efficiency(star), 0.0)


def test_the_modularity_of_the_karate_club_is_the_published_one():
    club = nx.to_numpy_array(nx.karate_club_graph(), weight=None)
    np.testing.assert_allclose(measures.modularity(club), 0.3807, atol=1e-4)  # Clauset, Newman & Moore (2004)


def test_modularity_finds_cliques():
    cliques = nx.connected_caveman_graph(4, 6)
    communities = [set(range(6 * i, 6 * i + 6)) for i in range(4)]
    expected = nx.community.modularity(cliques, communities)
    np.testing.assert_allclose(measures.modularity(nx.to_numpy_array(cliques)), expected, rtol=1e-9)


def test_the_graph_keeps_the_strongest_correlations():
    x = np.random.default_rng(0).standard_normal((3, 24, 60))
    correlations = correlation_matrix(x)
    for density in (0.1, 0.5):
        found = measures.graph(correlations, density=density)
        assert (found.sum(axis=(-1, -2)) == 2 * round(density * UPPER[0].size)).all()
        size = np.abs(correlations)[:, UPPER[0], UPPER[1]]
        edges = found[:, UPPER[0], UPPER[1]] == 1
        assert all(row[edge].min() >= row[~edge].max() for row, edge in zip(size, edges, strict=True))
    assert (correlations[measures.graph(correlations, density=0.1, absolute=False) == 1] > 0).all()
    np.testing.assert_allclose(measures.node_strength(correlations), np.abs(correlations).sum(axis=-1) - 1, rtol=1e-12)


def test_a_constant_channel_leaves_no_graph_in_its_epoch_alone():
    x = np.random.default_rng(0).standard_normal((2, 6, 60))
    x[1, 2] = 4.0
    found = measures.graph(correlation_matrix(x))
    for name in ("degree", "clustering", "global_efficiency", "modularity"):
        value = getattr(measures, name)(found)
        assert np.isfinite(value[0]).all()
        assert np.isnan(value[1]).all()


def curvatures(one, **settings):
    adjacency = nx.to_numpy_array(one)
    found = np.full(adjacency.shape, np.nan)
    found[np.triu_indices(len(adjacency), 1)] = ollivier_ricci_curvature(adjacency, **settings)
    assert (np.isfinite(found) == np.triu(adjacency == 1)).all()
    return found


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_complete_graphs_are_round(n):
    found = curvatures(nx.complete_graph(n))
    np.testing.assert_allclose(found[np.isfinite(found)], 0.5 * n / (n - 1), rtol=1e-9)


@pytest.mark.parametrize(("n", "expected"), [(4, 0.5), (5, 0.25), (6, 0.0), (9, 0.0)])
def test_long_cycles_are_flat(n, expected):
    found = curvatures(nx.cycle_graph(n))
    np.testing.assert_allclose(found[np.isfinite(found)], expected, atol=1e-9)


def test_trees_are_curved_as_their_branches_say():
    tree = nx.balanced_tree(3, 3)
    found = curvatures(tree)
    for a, b in tree.edges:
        expected = 0.5 * (2 / tree.degree[a] + 2 / tree.degree[b] - 2)
        np.testing.assert_allclose(found[a, b], expected, atol=1e-9)


def test_whoever_stays_does_not_curve():
    found = curvatures(nx.complete_graph(4), idleness=1.0)
    np.testing.assert_allclose(found[np.isfinite(found)], 0.0, atol=1e-12)
