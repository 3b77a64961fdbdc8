"""What the report says of how a network was trained."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..data.samples import Samples
from ._chain import Chain

REPEATS = 20


def latency(chain: Chain, X: np.ndarray, samples: Samples) -> dict[str, Any]:
    """Return how long a fitted chain takes to score one sample, as this process runs it: on one thread.

    Parameters
    ----------
    chain : Chain
        Fitted.
    X : array, shape (1, ...)
        One sample.
    samples : dict of lists
        Its row of the table.

    Returns
    -------
    facts : dict
        ``latency``: ``median_s`` and ``slowest_s`` of so many ``repeats``, the first of all left out.
    """
    chain.decision(X, samples)
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        chain.decision(X, samples)
        taken.append(time.perf_counter() - started)
    return {"latency": {"median_s": float(np.median(taken)), "slowest_s": max(taken), "repeats": REPEATS}}


def training_facts(chain: Chain, *, is_final: bool = False) -> dict[str, Any]:
    """Return the learning curve of a chain's network and, of the one that is published, its size.

    Nothing where the chain ends with no network. Latency is no part of it: it differs from run to run.
    """
    decoder = chain.fitted_[-1][1]
    if not hasattr(decoder, "curve_"):
        return {}
    facts: dict[str, Any] = {"curve": decoder.curve_}
    if is_final:
        from ._card import size

        facts |= size(decoder)
    return {"training": facts}
