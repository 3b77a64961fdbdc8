"""How `filter_bank` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._common import Signal, finite, keep_channels, need, noted, typed_channels
from ._filter import pass_band
from .filter import Filter

if TYPE_CHECKING:
    from .filter_bank import FilterBank


def banked(data: Signal, settings: FilterBank) -> Signal:
    """Return the recording with every channel in every band."""
    need(data, settings.name, "recording", "epochs")
    picks = typed_channels(data, settings.types)
    finite(data, picks)
    rows, numbers = [], {}
    for name, (low, high) in settings.bands.items():
        single = Filter(l_freq=low, h_freq=high, method=settings.method, order=settings.order)
        filtered, numbers[name] = pass_band(data, picks, single)
        rows.append(filtered)
    changes = _repeated(keep_channels(data, picks), list(settings.bands))
    return noted(data, settings.name, {"bands": numbers}, **changes | {"data": np.concatenate(rows, axis=-2)})


def _repeated(channels: dict[str, Any], bands: list[str]) -> dict[str, Any]:
    n, positions = len(bands), channels["positions"]
    return {
        "ch_names": tuple(f"{name}@{band}" for band in bands for name in channels["ch_names"]),
        "bads": tuple(f"{name}@{band}" for band in bands for name in channels["bads"]),
        "ch_types": channels["ch_types"] * n,
        "units": channels["units"] * n,
        "positions": None if positions is None else np.concatenate([positions] * n),
    }
