"""Modified k-means of maps whose polarity does not count, and runs of labels."""

from __future__ import annotations

import numpy as np

N_STEPS, TOLERANCE = 300, 1e-6  # as pycrostates


def field_power(maps: np.ndarray) -> np.ndarray:
    """Return the global field power of average-referenced maps (..., n_channels, n_times), ddof 0."""
    return np.sqrt((maps**2).mean(axis=-2))


def peaks(power: np.ndarray) -> np.ndarray:
    """Return where the field power (n_times,) is higher than before and not lower than after."""
    inner = power[1:-1]
    return np.flatnonzero((inner > power[:-2]) & (inner >= power[2:])) + 1


def normalised(maps: np.ndarray) -> np.ndarray:
    """Return maps (..., n_channels) about their mean and of length one; zero where they are flat."""
    maps = maps - maps.mean(axis=-1, keepdims=True)
    size = np.sqrt((maps**2).sum(axis=-1, keepdims=True))
    return np.divide(maps, size, out=np.zeros_like(maps), where=size > 0)


def cluster(maps: np.ndarray, n_states: int, n_starts: int, seed: int) -> np.ndarray:
    """Return the states (n_states, n_channels) that explain most of the maps (n_maps, n_channels), of some starts."""
    rng = np.random.default_rng(seed)
    found = [_descend(maps, maps[rng.choice(len(maps), n_states, replace=False)]) for _ in range(n_starts)]
    return max(found, key=lambda one: one[1])[0]


def _descend(maps: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
    """Return states, each the direction of its maps, and the sum of squares that they explain."""
    states, before, total = normalised(start), -np.inf, float((maps**2).sum())
    for _ in range(N_STEPS):
        strength = maps @ states.T
        best = (strength**2).argmax(axis=1)
        chosen = strength * (best[:, None] == np.arange(len(states)))
        explained = float((chosen**2).sum())
        if explained - before <= TOLERANCE * (total - explained):
            break
        before = explained
        moved = normalised(chosen.T @ maps)
        states = np.where(moved.any(axis=1, keepdims=True), moved, states)  # a state without maps stays
    return states, explained


def assign(x: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each sample of x (n_channels, n_times) the state most like it, -1 where it is flat, and how much.

    The second is the squared projection on that state, whose mean over channels is the power that it explains.
    """
    strength = (states @ x) ** 2
    labels = np.where(x.any(axis=0), strength.argmax(axis=0), -1)
    return labels, strength.max(axis=0) / len(x)


def runs(labels: np.ndarray) -> np.ndarray:
    """Return the label of each run of equal labels of one epoch; flat samples end a run and are none."""
    starts = np.r_[True, labels[1:] != labels[:-1]]
    return labels[starts]


def counts(labels: np.ndarray, n_states: int) -> np.ndarray:
    """Return how often each state is among labels (n,)."""
    return np.bincount(labels[labels >= 0], minlength=n_states)


def changes(labels: np.ndarray, n_states: int) -> np.ndarray:
    """Return how often each state (row) is followed by each other (column) in one epoch."""
    sequence = runs(labels)
    before, after = sequence[:-1], sequence[1:]
    known = (before >= 0) & (after >= 0)
    cells = before[known] * n_states + after[known]
    return np.bincount(cells, minlength=n_states**2).reshape(n_states, n_states)
