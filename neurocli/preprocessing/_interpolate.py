"""How `interpolate_bads` is done."""

from __future__ import annotations

import mne
import numpy as np

from ._common import Signal, need, noted, refuse, typed_channels
from ._mne import need_positions, to_info

KINDS = ("eeg", "mag", "grad", "ecog", "seeg", "hbo", "hbr")  # of which MNE knows what neighbours say; others stay bad


def interpolated(data: Signal, step: str) -> Signal:
    """Return the recording in which MNE has replaced the bad channels."""
    need(data, step, "recording", "epochs")
    kinds = dict(zip(data.ch_names, data.ch_types, strict=True))
    bads = [name for name in data.bads if kinds[name] in KINDS]
    left = tuple(name for name in data.bads if name not in bads)
    if not bads:
        return noted(data, step, {"interpolated": []})
    types = {kinds[name] for name in bads}
    need_positions(data, typed_channels(data, types), "Interpolation")
    _enough(data, types)
    weights = _weights(data, bads)
    x = np.array(data.data, dtype=np.float64)
    rows: list[int] = [data.ch_names.index(name) for name in bads]
    kept: list[int] = [data.ch_names.index(name) for name in left]
    x[..., rows + kept, :] = 0.0  # NaN in a bad channel would survive the product with its zero weight
    x[..., rows, :] = weights @ x
    x[..., kept, :] = data.data[..., kept, :]
    return noted(data, step, {"interpolated": bads}, data=x, bads=left)


def _weights(data: Signal, bads: list[str]) -> np.ndarray:
    """Return what each channel counts in each bad one, shape (n_bads, n_channels).

    Interpolation is linear, so MNE is given one sample a channel, which is 1 in that channel and 0 in all others.
    """
    raw = mne.io.RawArray(np.eye(len(data.ch_names)), to_info(data), verbose="ERROR")
    try:
        replaced = raw.interpolate_bads(reset_bads=True, verbose="ERROR").get_data(picks=bads)
    except (RuntimeError, ValueError) as error:  # no neighbour on the shaft, no points from which to fit a head
        message = f"{', '.join(bads)} cannot be interpolated: {error}"
        remedy = "Drop bad channels instead, with pick: {exclude_bads: true}."
        raise refuse(data, "E-INPUT-POSITIONS", " ".join(message.split()), remedy) from error
    replaced[:, [name in data.bads for name in data.ch_names]] = 0.0
    return np.asarray(replaced)


def _enough(data: Signal, types: set[str]) -> None:
    for kind in types:
        n_good = len(typed_channels(data, {kind}, bads=False))
        if n_good < 4:
            message = f"{n_good} good {kind} channels are too few to interpolate from."
            raise refuse(data, "E-INPUT-CHANNELS", message, "Leave this recording out.")
