"""Distances in graphs, and functions of one graph carried over many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def over_graphs(graph: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return a measure of each graph; `graph` is (..., n, n). Where a graph is NaN, so is its measure."""
    leading, n = graph.shape[:-2], graph.shape[-1]
    flat = graph.reshape(-1, n, n)
    known = np.isfinite(flat).all(axis=(-1, -2))
    values = [
        np.asarray(measure(np.where(ok, one, 0.0))) + (0.0 if ok else np.nan)
        for one, ok in zip(flat, known, strict=True)
    ]
    return np.stack(values).reshape((*leading, *values[0].shape))


def distances(adjacency: np.ndarray) -> np.ndarray:
    """Return the number of edges of the shortest path between any two nodes of one graph; Inf where there is none."""
    steps = np.where(np.eye(len(adjacency), dtype=bool), 0.0, np.inf)
    reached = np.eye(len(adjacency))
    for length in range(1, len(adjacency)):
        reached = ((reached @ adjacency + reached) > 0).astype(float)
        new = (reached > 0) & np.isinf(steps)
        if not new.any():
            break
        steps[new] = length
    return steps
