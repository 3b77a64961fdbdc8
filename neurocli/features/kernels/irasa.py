"""Irregular resampling on the CPU: 64 series side by side through each phase of the filter, spectra in pairs."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.signal import firwin

from ..define import twin
from ..irasa import centred, ratios
from ..spectrum import segmentation
from ._bits import kernel, weighted64
from .spectrum import psd

LANES = 64  # series side by side, so that each tap of the filter is one product of vectors
BLOCK = 2**19  # samples that go through all factors at once


@cache
def _phases(up: int, down: int) -> tuple[np.ndarray, int]:
    """Return the taps of each phase, the earliest sample first, and how many samples back that is.

    The filter is that of ``scipy.signal.resample_poly``: ten samples of the slower rate on either side, Kaiser of 5.
    """
    half = 10 * max(up, down)
    taps = up * firwin(2 * half + 1, 1 / max(up, down), window=("kaiser", 5.0))
    reach = half // up + 1
    phases = np.zeros((up, 2 * reach + 1))
    for phase in range(up):
        k = half + phase + (reach - np.arange(2 * reach + 1)) * up
        inside = (k >= 0) & (k < taps.size)
        phases[phase, inside] = taps[k[inside]]
    return phases, reach


@kernel
def _resample_all(x: np.ndarray, phases: np.ndarray, reach: int, down: int, out: np.ndarray) -> None:
    """Fill out (n_series, n_out) from x (n_series, n_times); what is beyond the ends is zero."""
    up, n_taps = phases.shape
    taps, made = phases.ravel(), np.empty(LANES, x.dtype)
    lanes = np.zeros((x.shape[1] + 2 * n_taps) * LANES, x.dtype)
    for first in range(0, x.shape[0], LANES):
        n = min(LANES, x.shape[0] - first)
        for lane in range(n):
            for t in range(x.shape[1]):
                lanes[(t + reach) * LANES + lane] = x[first + lane, t]
        for m in range(out.shape[1]):
            weighted64(lanes, m * down // up * LANES, taps, m * down % up * n_taps, n_taps, made, 0)
            for lane in range(n):
                out[first + lane, m] = made[lane]


@kernel
def _medians(values: np.ndarray, out: np.ndarray) -> None:
    """Fill out (n,) with the median over the first axis of values (n_factors, n), an odd number."""
    row = np.empty(values.shape[0], values.dtype)
    for i in range(out.size):
        for j in range(row.size):
            value, k = values[j, i], j
            while k > 0 and row[k - 1] > value:
                row[k] = row[k - 1]
                k -= 1
            row[k] = value
        out[i] = row[row.size // 2]


@twin("fractal_psd", backend="cpu", tolerance={"float64": 1e-11, "float32": 2e-3})
def fractal_psd(
    x: np.ndarray, sfreq: float, *, segment: float = 2.0, overlap: float = 0.5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Resample by lanes, transform in pairs, sort seventeen numbers a bin."""
    n_segment, _ = segmentation(x.shape[-1], sfreq, segment, overlap)
    flat = centred(x).reshape(-1, x.shape[-1])
    fractal = np.empty((len(flat), n_segment // 2 + 1), x.dtype)
    size = max(LANES, BLOCK // x.shape[-1] // LANES * LANES)
    for start in range(0, len(flat), size):
        part = flat[start : start + size]
        means = np.stack([_geometric(part, up, down, sfreq, segment, overlap) for up, down in ratios()])
        _medians(means.reshape(len(means), -1), fractal[start : start + size].reshape(-1))
    fractal = fractal.reshape(*x.shape[:-1], -1)
    mixed, freqs = psd(x, sfreq, segment=segment, overlap=overlap)
    return fractal, mixed - fractal, freqs


def _geometric(x: np.ndarray, up: int, down: int, sfreq: float, segment: float, overlap: float) -> np.ndarray:
    longer, shorter = _resampled(x, up, down), _resampled(x, down, up)
    power = [psd(y, sfreq, segment=segment, overlap=overlap)[0] for y in (longer, shorter)]
    return np.sqrt(power[0] * power[1])


def _resampled(x: np.ndarray, up: int, down: int) -> np.ndarray:
    """Return what ``scipy.signal.resample_poly`` does, in the dtype of the signal."""
    phases, reach = _phases(up, down)
    out = np.empty((len(x), -(-x.shape[1] * up // down)), x.dtype)
    _resample_all(x, phases.astype(x.dtype), reach, down, out)
    return out
