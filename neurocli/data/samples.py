"""The sample table: what is known of each sample, and travels with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np

# column -> one JSON scalar a sample: entities under their Python names (`subject`, `task`, ...), `onset` and `duration`
# in s from the start of the recording, events columns as `events/trial_type`, and `signal`, a hash of the samples
Samples = dict[str, list[Any]]
HALF = np.uint64(32)  # bits of half a word


def n_samples(samples: Samples) -> int:
    """Return how many samples the table has."""
    return len(next(iter(samples.values()), []))


def take(samples: Samples, index: Sequence[int] | np.ndarray) -> Samples:
    """Return the table of the samples at `index`."""
    return {name: [column[i] for i in index] for name, column in samples.items()}


def joined(tables: Sequence[Samples]) -> Samples:
    """Return one table below another; a column that a table lacks is filled with None."""
    names = list(dict.fromkeys(name for table in tables for name in table))
    return {name: [value for table in tables for value in table.get(name, [None] * n_samples(table))] for name in names}


def constant(entities: Mapping[str, str], n: int) -> Samples:
    """Return `n` rows that carry the entities of their recording."""
    return {name: [value] * n for name, value in entities.items()}


def signal_hash(x: np.ndarray) -> str | None:
    """Return a hash of one epoch's signal, or None where it is constant (equal for unrelated recordings).

    SHA-256 sees the channels folded into one series of 64-bit words, each channel's bits spread by an odd number of its
    own: an eighth of the time of SHA-256 over all. Signals that differ in one channel at some time always differ after
    that, as both steps are one to one; those that differ in several channels agree but once in 2^40 at each such time.

    Parameters
    ----------
    x : array, shape (..., n_times)
    """
    if x.size == 0 or _is_constant(x):
        return None
    words = np.ascontiguousarray(x, dtype=np.float64).view(np.uint64).reshape(-1, x.shape[-1])
    spread = words >> HALF  # small counts differ in the upper bits alone, which a product would push out
    spread ^= words
    spread *= _odd_numbers(len(words))
    digest = sha256(np.bitwise_xor.reduce(spread, axis=0).data.cast("B"))
    digest.update(repr(words.shape).encode())
    return digest.hexdigest()[:32]


@cache
def _odd_numbers(n: int) -> np.ndarray:
    """Return `n` fixed odd numbers of 64 bits without a pattern, shape (n, 1)."""
    texts = (sha256(str(i).encode()).digest() for i in range(n))
    return np.array([int.from_bytes(text[:8], "big") | 1 for text in texts], dtype=np.uint64)[:, None]


def _is_constant(x: np.ndarray) -> bool:
    """Tell whether all samples are equal; most signals differ in the first few already."""
    few = x[(0,) * (x.ndim - 1)][:8]
    return bool((few == few[0]).all() and (x == few[0]).all())
