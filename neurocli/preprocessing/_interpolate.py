"""How `interpolate_bads` is done."""

from __future__ import annotations

import numpy as np

from ._common import Signal, need, noted, refuse, typed_channels
from ._mne import need_positions, to_mne


def interpolated(data: Signal, step: str) -> Signal:
    """Return the recording in which MNE has replaced the bad channels."""
    need(data, step, "recording", "epochs")
    if not data.bads:
        return noted(data, step, {"interpolated": []})
    types = {kind for name, kind in zip(data.ch_names, data.ch_types, strict=True) if name in data.bads}
    picks = typed_channels(data, types)
    need_positions(data, picks, "Interpolation")
    _enough(data, types)
    x = np.array(data.data, dtype=np.float64)
    bad = [data.ch_names.index(name) for name in data.bads]
    x[..., bad, :] = 0.0  # NaN in a bad channel would survive the product with its zero weight
    replaced = to_mne(_with(data, x)).interpolate_bads(reset_bads=True, verbose="ERROR")
    x[..., bad, :] = replaced.get_data(picks=list(data.bads))
    return noted(data, step, {"interpolated": list(data.bads)}, data=x, bads=())


def _with(data: Signal, x: np.ndarray) -> Signal:
    from dataclasses import replace

    return replace(data, data=x)


def _enough(data: Signal, types: set[str]) -> None:
    for kind in types:
        n_good = len(typed_channels(data, {kind}, bads=False))
        if n_good < 4:
            message = f"{n_good} good {kind} channels are too few to interpolate from."
            raise refuse(data, "E-INPUT-CHANNELS", message, "Leave this recording out.")
