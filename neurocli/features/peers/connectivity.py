"""Phase measures of all pairs of channels, written by hand in NumPy: no other library does it faster."""

from __future__ import annotations

import numpy as np

from ._row import Peer, Row

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


ROWS = (Row("phase_pairs", [("plv", ALPHA), ("pli", ALPHA), ("wpli", ALPHA)], "numpy", _phase, n_epochs=10),)
