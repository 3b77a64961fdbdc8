"""How `montage_1020` is done."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import mne
import numpy as np

from ._common import Signal, keep_channels, need, noted, refuse, typed_channels, unique_names
from ._sites import OLD, TEN_TWENTY, complaint, found

if TYPE_CHECKING:
    from .montage_1020 import Montage1020


def nineteen(data: Signal, settings: Montage1020) -> Signal:
    """Return the 19 sites in their order, renamed."""
    need(data, settings.name, "recording", "epochs")
    unique_names(data)
    scalp = [data.ch_names[i] for i in typed_channels(data, {"eeg"})]
    _check(data, scalp)
    names = [found(scalp)[site][0] for site in TEN_TWENTY]
    kept = keep_channels(data, [data.ch_names.index(name) for name in names])
    called = {
        name: OLD.get(site, site) if settings.old_names else site for name, site in zip(names, TEN_TWENTY, strict=True)
    }
    dropped = [name for name in data.ch_names if name not in called]
    note = {"renamed": {old: new for old, new in called.items() if old != new}, "dropped": dropped}
    changes = kept | {
        "ch_names": tuple(called.values()),
        "bads": tuple(called[name] for name in kept["bads"]),
        "positions": _placed(kept["positions"]),
        "info": None,  # it knows the channels under their old names
    }
    return noted(data, settings.name, note, **changes)


def _check(data: Signal, scalp: list[str]) -> None:
    if (data.reference or "").lower() == "bipolar":
        raise refuse(data, "E-INPUT-REFERENCE", "The channels are bipolar, so the sites cannot be had from them.")
    wrong = complaint(scalp)
    if wrong:
        raise refuse(data, *wrong)


def _placed(positions: np.ndarray | None) -> np.ndarray:
    standard = _standard()
    if positions is None:
        return standard
    known = np.isfinite(positions).all(axis=1, keepdims=True)
    return np.where(known, positions, standard)


@cache
def _standard() -> np.ndarray:
    """Return the standard places of the 19 sites in the head frame, shape (19, 3), in m."""
    from mne.channels.montage import transform_to_head

    names = ("colin27_1005", "standard_1005")  # the same places; MNE 1.13 renamed them
    name = next(name for name in names if name in mne.channels.get_builtin_montages())
    places = transform_to_head(mne.channels.make_standard_montage(name)).get_positions()["ch_pos"]
    return np.array([places[site] for site in TEN_TWENTY])
