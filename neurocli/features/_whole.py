"""What was not cut into epochs is one epoch: a resting recording, or region series of a whole run."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

from ..data.recording import Epochs, Recording
from ..data.samples import Samples, constant, signal_hash
from ..errors import InputError

CARRIED = ("sfreq", "ch_names", "ch_types", "units", "entities", "positions", "bads", "reference", "info")


def as_epochs(data: Any) -> Epochs:
    """Return epochs as they are, and a recording as one.

    Raises
    ------
    InputError
        For an image (``E-FEATURES-IMAGE``).
    """
    if isinstance(data, Epochs):
        return data
    if not isinstance(data, Recording):
        raise InputError(
            f"Features are of channels over time, and what is left of preprocess is of the kind {data.kind!r}.",
            code="E-FEATURES-IMAGE",
            remedy="End preprocess with 'mask' or 'regions', which make channels of voxels or regions.",
        )
    carried = {name: getattr(data, name) for name in CARRIED}
    notes = (*data.notes, {"step": "featurize", "whole_recording": True})
    return Epochs(data=np.asarray(data.data)[None], tmin=0.0, samples=_one_row(data), notes=notes, **carried)


def _one_row(data: Recording) -> Samples:
    row: Samples = {"onset": [0.0], "duration": [data.n_times / data.sfreq], "signal": [_hash(data)]}
    return constant(data.entities, 1) | row


def _hash(data: Recording) -> str | None:
    """Return a hash of the signal; where a step was fitted to it, of the one before, which alone shows a copy."""
    found = signal_hash(np.asarray(data.data))
    before = next((note["signal_before_fit"] for note in data.notes if "signal_before_fit" in note), None)
    if found is None or before is None:
        return found
    return blake2b(f"{before} 0 {data.n_times}".encode(), digest_size=16).hexdigest()
