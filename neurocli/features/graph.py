"""Measures of the graph of strongest correlations, which has neither weights nor directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._pairs import quotient
from ._walks import distances, over_graphs
from .define import feature, quantity

if TYPE_CHECKING:
    from .settings import Fraction


@quantity()
def graph(correlation_matrix: np.ndarray, *, density: Fraction = 0.2, absolute: bool = True) -> np.ndarray:
    """Adjacency of the graph whose edges are the strongest correlations.

    Parameters
    ----------
    correlation_matrix : array, shape (..., n_channels, n_channels)
        Pearson correlations.
    density : float
        Share of all pairs that are edges, rounded to a whole number of edges, at least one.
    absolute : bool
        Whether strong negative correlations are edges too.

    Returns
    -------
    graph : array, shape (..., n_channels, n_channels)
        0 and 1, symmetric, 0 on the diagonal. Of equal correlations, the earlier pair is the edge. NaN throughout an
        epoch with a constant channel.
    """
    n = correlation_matrix.shape[-1]
    rows, columns = np.triu_indices(n, 1)
    strength = correlation_matrix[..., rows, columns]
    order = np.argsort(-(np.abs(strength) if absolute else strength), axis=-1, kind="stable")
    edges = np.zeros(strength.shape)
    np.put_along_axis(edges, order[..., : max(1, round(density * rows.size))], 1.0, axis=-1)
    adjacency = np.zeros(correlation_matrix.shape)
    adjacency[..., rows, columns] = adjacency[..., columns, rows] = edges
    known = np.isfinite(correlation_matrix).all(axis=(-1, -2), keepdims=True)
    return np.where(known, adjacency, np.nan)


@feature(unit="1", per="node", cost="pairs", min_times=2, source="Rubinov & Sporns (2010); networkx")
def degree(graph: np.ndarray) -> np.ndarray:
    """Number of edges of each node.

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency.

    Returns
    -------
    degree : array, shape (..., n_channels)
        Count; NaN throughout an epoch with a constant channel.

    References
    ----------
    .. [1] Rubinov, M. & Sporns, O. (2010). Complex network measures of brain connectivity. NeuroImage 52(3), 1059-1069.
    """
    return graph.sum(axis=-1)


@feature(unit="1", per="node", cost="pairs", min_times=2, source="Rubinov & Sporns (2010); networkx")
def node_strength(correlation_matrix: np.ndarray) -> np.ndarray:
    r"""Sum of the absolute correlations of each node with all others, none left out.

    .. math:: s_i = \sum_{j \ne i} |r_{ij}|

    Parameters
    ----------
    correlation_matrix : array, shape (..., n_channels, n_channels)
        Pearson correlations.

    Returns
    -------
    strength : array, shape (..., n_channels)
        From 0 to n_channels - 1; NaN throughout an epoch with a constant channel.

    References
    ----------
    .. [1] Rubinov, M. & Sporns, O. (2010). Complex network measures of brain connectivity. NeuroImage 52(3), 1059-1069.
    """
    others = 1 - np.eye(correlation_matrix.shape[-1])
    return (np.abs(correlation_matrix) * others).sum(axis=-1)


@feature(unit="1", per="node", cost="matrix", min_times=2, source="Sizemore et al. (2018), for cycles of three")
def three_cycles(graph: np.ndarray) -> np.ndarray:
    r"""Number of triangles that each node is part of.

    .. math:: t_i = (A^3)_{ii} / 2

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency.

    Returns
    -------
    three_cycles : array, shape (..., n_channels)
        Count; NaN throughout an epoch with a constant channel.

    References
    ----------
    .. [1] Sizemore, A. E. et al. (2018). Cliques and cavities in the human connectome. J. Comput. Neurosci. 44,
       115-145.
    """
    return ((graph @ graph) * graph).sum(axis=-1) / 2  # the diagonal of A^3, for A is symmetric


@feature(unit="1", per="node", cost="matrix", min_times=2, source="Watts & Strogatz (1998); networkx")
def clustering(graph: np.ndarray) -> np.ndarray:
    r"""Share of the pairs of a node's neighbours that are neighbours themselves.

    .. math:: c_i = (A^3)_{ii} / (k_i (k_i - 1))

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency.

    Returns
    -------
    clustering : array, shape (..., n_channels)
        From 0 to 1; 0 for nodes with fewer than two edges. NaN throughout an epoch with a constant channel.

    References
    ----------
    .. [1] Watts, D. J. & Strogatz, S. H. (1998). Collective dynamics of small-world networks. Nature 393, 440-442.
    """
    k = graph.sum(axis=-1)
    return quotient(2 * three_cycles(graph), k * (k - 1), 0.0)


@feature(unit="1", per="epoch", cost="matrix", min_times=2, source="Latora & Marchiori (2001); networkx")
def global_efficiency(graph: np.ndarray) -> np.ndarray:
    r"""Mean, over all pairs of nodes, of one over the number of edges between them.

    .. math:: E = \frac{1}{n (n - 1)} \sum_{i \ne j} 1 / d_{ij}

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency.

    Returns
    -------
    efficiency : array, shape (...,)
        From 0 to 1; pairs without a path count as 0. NaN for an epoch with a constant channel.

    References
    ----------
    .. [1] Latora, V. & Marchiori, M. (2001). Efficient behavior of small-world networks. Phys. Rev. Lett. 87, 198701.
    """
    return over_graphs(graph, _efficiency)


def _efficiency(adjacency: np.ndarray) -> np.ndarray:
    n = len(adjacency)
    steps = distances(adjacency) + np.diag(np.full(n, np.inf))
    return np.asarray((1 / steps).sum() / max(1, n * (n - 1)))


@feature(unit="1", per="node", cost="matrix", min_times=2, source="Latora & Marchiori (2001); networkx")
def local_efficiency(graph: np.ndarray) -> np.ndarray:
    r"""Global efficiency of the graph that the neighbours of a node make without it.

    .. math:: E_i = \frac{1}{k_i (k_i - 1)} \sum_{j \ne l \in N_i} 1 / d_{jl}(N_i)

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency.

    Returns
    -------
    efficiency : array, shape (..., n_channels)
        From 0 to 1; 0 for nodes with fewer than two edges. NaN throughout an epoch with a constant channel. Its mean
        over all nodes is networkx's `local_efficiency`.

    References
    ----------
    .. [1] Latora, V. & Marchiori, M. (2001). Efficient behavior of small-world networks. Phys. Rev. Lett. 87, 198701.
    """
    return over_graphs(graph, _local_efficiencies)


def _local_efficiencies(adjacency: np.ndarray) -> np.ndarray:
    around = [np.flatnonzero(row) for row in adjacency]
    return np.array([float(_efficiency(adjacency[np.ix_(near, near)])) for near in around])


@feature(unit="1", per="epoch", cost="matrix", min_times=2, source="Clauset, Newman & Moore (2004); networkx")
def modularity(graph: np.ndarray) -> np.ndarray:
    r"""Modularity of the communities that greedy merging finds.

    .. math:: Q = \sum_c \left[ \frac{m_c}{m} - \left( \frac{k_c}{2 m} \right)^2 \right]

    with the edges within a community :math:`m_c` and the sum of its degrees :math:`k_c`. Nodes start on their own, and
    the two communities whose union gains most are merged for as long as there is a gain.

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency.

    Returns
    -------
    modularity : array, shape (...,)
        From -0.5 to 1; NaN for an epoch with a constant channel or a graph without edges. Of equal gains the first
        pair is merged, so other libraries may end in communities that are as good a little more or less.

    References
    ----------
    .. [1] Clauset, A., Newman, M. E. J. & Moore, C. (2004). Finding community structure in very large networks. Phys.
       Rev. E 70, 066111.
    """
    return over_graphs(graph, _greedy_modularity)


def _greedy_modularity(adjacency: np.ndarray) -> np.ndarray:
    ends = adjacency.sum()
    if ends == 0:
        return np.asarray(np.nan)
    gain = adjacency / ends
    gain -= np.outer(gain.sum(axis=0), gain.sum(axis=1))  # summed over two communities, half of what a union gains
    while len(gain) > 1:
        between = gain - np.diag(np.full(len(gain), np.inf))
        i, j = sorted(np.unravel_index(between.argmax(), gain.shape))
        if gain[i, j] <= 1e-12:
            break
        gain[i] += gain[j]
        gain[:, i] += gain[:, j]
        gain = np.delete(np.delete(gain, j, axis=0), j, axis=1)
    return np.asarray(np.trace(gain))
