"""How `interpolate_bads` is done."""

from __future__ import annotations

import mne
import numpy as np

from ._common import Signal, need, noted, refuse, typed_channels
from ._mne import need_positions, to_info


def interpolated(data: Signal, step: str) -> Signal:
    """Return the recording in which MNE has replaced the bad channels."""
    need(data, step, "recording", "epochs")
    if not data.bads:
        return noted(data, step, {"interpolated": []})
    types = {kind for name, kind in zip(data.ch_names, data.ch_types, strict=True) if name in data.bads}
    picks = typed_channels(data, types)
    need_positions(data, picks, "Interpolation")
    _enough(data, types)
    weights = _weights(data)
    x = np.array(data.data, dtype=np.float64)
    bad = [data.ch_names.index(name) for name in data.bads]
    x[..., bad, :] = 0.0  # NaN in a bad channel would survive the product with its zero weight
    x[..., bad, :] = weights @ x
    return noted(data, step, {"interpolated": list(data.bads)}, data=x, bads=())


def _weights(data: Signal) -> np.ndarray:
    """Return what each channel counts in each bad one, shape (n_bads, n_channels).

    Interpolation is linear, so MNE is given one sample a channel, which is 1 in that channel and 0 in all others.
    """
    raw = mne.io.RawArray(np.eye(len(data.ch_names)), to_info(data), verbose="ERROR")
    replaced = raw.interpolate_bads(reset_bads=True, verbose="ERROR").get_data(picks=list(data.bads))
    replaced[:, [name in data.bads for name in data.ch_names]] = 0.0
    return np.asarray(replaced)


def _enough(data: Signal, types: set[str]) -> None:
    for kind in types:
        n_good = len(typed_channels(data, {kind}, bads=False))
        if n_good < 4:
            message = f"{n_good} good {kind} channels are too few to interpolate from."
            raise refuse(data, "E-INPUT-CHANNELS", message, "Leave this recording out.")
