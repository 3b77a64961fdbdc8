"""The hash of each epoch's signal, by which the leak certificate knows samples that are the same."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np

from ..data.recording import Recording
from ..data.samples import signal_hash

BEFORE = "signal_before_fit"  # the note in which a step that fits leaves the hash of what it was given


def before_fit(data: Any) -> dict[str, Any]:
    """Return the note by which later steps know the signal as it was before anything was fitted to it.

    A fit is seeded by its unit, so equal recordings leave it unequal; only what went in tells that they are copies.
    """
    earlier = any(BEFORE in note for note in data.notes)
    return {} if earlier else {BEFORE: signal_hash(np.asarray(data.data))}


def signal_hashes(data: Recording, segments: Iterable[np.ndarray], starts: np.ndarray) -> list[str | None]:
    """Return a hash for each epoch: of its samples, or of its place in the recording that a fit has changed since."""
    fitted_on = next((note[BEFORE] for note in data.notes if BEFORE in note), None)
    if fitted_on is None:
        return [signal_hash(segment) for segment in segments]
    return [_placed(fitted_on, int(start), segment) for start, segment in zip(starts, segments, strict=True)]


def _placed(fitted_on: str, start: int, segment: np.ndarray) -> str | None:
    if signal_hash(segment) is None:
        return None
    return blake2b(f"{fitted_on} {start} {segment.shape[-1]}".encode(), digest_size=16).hexdigest()
