"""Where the head was in the helmet, from coils that hum while MEG is recorded (cHPI)."""

from __future__ import annotations

import warnings
from typing import Any

import mne
import numpy as np

from ..data.recording import Recording
from ._common import refuse

STEP = 0.1  # s between two positions; a head that moves faster than this lets MNE see is no longer sitting still
LEAST = 3  # coils that MNE needs to see for a position


def head_positions(data: Recording, raw: Any) -> tuple[np.ndarray | None, dict[str, Any]]:
    """Return time, rotation and translation of the head, shape (n_positions, 10), and the note; None without coils.

    Raises
    ------
    InputError
        If there are coils, and none of their fields can be made out (``E-INPUT-MEG``).
    """
    if not n_coils(raw.info):
        return None, {"movement": "not recorded"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of single moments at which a coil is not seen
        amplitudes = mne.chpi.compute_chpi_amplitudes(raw, t_step_min=STEP, verbose="ERROR")
        places = mne.chpi.compute_chpi_locs(raw.info, amplitudes, t_step_max=1.0, verbose="ERROR")
        found = mne.chpi.compute_head_pos(raw.info, places, verbose="ERROR")
    if not len(found):
        message = "The fields of the head position coils cannot be made out."
        raise refuse(data, "E-INPUT-MEG", message, "Set movement: false to take the head as still.")
    away = np.linalg.norm(found[:, 4:7] - np.median(found[:, 4:7], axis=0), axis=1)
    return found, {"movement": "compensated", "n_positions": len(found), "greatest_movement_m": float(away.max())}


def n_coils(info: mne.Info) -> int:
    """Return how many coils a recording knows the frequencies and the first places of."""
    freqs, _, _ = mne.chpi.get_chpi_info(info, on_missing="ignore")
    known = len(freqs) if freqs is not None and info["hpi_results"] else 0
    return known if known >= LEAST else 0
