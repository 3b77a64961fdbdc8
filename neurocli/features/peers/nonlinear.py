"""Entropies, long memory, the aperiodic fit, autoregression and wavelets of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._row import Peer, Row

WAVELET_FREQS = [float(freq) for freq in range(4, 43, 2)]


def _each(function: Callable[..., Any], **options: Any) -> Peer:
    """Return a peer that calls a function of one series for each."""

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:  # noqa: ARG001 (all peers are called alike)
        return [np.array([[function(series, **options) for series in epoch] for epoch in x])]

    return run


def _antropy(name: str, **options: Any) -> Peer:
    import antropy

    return _each(getattr(antropy, name), **options)


def _permutation() -> Peer:
    """Return the path for two dimensions, which is their fastest."""
    from antropy import perm_entropy

    return (
        lambda x, sfreq: [  # noqa: ARG005
            perm_entropy(x.reshape(-1, x.shape[-1]), order=3, normalize=True).reshape(x.shape[:-1])
        ]
    )


def _lempel_ziv() -> Peer:
    from antropy import lziv_complexity

    return _each(lambda series: lziv_complexity(series > np.median(series), normalize=True))


def _katz_petrosian() -> Peer:
    from antropy import katz_fd, petrosian_fd

    return lambda x, sfreq: [katz_fd(x, axis=-1), petrosian_fd(x, axis=-1)]  # noqa: ARG005


def _hurst() -> Peer:
    from mne_features.univariate import compute_hurst_exp

    return lambda x, sfreq: [np.stack([compute_hurst_exp(epoch) for epoch in x])]  # noqa: ARG005


def _specparam() -> Peer:
    from scipy.signal import welch
    from specparam import SpectralModel

    options = {"peak_width_limits": (1, 8), "max_n_peaks": 6, "min_peak_height": 0.1, "peak_threshold": 2.0}

    def fitted(freqs: np.ndarray, power: np.ndarray) -> Sequence[float]:
        model = SpectralModel(**options, verbose=False)
        model.fit(freqs, power, [2, 40])
        found: Sequence[float] = model.get_params("aperiodic")
        return found

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        freqs, power = welch(x, sfreq, nperseg=round(2 * sfreq))
        both = np.array([[fitted(freqs, row) for row in epoch] for epoch in power])
        return [both[..., 1], both[..., 0]]

    return run


def _yule_walker() -> Peer:
    from spectrum import aryule

    return _each(lambda series: -aryule(series - series.mean(), 8)[0])


def _burg() -> Peer:
    from spectrum import arburg

    return _each(lambda series: -arburg(series - series.mean(), 8)[0].real)


def _morlet() -> Peer:
    from mne.time_frequency import tfr_array_morlet

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        options = {"n_cycles": 7.0, "zero_mean": False, "output": "power", "verbose": "error"}
        return [tfr_array_morlet(x, sfreq, np.array(WAVELET_FREQS), **options).mean(axis=-1)]

    return run


def _dwt() -> Peer:
    from pywt import wavedec

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:  # noqa: ARG001
        return [np.stack([(c**2).sum(axis=-1) for c in wavedec(x, "db4", level=5)], axis=-1)]

    return run


def _hilbert() -> Peer:
    from scipy.signal import hilbert

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        signal = hilbert(x - x.mean(axis=-1, keepdims=True))
        envelope = np.abs(signal)
        frequency = np.diff(np.unwrap(np.angle(signal)), axis=-1) * (sfreq / (2 * np.pi))
        low, middle, high = np.quantile(frequency, [0.25, 0.5, 0.75], axis=-1)
        return [envelope.mean(axis=-1), envelope.std(axis=-1), middle, high - low]

    return run


def _catch22() -> Peer:
    from pycatch22 import catch22_all

    return _each(lambda series: catch22_all(series.tolist(), mask_nans=False)["values"])


HILBERT = ("envelope_mean", "envelope_std", "instantaneous_frequency_median", "instantaneous_frequency_iqr")
E10 = {"order": 10, "delay": 2}

ROWS = (
    Row("aperiodic", [("aperiodic_exponent", {}), ("aperiodic_offset", {})], "specparam", _specparam, 1),
    Row("permutation_entropy_o3", [("permutation_entropy", {})], "antropy", _permutation),
    Row(
        "permutation_entropy_o5",
        [("permutation_entropy", {"order": 5})],
        "antropy",
        lambda: _antropy("perm_entropy", order=5, normalize=True),
        5,
        bold=False,
    ),
    Row("sample_entropy", [("sample_entropy", {})], "antropy", lambda: _antropy("sample_entropy"), 2),
    Row("approximate_entropy", [("approximate_entropy", {})], "antropy", lambda: _antropy("app_entropy"), 1),
    Row("svd_entropy_o3", [("svd_entropy", {})], "antropy", lambda: _antropy("svd_entropy", normalize=True), 10),
    Row(
        "svd_entropy_e10",
        [("svd_entropy", E10)],
        "antropy",
        lambda: _antropy("svd_entropy", **E10, normalize=True),
        2,
        bold=False,
    ),
    Row("lempel_ziv", [("lempel_ziv_complexity", {})], "antropy", _lempel_ziv, 10),
    Row("dfa", [("dfa_exponent", {})], "antropy", lambda: _antropy("detrended_fluctuation"), 10),
    Row("hurst", [("hurst_exponent", {})], "mne-features", _hurst, 1),
    Row("higuchi_k10", [("higuchi_fd", {})], "antropy", lambda: _antropy("higuchi_fd", kmax=10), 20),
    Row("katz_petrosian", [("katz_fd", {}), ("petrosian_fd", {})], "antropy", _katz_petrosian, 200),
    Row("ar_yule_walker", [("ar_coefficients", {})], "spectrum", _yule_walker, 1),
    Row("ar_burg", [("ar_coefficients", {"ar": {"method": "burg"}})], "spectrum", _burg, 1, bold=False),
    Row("hilbert", [(name, {}) for name in HILBERT], "scipy", _hilbert, 20),
    Row("morlet_20", [("morlet_power", {"at": WAVELET_FREQS})], "mne", _morlet, 2),
    Row("dwt_db4", [("dwt_energy", {})], "PyWavelets", _dwt),
    Row("catch22", [("catch22", {})], "pycatch22", _catch22, 1, bold=False),
)
