"""How `quality` measures: medians over channels, so that one wild channel does not speak for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import signal

from ..data.recording import Image
from ._common import Data, noted, typed_channels
from ._quality_image import of_image

if TYPE_CHECKING:
    from .quality import Quality

ORDER = ("eeg", "mag", "grad", "ecog", "seeg", "dbs", "voxel", "region")
MAINS = (50.0, 60.0)  # Hz
BRAIN, REST = (1.0, 30.0), (30.0, 45.0)  # Hz; both inside the band that most chains keep
WINDOW = 2.0  # s
MOST = 400_000  # samples a channel, from the middle, that a spectrum looks at
POINTS = 160  # frequencies of the spectrum that are kept


def measured(data: Data, settings: Quality) -> Data:
    """Return the data with its numbers noted."""
    if isinstance(data, Image):
        return noted(data, settings.name, of_image(data))
    kinds = settings.types or [kind for kind in ORDER if kind in data.ch_types][:1]
    picks = typed_channels(data, kinds, bads=False)
    numbers: dict[str, Any] = {"types": kinds, "n_channels": len(picks), "bads": list(data.bads)}
    if picks and "voxel" not in kinds and "region" not in kinds:
        x = np.asarray(data.data[..., picks, :], dtype=np.float64)
        numbers |= _of_signal(np.nan_to_num(x.reshape(-1, *x.shape[-2:])), data.sfreq)  # (n_epochs, ...)
    return noted(data, settings.name, numbers)


def _of_signal(x: np.ndarray, sfreq: float) -> dict[str, Any]:
    spread = x.std(axis=-1).mean(axis=0)
    freqs, psd = spectrum(x, sfreq)
    numbers: dict[str, Any] = {"amplitude": float(np.median(spread)), "n_flat": int((spread == 0).sum())}
    numbers["snr_db"] = decibel(_power(freqs, psd, BRAIN), _power(freqs, psd, REST))
    numbers["line_db"] = {f"{mains:g}": line(freqs, psd, mains) for mains in MAINS}
    chosen = np.unique(np.linspace(0, len(freqs) - 1, POINTS).astype(int))
    return numbers | {"freqs": freqs[chosen].tolist(), "psd": psd[chosen].tolist()}


def spectrum(x: np.ndarray, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and the median over channels of the power spectral density, without the frequency 0.

    x: (n_epochs, n_channels, n_times), V -> (n_freqs,) Hz, (n_freqs,) V^2/Hz.
    """
    n_times = x.shape[-1]
    start = max(0, (n_times - MOST) // 2)
    freqs, psd = signal.welch(x[..., start : start + MOST], sfreq, nperseg=min(n_times, round(WINDOW * sfreq)))
    return freqs[1:], np.median(psd.mean(axis=0), axis=0)[1:]


def _power(freqs: np.ndarray, psd: np.ndarray, band: tuple[float, float]) -> float | None:
    inside = (freqs >= band[0]) & (freqs < band[1])
    return float(psd[inside].mean()) if inside.any() else None


def line(freqs: np.ndarray, psd: np.ndarray, mains: float) -> float | None:
    """Return the peak within 1 Hz of the mains against the median of 3 to 8 Hz beside it, in dB."""
    off = np.abs(freqs - mains)
    near, beside = off <= 1.0, (off >= 3.0) & (off <= 8.0)
    if not near.any() or freqs[-1] < mains + 3.0:
        return None
    return decibel(float(psd[near].max()), float(np.median(psd[beside])))


def decibel(above: float | None, below: float | None) -> float | None:
    """Return the ratio of two powers in dB; None where there is none."""
    return float(10 * np.log10(above / below)) if above and below else None
