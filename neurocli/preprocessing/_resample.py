"""How `resample` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mne
import numpy as np

from ._common import Signal, by_channel, finite, need, noted

if TYPE_CHECKING:
    from .resample import Resample

mne.set_log_level("ERROR")


def resampled(data: Signal, settings: Resample) -> Signal:
    """Return the recording at the sampling frequency of the settings."""
    need(data, settings.name, "recording", "epochs")
    numbers = {"from": data.sfreq, "to": settings.sfreq, "event_jitter_s": _jitter(data, settings.sfreq)}
    if settings.sfreq == data.sfreq:
        return noted(data, settings.name, numbers)
    finite(data)

    def once(x: np.ndarray) -> np.ndarray:
        sampled: np.ndarray = mne.filter.resample(x, settings.sfreq, data.sfreq, npad="auto", method=settings.method)
        return sampled

    x = data.data
    y = by_channel(x, range(len(data.ch_names)), once)
    stim = [i for i, kind in enumerate(data.ch_types) if kind == "stim"]
    if stim:  # trigger codes are levels, not waves: each new sample takes the nearest old one
        y[..., stim, :] = x[..., stim, :][..., _nearest(x.shape[-1], y.shape[-1])]
    return noted(data, settings.name, numbers, data=y, sfreq=settings.sfreq)


def _nearest(n_old: int, n_new: int) -> np.ndarray:
    place: np.ndarray = np.round((np.arange(n_new) + 0.5) * n_old / n_new - 0.5).astype(int)
    return place.clip(0, n_old - 1)


def _jitter(data: Signal, sfreq: float) -> float:
    """Return the greatest distance of an event from the sample that now stands for it, in s."""
    onsets = np.array([x for x in getattr(data, "events", {}).get("onset", []) if isinstance(x, (int, float))])
    return float(np.abs(onsets - np.round(onsets * sfreq) / sfreq).max(initial=0.0))
