"""How `csd` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mne
import numpy as np

from ._common import Signal, finite, need, noted, refuse, typed_channels
from ._mne import need_positions, to_mne

if TYPE_CHECKING:
    from .csd import Csd


def laplacian(data: Signal, settings: Csd) -> Signal:
    """Return the recording with current source density in place of EEG."""
    need(data, settings.name, "recording", "epochs")
    picks = typed_channels(data, {"eeg"})
    bad = [data.ch_names[i] for i in picks if data.ch_names[i] in data.bads]
    if not picks or bad:
        why = f"EEG channels are bad: {', '.join(bad)}." if bad else "There is no EEG channel."
        raise refuse(data, "E-INPUT-CHANNELS", why, "Put interpolate_bads before csd." if bad else None)
    finite(data, picks)
    need_positions(data, picks, "The surface Laplacian", 4)  # which fit a sphere
    found = mne.preprocessing.compute_current_source_density(
        to_mne(data), lambda2=settings.lambda2, stiffness=settings.stiffness, verbose="ERROR"
    )
    x = np.array(data.data, dtype=np.float64)
    x[..., picks, :] = found.get_data(picks=picks)
    types = tuple("csd" if i in set(picks) else kind for i, kind in enumerate(data.ch_types))
    units = tuple("V/m^2" if i in set(picks) else unit for i, unit in enumerate(data.units))
    return noted(data, settings.name, {"n_channels": len(picks)}, data=x, ch_types=types, units=units, reference=None)
