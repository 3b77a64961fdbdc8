"""Curvature of the edges of a graph: whether the surroundings of two neighbours are near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

from ._walks import distances, over_graphs
from .define import feature

if TYPE_CHECKING:
    from .settings import Fraction


@feature(unit="1", pairs=True, cost="matrix", min_times=2, source="Ollivier (2009); Lin, Lu & Yau (2011)")
def ollivier_ricci_curvature(graph: np.ndarray, *, idleness: Fraction = 0.5) -> np.ndarray:
    r"""Ollivier-Ricci curvature of each edge of the graph of strongest correlations.

    .. math:: \kappa_{ij} = 1 - W_1(m_i, m_j)

    where :math:`m_i` stays at node i with the probability `idleness` and else goes to one of its neighbours, all alike,
    and :math:`W_1` is the least mean number of edges that carry one distribution over to the other. It is the exact
    solution of the linear programme, not a regularised one.

    Parameters
    ----------
    graph : array, shape (..., n_channels, n_channels)
        Adjacency, without weights.
    idleness : float
        Probability of staying.

    Returns
    -------
    curvature : array, shape (..., n_pairs)
        At most 1, and above -2; NaN for pairs that are no edge, and throughout an epoch with a constant channel.

    References
    ----------
    .. [1] Ollivier, Y. (2009). Ricci curvature of Markov chains on metric spaces. J. Funct. Anal. 256(3), 810-864.
    .. [2] Lin, Y., Lu, L. & Yau, S.-T. (2011). Ricci curvature of graphs. Tohoku Math. J. 63(4), 605-627.
    """
    return over_graphs(graph, lambda adjacency: _curvatures(adjacency, idleness))


def _curvatures(adjacency: np.ndarray, idleness: float) -> np.ndarray:
    rows, columns = np.triu_indices(len(adjacency), 1)
    curvature = np.full(rows.size, np.nan)
    steps = distances(adjacency)
    degrees = adjacency.sum(axis=1, keepdims=True)
    walk = idleness * np.eye(len(adjacency)) + (1 - idleness) * adjacency / np.maximum(degrees, 1)
    for pair in np.flatnonzero(adjacency[rows, columns]):
        curvature[pair] = 1 - _transport(walk[rows[pair]], walk[columns[pair]], steps)
    return curvature


def _transport(source: np.ndarray, target: np.ndarray, steps: np.ndarray) -> float:
    """Return the least cost of carrying one distribution over to another."""
    gives, takes = np.flatnonzero(source), np.flatnonzero(target)
    sent = np.kron(np.eye(gives.size), np.ones(takes.size))
    received = np.kron(np.ones(gives.size), np.eye(takes.size))
    constraints, amounts = np.vstack([sent, received]), np.concatenate([source[gives], target[takes]])
    solution = linprog(steps[np.ix_(gives, takes)].ravel(), A_eq=constraints, b_eq=amounts, method="highs")
    return float(solution.fun)
