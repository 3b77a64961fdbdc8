"""Compile what can be compiled before it is needed; the compiler keeps the result on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import MissingError
from . import catalogue
from .engine import compute

SFREQ, SHAPE = 250.0, (1, 4, 1000)
ON_GPU = (4, 16, 1000)  # Triton makes another kernel where the number of series is a multiple of sixteen


def here() -> tuple[list[str], str]:
    """Return the backends that can be compiled for on this machine, and why the GPU's is not among them."""
    from .cuda._jit import device, interpreted

    if interpreted():
        return ["cpu"], "Triton interprets them here (TRITON_INTERPRET=1)."
    try:
        device()
    except MissingError as error:
        return ["cpu"], error.message
    return ["cpu", "cuda"], ""


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
        Features; all that have a function of their own for the backend unless said.

    Yields
    ------
    name, seconds : str, float
        The feature, and how long that took.
    """
    x = np.random.default_rng(0).standard_normal(ON_GPU if backend == "cuda" else SHAPE)
    ch_names = [f"E{i}" for i in range(x.shape[1])]
    for name in names or _made_for(backend):
        began = time.perf_counter()
        for dtype in dtypes if _is_made_for(backend, name) else ():
            compute(x, SFREQ, [(name, {})], ch_names=ch_names, backend=backend, dtype=dtype)
        yield name, time.perf_counter() - began


def _made_for(backend: str) -> list[str]:
    """Return the features with something of their own to compile; the others may need longer signals than this one."""
    known = catalogue.index()
    if backend == "cuda":
        return sorted(set(known["features"]) & set(known["twins"]["cuda"]))
    return [name for name in sorted(known["features"]) if _is_made_for(backend, name)]


def _is_made_for(backend: str, name: str) -> bool:
    """Return whether there is anything to compile; of what is not in the index, that is not known before."""
    about = catalogue.index()["features"].get(name)
    return about is None or backend in about["backends"]
