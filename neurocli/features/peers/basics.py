"""Spectra and statistics of other libraries: SciPy, MNE, antropy, mne-features."""

from __future__ import annotations

import numpy as np

from ..workload import SFREQ
from ._row import Peer, Row

BANDS = {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 45.0)}
WELCH = {"psd": {"segment": 256 / SFREQ}}


def _bands_of(psd: np.ndarray, freqs: np.ndarray) -> list[np.ndarray]:
    from scipy.integrate import simpson

    bins = [(freqs >= low) & (freqs <= high) for low, high in BANDS.values()]
    return [np.stack([simpson(psd[..., b], dx=freqs[1] - freqs[0], axis=-1) for b in bins], axis=-1)]


def _welch() -> Peer:
    from scipy.signal import welch

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        freqs, psd = welch(x, sfreq, nperseg=256)
        return _bands_of(psd, freqs)

    return run


def _multitaper() -> Peer:
    from mne.time_frequency import psd_array_multitaper

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        options = {"bandwidth": 2.0, "adaptive": False, "low_bias": True, "normalization": "full", "verbose": "error"}
        psd, freqs = psd_array_multitaper(x, sfreq, **options)
        return _bands_of(psd, freqs)

    return run


def _spectral_entropy() -> Peer:
    from antropy import spectral_entropy

    return lambda x, sfreq: [spectral_entropy(x, sfreq, method="welch", nperseg=256, normalize=True, axis=-1)]


def _spectral_edge() -> Peer:
    from mne_features.univariate import compute_spect_edge_freq

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        # a Hamming window, whatever is asked for: the edge of the same signal differs by a bin or two
        options = {"edge": [0.95], "psd_method": "welch", "psd_params": {"welch_n_fft": 256, "welch_n_overlap": 128}}
        return [np.stack([compute_spect_edge_freq(sfreq, epoch, **options) for epoch in x])]

    return run


STATISTICS = (
    "hjorth_mobility", "hjorth_complexity", "mean", "variance", "std", "skewness", "kurtosis", "rms", "peak_to_peak",
    "line_length", "zero_crossings",
)  # fmt: skip


def _statistics() -> Peer:
    from antropy import hjorth_params, num_zerocross
    from scipy.stats import kurtosis, skew

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        mobility, complexity = hjorth_params(x, axis=-1)
        moments = [x.mean(-1), x.var(-1), x.std(-1), skew(x, axis=-1), kurtosis(x, axis=-1)]
        rest = [np.sqrt((x**2).mean(-1)), np.ptp(x, axis=-1), np.abs(np.diff(x)).mean(-1), num_zerocross(x, axis=-1)]
        return [mobility * sfreq, complexity, *moments, *rest]

    return run


ROWS = (
    Row("welch_bands", [("band_power", {"bands": BANDS, **WELCH})], "scipy", _welch),
    Row("multitaper", [("band_power", {"bands": BANDS, "psd": {"method": "multitaper"}})], "mne", _multitaper, 10),
    Row("spectral_entropy", [("spectral_entropy", WELCH)], "antropy", _spectral_entropy),
    Row("spectral_edge", [("spectral_edge", WELCH)], "mne-features", _spectral_edge),
    Row("statistics", [(name, {}) for name in STATISTICS], "antropy", _statistics),
)
