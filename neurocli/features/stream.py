"""Features of a long recording: part by part, each kept as soon as it is finished, so that killed work resumes.

A part is so many epochs that losing it costs a second or so, whatever is asked of them. Which parts there are depends
on the shape of the signal alone; parts that were kept by another release have other names where that has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ..data.features import Block
from ..data.lazy import Pieces
from .engine import Engine, Progress

PART_SAMPLES = 2**21  # a few chunks of the engine


class Keep(Protocol):
    """Where finished parts are kept until all are there."""

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a part, whole or not at all."""

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return a part, or None."""


def part_length(engine: Engine) -> int:
    """Return how many epochs a part has: whole chunks."""
    _, n_channels, n_times = engine.x.shape
    return engine.chunk * max(1, PART_SAMPLES // (engine.chunk * n_channels * n_times))


def streamed(engine: Engine, keep: Keep, *, n_threads: int = 1, progress: Progress | None = None) -> list[Block]:
    """Compute what is not kept yet, and return the blocks, whose values are read part by part.

    Parameters
    ----------
    engine : Engine
        What is asked of which epochs.
    keep : Keep
        Holds the parts; what it has of an earlier attempt is not computed again.
    n_threads : int
        Parts at once.
    progress : callable, optional
        Called with (parts done, parts in all): once before any is computed, then after each.
    """
    length = part_length(engine)
    spans = engine.spans(length)
    names = [f"{length}-{i}" for i in range(len(spans))]
    left = [i for i, (start, stop) in enumerate(spans) if not _is_whole(keep.load(names[i]), engine, stop - start)]
    told = progress or _nobody
    told(len(spans) - len(left), len(spans))
    found = engine.each([spans[i] for i in left], n_threads)
    for done, (i, values) in enumerate(zip(left, found, strict=True), start=len(spans) - len(left) + 1):
        keep.save(names[i], {str(number): value for number, value in enumerate(values)})
        told(done, len(spans))
    return engine.blocks([_gathered(keep, names, str(j), len(engine.x)) for j in range(len(engine.requests))])


def _nobody(done: int, n: int) -> None:
    """Tell nobody."""
    del done, n


def _is_whole(part: Mapping[str, Any] | None, engine: Engine, n_epochs: int) -> bool:
    wanted = {str(number) for number in range(len(engine.requests))}
    return part is not None and part.keys() == wanted and {len(values) for values in part.values()} == {n_epochs}


def _gathered(keep: Keep, names: list[str], request: str, n: int) -> Any:
    def part(i: int) -> np.ndarray:
        found = keep.load(names[i])
        assert found is not None  # it was just written, and only we may remove it
        return found[request]

    return Pieces(part, len(names), n)
