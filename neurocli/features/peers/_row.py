"""One row of the benchmark: what we compute, and how the best other library computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Peer = Callable[[np.ndarray, float], Sequence[np.ndarray]]
Computed = Callable[[np.ndarray], list[np.ndarray]]  # the requests of a row, by the engine


def each_epoch(x: np.ndarray, compute: Computed) -> list[np.ndarray]:
    """Return what the requests come to, and nothing more: what all rows but a few are."""
    return compute(x)


@dataclass(frozen=True)
class Row:
    """One row of the benchmark.

    Parameters
    ----------
    name : str
        As issue trackers and the docs call it: ``welch_bands``.
    requests : sequence of (feature, settings)
        What we compute, as for `engine.compute`.
    peer : str
        The library, as its distribution is named.
    load : callable
        Imports the library and returns a function of the signal (float64) and its rate, which returns one array a
        request in the shape of our values (further axes may be folded). ImportError means that it is not installed.
    n_epochs : int
        How many epochs the peer is given; its time is extrapolated, linearly in epochs.
    bold : bool
        Part of the sum that the documentation quotes.
    ours : callable
        What we do with the signal and the function that computes the requests of it, where that is not all: the
        tangent space of covariances, or epochs laid end to end.
    """

    name: str
    requests: Sequence[tuple[str, dict[str, Any]]]
    peer: str
    load: Callable[[], Peer]
    n_epochs: int = 40
    bold: bool = True
    ours: Callable[[np.ndarray, Computed], list[np.ndarray]] = each_epoch
