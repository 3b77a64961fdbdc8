"""From the epochs of one recording to its features: what the stage `featurize` calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..data.features import Block, Features
from ..data.recording import Epochs, Recording
from ._whole import as_epochs
from .engine import Progress, gathered, ready
from .stream import Keep, part_length, streamed


def featurize(
    data: Epochs | Recording,
    uses: Sequence[tuple[str, Any]],
    *,
    backend: str = "cpu",
    dtype: Any = None,
    n_threads: int = 1,
    chunk: int | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> Features:
    """Compute features of epochs.

    Parameters
    ----------
    data : Epochs or Recording
        The epochs of one recording; a recording that was not cut is one epoch.
    uses : sequence of (name, settings)
        Features, each with a mapping of settings or their pydantic model.
    backend, dtype, n_threads, chunk, progress
        As of `engine.compute`.
    keep : Keep, optional
        Where the parts of a long recording are kept as they are finished; its blocks are then read part by part, and
        `progress` counts parts. Of a short one nothing is kept or told.

    Returns
    -------
    features : Features
        One block a use, over the same samples. Where all channels have one unit, it takes the place of V.
    """
    epochs = as_epochs(data)
    asked = [(name, _mapping(settings)) for name, settings in uses]
    names = epochs.ch_names
    options: dict[str, Any] = {"ch_names": names, "backend": backend, "dtype": dtype, "chunk": chunk}
    engine = ready(epochs.data, epochs.sfreq, asked, **options)
    if keep is not None and part_length(engine) < len(epochs.data):
        blocks = streamed(engine, keep, n_threads=n_threads, progress=progress)
    else:
        blocks = gathered(engine, n_threads, None if keep is not None else progress)
    return Features(
        blocks=tuple(_in_unit(block, epochs.units) for block in blocks),
        samples=epochs.samples,
        entities=epochs.entities,
        sfreq=epochs.sfreq,
        ch_names=epochs.ch_names,
        positions=epochs.positions,
        notes=epochs.notes,
    )


def _mapping(settings: Any) -> Mapping[str, Any]:
    if isinstance(settings, Mapping):
        return settings
    dumped: Mapping[str, Any] = settings.model_dump()
    return dumped


def _in_unit(block: Block, units: Sequence[str]) -> Block:
    """Return the block with V in its unit replaced by what the channels are in."""
    found = sorted(set(units))
    unit = "|".join(found) if found else "V"
    if not unit.isidentifier():
        unit = f"({unit})"
    return block if unit == "V" else replace(block, unit=_times_one(re.sub(r"\bV\b", unit, block.unit)))


def _times_one(unit: str) -> str:
    """Return ``1`` for powers of a signal without unit (counts, z-scores)."""
    return re.sub(r"\((?:1|n/a)\)(?:\^\d+)?", "1", unit)
