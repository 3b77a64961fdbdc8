"""The reference at infinity: what EEG would be against a point far from the head, by a forward model.

References
----------
Yao (2001) Physiol. Meas. 22:693.
"""

from __future__ import annotations

import mne
import numpy as np

from ._common import Signal
from ._mne import need_positions, to_info, to_mne

LEAST = 4  # sensors, to fit a sphere to
GRID_MM, DEPTH_MM = 15.0, 30.0  # spacing of the sources, and the deep ones left out; as in MNE's example


def forward_model(info: mne.Info) -> mne.Forward:
    """Return the forward solution of a spherical head for the EEG channels."""
    sphere = mne.make_sphere_model("auto", "auto", info, verbose="ERROR")
    sources = mne.setup_volume_source_space(sphere=sphere, exclude=DEPTH_MM, pos=GRID_MM, verbose="ERROR")
    return mne.make_forward_solution(info, trans=None, src=sources, bem=sphere, eeg=True, meg=False, verbose="ERROR")


def at_infinity(data: Signal, picks: list[int]) -> np.ndarray:
    """Return the channels re-referenced to infinity, shape (..., n_channels, n_times)."""
    need_positions(data, picks, "The reference at infinity", LEAST)
    info = to_info(data)
    forward = forward_model(mne.pick_info(info, picks))
    found, _ = mne.set_eeg_reference(to_mne(data).copy(), "REST", forward=forward, verbose="ERROR")
    x: np.ndarray = found.get_data(picks="all")
    return x
