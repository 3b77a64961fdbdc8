"""One graph of channels: its strongest edges, their curvature, and where the nodes lie in its eigenmap."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse.csgraph import minimum_spanning_tree, shortest_path


def strongest_edges(weight: np.ndarray, n_neighbours: int) -> np.ndarray:
    """Return the graph of each node's strongest neighbours, held together by a spanning tree.

    Parameters
    ----------
    weight : array, shape (n, n)
        Symmetric; high where two nodes belong together.
    n_neighbours : int
        Of each node; an edge is kept where either end wants it.

    Returns
    -------
    adjacency : array of float, shape (n, n)
        1 and 0, symmetric, connected.
    """
    own = np.where(np.eye(len(weight), dtype=bool), -np.inf, weight)
    rank = np.argsort(np.argsort(-own, axis=1, kind="stable"), axis=1, kind="stable")
    wanted = rank < min(n_neighbours, len(weight) - 1)
    tree = minimum_spanning_tree(np.triu(weight.max() + 1 - weight, 1)).toarray() > 0
    return np.asarray((wanted | wanted.T | tree | tree.T).astype(float))


def curvatures(adjacency: np.ndarray, idleness: float = 0.0) -> np.ndarray:
    r"""Return the Ollivier-Ricci curvature of each edge, 0 elsewhere.

    .. math:: \kappa_{ij} = 1 - W_1(m_i, m_j)

    where :math:`m_i` stays at node i with the probability `idleness` and else goes to a neighbour. Exact: the linear
    programme of the transport, not a regularised one.

    Parameters
    ----------
    adjacency : array, shape (n, n)
        Connected, without weights.
    idleness : float
        Probability of staying.

    Returns
    -------
    curvature : array, shape (n, n)

    References
    ----------
    .. [1] Ollivier, Y. (2009). Ricci curvature of Markov chains on metric spaces. J. Funct. Anal. 256(3), 810-864.
    """
    steps = shortest_path(adjacency, unweighted=True)
    walk = idleness * np.eye(len(adjacency)) + (1 - idleness) * adjacency / adjacency.sum(axis=1, keepdims=True)
    found = np.zeros(walk.shape)
    for i, j in np.argwhere(np.triu(adjacency, 1) > 0):
        found[i, j] = found[j, i] = 1 - _transport(walk[i], walk[j], steps)
    return found


def _transport(source: np.ndarray, target: np.ndarray, steps: np.ndarray) -> float:
    """Return the least cost of carrying one distribution over to another."""
    gives, takes = np.flatnonzero(source), np.flatnonzero(target)
    sent, received = np.kron(np.eye(gives.size), np.ones(takes.size)), np.kron(np.ones(gives.size), np.eye(takes.size))
    amounts = np.concatenate([source[gives], target[takes]])
    solution = linprog(
        steps[np.ix_(gives, takes)].ravel(), A_eq=np.vstack([sent, received]), b_eq=amounts, method="highs"
    )
    return float(solution.fun)


def eigenmap(adjacency: np.ndarray, n_components: int) -> np.ndarray:
    """Return the Laplacian eigenmap, each coordinate's largest value positive.

    The eigenvectors of the normalised Laplacian after the constant one, divided by the roots of the degrees, as
    scikit-learn's `SpectralEmbedding` gives them; zero where there are fewer nodes than coordinates.

    Parameters
    ----------
    adjacency : array, shape (n, n)
        Connected.
    n_components : int
        Number of coordinates.

    Returns
    -------
    coordinates : array, shape (n, n_components)
    """
    root = np.sqrt(adjacency.sum(axis=1))
    _, vectors = np.linalg.eigh(np.eye(len(root)) - adjacency / np.outer(root, root))
    found = vectors[:, 1 : n_components + 1] / root[:, None]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    return np.pad(found * signs, ((0, 0), (0, n_components - found.shape[1])))
