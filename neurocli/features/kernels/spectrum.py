"""Power spectral density by complex transforms of two windowed stretches at once.

Welch's segments and the multitapers both end in a sum of squared magnitudes. Of z = a + ib, that of a and b together is
(|Z[k]|^2 + |Z[-k]|^2) / 2, so one complex transform serves two stretches and nothing has to be untangled.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numba import njit
from scipy.signal import get_window

from ..define import twin
from ..spectrum import dpss_tapers, segmentation
from ._bits import wide

BLOCK = 2**15  # complex samples that are transformed at once: 256 KiB in single precision, well inside L2
Layout = tuple[np.ndarray, np.ndarray, np.ndarray]  # where stretches start, which window each has, the windows
compiled = njit(nogil=True, cache=True, forceinline=True, fastmath=True, error_model="numpy")


@compiled
def _level(stretch):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Return the mean; of a constant, exactly that constant."""
    first = np.float64(stretch[0])
    total = 0.0
    for t in range(stretch.shape[0]):
        total += np.float64(stretch[t]) - first
    return stretch.dtype.type(first + total / stretch.shape[0])


@compiled
def _windowed(x, starts, which, windows, z):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill z (n_series, n_pairs, 2 n) with the stretches of x (n_series, n_times) in turns, their means removed.

    `which` of the windows is that of each stretch.
    """
    wide()
    n = windows.shape[1]
    for series in range(x.shape[0]):
        for pair in range(z.shape[1]):
            i, j = 2 * pair, 2 * pair + 1
            a, b = x[series, starts[i] : starts[i] + n], x[series, starts[j] : starts[j] + n]
            level_a, level_b = _level(a), _level(b)
            window_a, window_b, into = windows[which[i]], windows[which[j]], z[series, pair]
            for t in range(n):
                into[2 * t] = window_a[t] * (a[t] - level_a)
                into[2 * t + 1] = window_b[t] * (b[t] - level_b)


@compiled
def _summed(z, scale, power):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill power (n_series, n // 2 + 1) with the one-sided sum over the transforms z (n_series, n_pairs, 2 n)."""
    wide()
    n = z.shape[2] // 2
    both = np.empty(n, power.dtype)
    for series in range(z.shape[0]):
        both[:] = 0
        for pair in range(z.shape[1]):
            parts = z[series, pair]
            for k in range(n):
                both[k] += parts[2 * k] * parts[2 * k] + parts[2 * k + 1] * parts[2 * k + 1]
        row = power[series]
        for k in range(1, row.shape[0]):
            row[k] = scale * (both[k] + both[n - k])
        row[0] = scale * both[0]
        if n % 2 == 0:
            row[-1] = scale * both[n // 2]


@twin("psd", backend="cpu", tolerance={"float64": 1e-12, "float32": 2e-6})
def psd(
    x: np.ndarray,
    sfreq: float,
    *,
    method: str = "welch",
    segment: float = 2.0,
    overlap: float = 0.5,
    bandwidth: float = 2.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Power spectral density; the twin of `spectrum.psd`. Single precision errs relative to the largest power."""
    n_times = x.shape[-1]
    if method == "multitaper":
        starts, which, windows, scale, n = *_tapers(n_times, sfreq, bandwidth), n_times
    else:
        n, n_overlap = segmentation(n_times, sfreq, segment, overlap)
        starts, which, windows, scale = _segments(n_times, n, n_overlap, sfreq)
    power = np.empty((*x.shape[:-1], n // 2 + 1), x.dtype)
    layout = starts, which, windows.astype(x.dtype)
    _transform(x.reshape(-1, n_times), layout, x.dtype.type(scale), power.reshape(-1, n // 2 + 1))
    return power, np.fft.rfftfreq(n, 1.0 / sfreq)


@lru_cache(maxsize=128)  # not all: recordings that nobody cut are of as many lengths as there are recordings
def _segments(n_times: int, n: int, n_overlap: int, sfreq: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return where Welch's segments start, which window each has, these windows, and what scales their sum."""
    window = get_window("hann", n)
    starts = np.arange(0, n_times - n + 1, n - n_overlap)
    scale = 1.0 / (len(starts) * sfreq * (window**2).sum())
    return *_even(starts, np.zeros_like(starts), window[None]), scale


@lru_cache(maxsize=4)
def _tapers(n_times: int, sfreq: float, bandwidth: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return the same of the tapers, which all start with the epoch and bring their weights."""
    tapers, weights = dpss_tapers(n_times, sfreq, bandwidth)
    starts, which = np.zeros(len(tapers), dtype=np.int64), np.arange(len(tapers))
    return *_even(starts, which, tapers * np.sqrt(weights)[:, None]), 1.0 / (sfreq * weights.sum())


def _even(starts: np.ndarray, which: np.ndarray, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an even number of stretches; one more, if need be, is under a window that is empty."""
    missing = len(starts) % 2
    which = np.pad(which, (0, missing), constant_values=len(windows))
    return np.pad(starts, (0, missing)), which, np.pad(windows, ((0, missing), (0, 0)))


def _transform(x: np.ndarray, layout: Layout, scale: Any, power: np.ndarray) -> None:
    starts, which, windows = layout
    n_pairs, n = len(starts) // 2, windows.shape[1]
    size = max(1, BLOCK // (n_pairs * n))
    z = np.empty((min(size, len(x)), n_pairs, 2 * n), x.dtype)
    for start in range(0, len(x), size):
        part = x[start : start + size]
        _windowed(part, starts, which, windows, z[: len(part)])
        pairs = torch.from_numpy(z[: len(part)].reshape(len(part), n_pairs, n, 2))
        transformed = torch.fft.fft(torch.view_as_complex(pairs))
        _summed(torch.view_as_real(transformed).flatten(2).numpy(), scale, power[start : start + size])
