"""Phase measures of all pairs of channels: over time written by hand in NumPy, over epochs MNE-Connectivity's."""

from __future__ import annotations

import numpy as np

from ._row import Computed, Peer, Row
from .basics import BANDS

ALPHA = {"analytic": {"bands": {"alpha": (8.0, 13.0)}}}


def _alpha(x: np.ndarray, sfreq: float) -> np.ndarray:
    from scipy.signal import hilbert

    freqs = np.fft.rfftfreq(x.shape[-1], 1 / sfreq)
    spectrum = np.fft.rfft(x - x.mean(axis=-1, keepdims=True))
    spectrum[..., (freqs < 8.0) | (freqs > 13.0)] = 0
    return np.asarray(hilbert(np.fft.irfft(spectrum, x.shape[-1])))


def _row(z: np.ndarray, u: np.ndarray, i: int) -> np.ndarray:
    lag = (z[i] * z[i + 1 :].conj()).imag
    weighted = np.abs(lag.mean(axis=-1)) / np.abs(lag).mean(axis=-1)
    locked = np.abs((u[i] * u[i + 1 :].conj()).mean(axis=-1))
    return np.stack([locked, np.abs(np.sign(lag).mean(axis=-1)), weighted])


def _phase() -> Peer:
    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        epochs = _alpha(x, sfreq)
        units = epochs / np.abs(epochs)
        n = x.shape[1]
        rows = [
            np.concatenate([_row(z, u, i) for i in range(n - 1)], axis=-1) for z, u in zip(epochs, units, strict=True)
        ]
        return list(np.stack(rows, axis=1))

    return run


METHODS = {"coh": "coherence", "imcoh": "imaginary_coherence", "plv": "plv", "pli": "pli", "wpli": "wpli"}
OVER_EPOCHS = {"cross_spectra": {"segment": 4.0, "bandwidth": 2.0, "bands": BANDS}}


def _over_epochs() -> Peer:
    from mne_connectivity import spectral_connectivity_epochs

    def run(x: np.ndarray, sfreq: float) -> list[np.ndarray]:
        low, high = zip(*BANDS.values(), strict=True)
        options = {"mode": "multitaper", "mt_bandwidth": 2.0, "faverage": True, "verbose": "error"}
        found = spectral_connectivity_epochs(x, method=list(METHODS), sfreq=sfreq, fmin=low, fmax=high, **options)
        rows, columns = np.triu_indices(x.shape[1], 1)
        values = [one.get_data("dense")[columns, rows][None] for one in found]  # only the lower triangle is filled
        return [-value if name == "imcoh" else value for name, value in zip(METHODS, values, strict=True)]

    return run


def _end_to_end(x: np.ndarray, compute: Computed) -> list[np.ndarray]:
    """Lay the epochs end to end, where they are the segments of one."""
    return compute(np.ascontiguousarray(x.swapaxes(0, 1)).reshape(1, x.shape[1], -1))


ROWS = (
    Row("phase_pairs", [("plv", ALPHA), ("pli", ALPHA), ("wpli", ALPHA)], "numpy", _phase, n_epochs=10),
    Row(
        "spectral_connectivity_epochs",
        [(f"spectral_{name}", OVER_EPOCHS) for name in METHODS.values()],
        "mne-connectivity",
        _over_epochs,
        ours=_end_to_end,
    ),
)
