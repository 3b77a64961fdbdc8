"""The sample table: what is known of each sample, and travels with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from zlib import crc32

import numpy as np

# column -> one JSON scalar a sample: entities under their Python names (`subject`, `task`, ...), `onset` and `duration`
# in s from the start of the recording, events columns as `events/trial_type`, and `signal`, a hash of the samples
Samples = dict[str, list[Any]]
STRIDE = 8


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

    Every eighth sample goes through SHA-256, and all of them through a checksum: half the time of SHA-256 over all, and
    unequal signals that agree in the former, as sparse counts may, still differ in the latter but once in 2^32.
    """
    if x.size == 0 or _is_constant(x):
        return None
    whole = np.ascontiguousarray(x)
    digest = sha256(np.ascontiguousarray(whole[..., ::STRIDE]).data.cast("B"))
    digest.update(crc32(whole.data.cast("B")).to_bytes(4, "big"))
    return digest.hexdigest()[:32]


def _is_constant(x: np.ndarray) -> bool:
    """Tell whether all samples are equal; most signals differ in the first few already."""
    few = x[(0,) * (x.ndim - 1)][:8]
    return bool((few == few[0]).all() and (x == few[0]).all())
