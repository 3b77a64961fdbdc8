"""Compile what can be compiled before it is needed; the compiler keeps the result on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from . import catalogue
from .engine import compute

SFREQ, SHAPE = 250.0, (1, 4, 1000)


def warm(
    backend: str = "cpu", dtypes: Sequence[str] = ("float32", "float64"), names: Sequence[str] = ()
) -> Iterator[tuple[str, float]]:
    """Compute each feature once of a little noise, in each dtype.

    Parameters
    ----------
    backend : {"cpu", "cuda"}
        What to compile for.
    dtypes : sequence of str
        Of the signals to come.
    names : sequence of str
        Features; all unless said.

    Yields
    ------
    name, seconds : str, float
        The feature, and how long that took.
    """
    x = np.random.default_rng(0).standard_normal(SHAPE)
    for name in names or sorted(catalogue.index()["features"]):
        began = time.perf_counter()
        for dtype in dtypes:
            compute(x, SFREQ, [(name, {})], ch_names=list("abcd"), backend=backend, dtype=dtype)
        yield name, time.perf_counter() - began
