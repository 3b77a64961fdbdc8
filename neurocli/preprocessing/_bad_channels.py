"""How `bad_channels` is done: each criterion is a function from signals to the numbers it judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from ..data.recording import Recording
from ._common import doubles, need, noted, refuse, typed_channels
from ._ransac import ransac_share
from ._signal import before_fit

if TYPE_CHECKING:
    from .bad_channels import BadChannels

mne.set_log_level("ERROR")
IQR_TO_SD = 0.7413  # of a normal distribution
MAD_TO_SD = 1.4826
FLAT = 1e-15  # V; as PREP


def judged(data: Recording, settings: BadChannels, rng: np.random.Generator | None) -> Recording:
    """Return the recording with the channels marked that miss a criterion."""
    need(data, settings.name, "recording")
    picks = typed_channels(data, settings.types, bads=False)
    if len(picks) < 4:
        raise refuse(data, "E-INPUT-CHANNELS", f"{len(picks)} good channels are too few to tell which is bad.")
    if data.n_times < 4 * data.sfreq:
        raise refuse(data, "E-INPUT-SHORT", "Less than 4 s of signal are too short to judge channels by.")
    found = {"dead": [data.ch_names[i] for i in picks if _dead(data.data[i])]}
    picks = [i for i in picks if data.ch_names[i] not in found["dead"]]
    if len(picks) > 3:
        found |= _criteria(data, settings, picks, rng)
    bads = {name for names in found.values() for name in names}
    note = {"n_judged": len(picks), **{why: names for why, names in found.items() if names}}
    if settings.ransac is not None:
        note |= before_fit(data)
    every = tuple(name for name in data.ch_names if name in bads or name in data.bads)
    return noted(data, settings.name, note, bads=every)


def _dead(x: np.ndarray) -> bool:
    return not np.isfinite(x).all() or mad(np.asarray(x, dtype=np.float64)) < FLAT or float(np.std(x)) < FLAT


def _criteria(data: Recording, settings: BadChannels, picks: list[int], rng: Any) -> dict[str, list[str]]:
    x = doubles(data.data, picks)
    x = mne.filter.filter_data(x, data.sfreq, 1.0, None) if data.n_times > 3.3 * data.sfreq else x
    slow = _below(x, data.sfreq, settings.noise_freq)
    bad: dict[str, np.ndarray] = {}
    if settings.deviation is not None:
        bad["deviation"] = np.abs(deviation(x)) > settings.deviation
    if settings.noise is not None and slow is not x:
        bad["noise"] = noisiness(x, slow) > settings.noise
    if settings.correlation is not None:
        missed = window_correlation(slow, round(data.sfreq)) < settings.correlation
        bad["correlation"] = missed.mean(axis=1) > settings.correlation_share
    if settings.ransac is not None:
        already = np.any(list(bad.values()), axis=0) if bad else np.zeros(len(picks), dtype=bool)
        bad["ransac"] = ransac_share(data, settings, picks, slow, already, rng) > settings.ransac_share
    return {why: [data.ch_names[picks[i]] for i in np.flatnonzero(flags)] for why, flags in bad.items()}


def _below(x: np.ndarray, sfreq: float, freq: float) -> np.ndarray:
    if freq >= 0.45 * sfreq:
        return x  # there is nothing above to speak of
    slow: np.ndarray = mne.filter.filter_data(x, sfreq, None, freq)
    return slow


def mad(x: np.ndarray) -> Any:
    """Return the median absolute deviation over the last axis."""
    return np.median(np.abs(x - np.median(x, axis=-1, keepdims=True)), axis=-1)


def deviation(x: np.ndarray) -> np.ndarray:
    """Return the robust z, over channels, of each channel's robust standard deviation. x: (n_channels, n_times)."""
    spread = IQR_TO_SD * _iqr(x)
    z: np.ndarray = (spread - np.median(spread)) / _floored(IQR_TO_SD * _iqr(spread))
    return z


def _iqr(x: np.ndarray) -> Any:
    low, high = np.percentile(x, [25, 75], axis=-1, method="hazen")  # MATLAB's, as PREP
    return high - low


def _floored(spread: Any) -> Any:
    return np.maximum(spread, np.finfo(float).tiny)  # equal channels have no outlier


def noisiness(x: np.ndarray, slow: np.ndarray) -> np.ndarray:
    """Return the robust z of the ratio of fast to slow amplitude. x, slow: (n_channels, n_times)."""
    ratio = mad(x - slow) / _floored(mad(slow))
    z: np.ndarray = (ratio - np.median(ratio)) / _floored(MAD_TO_SD * mad(ratio))
    return z


def window_correlation(x: np.ndarray, length: int) -> np.ndarray:
    """Return, for each channel and window, the 98th percentile of its absolute correlations with the others.

    x: (n_channels, n_times) -> (n_channels, n_windows); a channel that is flat in a window has 0 there.
    """
    n = x.shape[-1] // length
    out = np.empty((len(x), n))
    for index in range(n):
        window = x[:, index * length : (index + 1) * length]
        centred = window - window.mean(axis=-1, keepdims=True)
        unit = centred / _floored(np.linalg.norm(centred, axis=-1, keepdims=True))
        r = np.abs(unit @ unit.T)
        np.fill_diagonal(r, 0.0)
        out[:, index] = np.percentile(r, 98, axis=0, method="hazen")
    return out
