"""MEG of a known source under a helmet of the real geometry, with head position coils and a head that moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np

FREQS = (83.0, 143.0, 203.0, 263.0)  # Hz, of the coils
SFREQ = 600.0


def helmet(path: Path) -> mne.Info:
    """Return the sensors, coils and head of a real recording, as if nothing had been done to it yet."""
    raw = mne.io.read_raw_fif(path, allow_maxshield="yes", verbose="ERROR").pick(["mag", "grad"])
    info = raw.info.copy()
    with info._unlock():
        info["sfreq"], info["lowpass"], info["proc_history"], info["projs"] = SFREQ, SFREQ / 2, [], []
        info["hpi_meas"] = [{"hpi_coils": [{"number": i + 1, "coil_freq": f} for i, f in enumerate(FREQS)]}]
        info["hpi_subsystem"], info["cross_talk"], info["bads"] = None, None, []
    return info


def moving(info: mne.Info, seconds: float, shift_m: float) -> dict[float, np.ndarray]:
    """Return where the head is: from half of the time on it is moved up by `shift_m`."""
    here = np.array(info["dev_head_t"]["trans"])
    there = here.copy()
    there[2, 3] += shift_m
    return {0.0: here, seconds / 2: here, seconds / 2 + 0.2: there}


def recorded(info: mne.Info, seconds: float, shift_m: float = 0.0, noise: float = 0.0, seed: int = 0) -> Any:
    """Return a raw of one source of 10 Hz in a head that moves, and of its coils."""
    times = np.arange(round(seconds * SFREQ)) / SFREQ
    sphere = mne.make_sphere_model((0.0, 0.0, 0.04), 0.09, verbose="ERROR")
    at = {"rr": np.array([[0.03, 0.02, 0.08]]), "nn": np.array([[0.0, 1.0, 0.0]])}
    src = mne.setup_volume_source_space(pos=at, sphere=sphere, verbose="ERROR")
    wave = 1e-6 * np.sin(2 * np.pi * 10 * times)  # strong, so that what filters leave of the coils does not matter
    stc = mne.VolSourceEstimate(np.tile(wave, (1, 1)), [np.array([0])], 0.0, 1 / SFREQ)
    where = moving(info, seconds, shift_m)
    raw = mne.simulation.simulate_raw(info, stc, None, src, sphere, head_pos=where, verbose="ERROR")
    silent = mne.io.RawArray(np.zeros_like(raw._data), raw.info, verbose="ERROR")  # what was there is overwritten
    raw._data += mne.simulation.add_chpi(silent, head_pos=where, verbose="ERROR")._data
    rng = np.random.default_rng(seed)
    scale = np.where(np.array(raw.get_channel_types()) == "mag", 1e-13, 1e-12)[:, None]
    raw._data += noise * scale * rng.standard_normal(raw._data.shape)
    return raw
