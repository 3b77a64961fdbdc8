"""How `asr` is done: find what is clean, learn what is usual there, rebuild what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, signal

from ..data.recording import Recording
from ._amplitudes import usual_amplitude
from ._common import doubles, finite, need, noted, refuse, typed_channels, with_rows
from ._signal import before_fit

if TYPE_CHECKING:
    from .asr import Asr

Z_CLEAN = (-3.5, 5.0)  # of a window's amplitude, to count as clean; EEGLAB's
N_BLOCK = 100  # samples a covariance of the calibration
PARTS = 4  # steps a window
BATCH = 1024  # windows whose covariances are held at once


@dataclass(frozen=True)
class Usual:
    """What the clean part looks like: its mixing matrix, and thresholds on its components, each (rank, rank)."""

    mixing: np.ndarray
    thresholds: np.ndarray


def repaired(data: Recording, settings: Asr) -> Recording:
    """Return the recording without bursts."""
    need(data, settings.name, "recording")
    picks = typed_channels(data, settings.types, bads=False)
    if len(picks) < 2:
        raise refuse(data, "E-INPUT-CHANNELS", "Fewer than two good channels are left to rebuild one from another.")
    finite(data, picks)
    x = doubles(data.data, picks)
    step = max(1, round(settings.window * data.sfreq / PARTS))
    clean = clean_samples(x, PARTS * step, settings.max_bad)
    if clean.sum() < 10 * data.sfreq:
        message = f"Only {clean.sum() / data.sfreq:.1f} s are clean; the repair needs 10 s to learn what is usual."
        raise refuse(data, "E-INPUT-SHORT", message, "Mark bad channels first, or leave the recording out.")
    basis = _basis(x[:, clean])
    if not basis.size:
        raise refuse(data, "E-INPUT-CHANNELS", "All channels are silent.", "Leave this recording out.")
    y, numbers = _reconstructed(basis.T @ x, clean, data.sfreq, step, settings)
    rows = x + basis @ (y - basis.T @ x)
    note = {"cutoff": settings.cutoff, "calibration_s": float(clean.sum() / data.sfreq), **numbers}
    return noted(data, settings.name, note | before_fit(data), data=with_rows(data.data, picks, rows))


def _basis(x: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the channels' span, (n_channels, rank): an average reference takes one away."""
    values, vectors = linalg.eigh(x @ x.T)
    kept: np.ndarray = vectors[:, values > values[-1] * 1e-10]
    return kept


def clean_samples(x: np.ndarray, length: int, max_bad: float) -> np.ndarray:
    """Return which samples lie in no window where more than `max_bad` of the channels are out of range.

    x: (n_channels, n_times) -> (n_times,)
    """
    starts = np.arange(0, x.shape[-1] - length + 1, max(1, round(length * 0.34)))
    rms = window_rms(x, starts, length)
    z = np.empty_like(rms)
    for channel, amplitudes in enumerate(rms):
        mean, spread = usual_amplitude(amplitudes)
        z[channel] = (amplitudes - mean) / spread if spread > 0 else 0.0
    z.sort(axis=0)
    n_bad = round(max_bad * len(x))
    dirty = (z[-1 - n_bad] > Z_CLEAN[1]) | (z[n_bad] < Z_CLEAN[0])
    clean = np.ones(x.shape[-1], dtype=bool)
    for start in starts[dirty]:
        clean[start : start + length] = False
    return clean


def window_rms(x: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return the root mean square of each channel in windows. x: (n_channels, n_times) -> (n_channels, n_windows)."""
    energy = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x**2, axis=-1)], axis=-1)
    total: np.ndarray = energy[:, starts + length] - energy[:, starts]
    rms: np.ndarray = np.sqrt(np.maximum(total, 0) / length)
    return rms


def emphasised(x: np.ndarray, sfreq: float) -> np.ndarray:
    """Return the signal with what is mostly artifact (below 2 Hz, above 40 Hz) made louder, as EEGLAB does."""
    nyquist = sfreq / 2
    freqs = np.array([0, 2, 3, 13, 16, 40, 80])
    gains = np.interp([*freqs[freqs < nyquist], nyquist], freqs, [3, 0.75, 0.33, 0.33, 1, 1, 3])
    n_taps = min(2 * int(sfreq) + 1, 2 * ((x.shape[-1] - 1) // 6) + 1)
    taps = signal.firwin2(n_taps, [*freqs[freqs < nyquist], nyquist], gains, fs=sfreq)
    return np.asarray(signal.oaconvolve(x, taps[None], mode="same", axes=-1))


def _reconstructed(
    x: np.ndarray, clean: np.ndarray, sfreq: float, step: int, settings: Asr
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the signal (rank, n_times) rebuilt where it is not usual, and how much that was."""
    loud = emphasised(x, sfreq)
    usual = calibrated(loud[:, clean], PARTS * step, settings.cutoff)
    n_max = round(settings.max_share * len(x))
    out, last, n_changed, n_removed = x.copy(), None, 0, 0
    for index, matrix, removed in _matrices(loud, usual, step, n_max):
        part = slice(index * step, min((index + 1) * step, x.shape[-1]))
        if last is not None and (matrix is not None or last[0] is not None):
            out[:, part] = _blended(x[:, part], last[0], matrix, step)
            n_changed += part.stop - part.start
        last, n_removed = (matrix, removed), max(n_removed, removed)
    return out, {"changed_share": n_changed / x.shape[-1], "most_removed": n_removed}


def _blended(x: np.ndarray, before: np.ndarray | None, after: np.ndarray | None, step: int) -> np.ndarray:
    """Return the signal that goes over from one matrix to the next (None: as it is) along half a cosine."""
    blend = (1 - np.cos(np.pi * np.arange(1, x.shape[-1] + 1) / step)) / 2
    first, second = (x if matrix is None else matrix @ x for matrix in (before, after))
    mixed: np.ndarray = (1 - blend) * first + blend * second
    return mixed


def calibrated(x: np.ndarray, length: int, cutoff: float) -> Usual:
    """Return what is usual in clean, emphasised signal of shape (rank, n_times)."""
    n = x.shape[-1] // N_BLOCK
    blocks = x[:, : n * N_BLOCK].reshape(len(x), n, N_BLOCK).transpose(1, 0, 2)
    covariance = geometric_median((blocks @ blocks.transpose(0, 2, 1)).reshape(n, -1) / N_BLOCK)
    values, vectors = linalg.eigh(covariance.reshape(len(x), len(x)))
    mixing = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    starts = np.arange(0, x.shape[-1] - length, round(length * 0.34))
    rms = window_rms(vectors.T @ x, starts, length)
    limits = np.array([mean + cutoff * spread for mean, spread in map(usual_amplitude, rms)])
    return Usual(mixing, limits[:, None] * vectors.T)


def geometric_median(points: np.ndarray, tolerance: float = 1e-6, max_iter: int = 500) -> np.ndarray:
    """Return the point of least total distance to all points. points: (n_points, n) -> (n,).

    Weiszfeld's iteration; the tolerance is relative, as covariances in V^2 are tiny numbers.
    """
    median: np.ndarray = points.mean(axis=0)
    for _ in range(max_iter):
        distance = np.maximum(np.linalg.norm(points - median, axis=1), np.finfo(float).tiny)
        moved = (points / distance[:, None]).sum(axis=0) / (1 / distance).sum()
        done = np.linalg.norm(moved - median) <= tolerance * np.linalg.norm(median)
        median = moved
        if done:
            break
    return median


def _matrices(loud: np.ndarray, usual: Usual, step: int, n_max: int) -> Any:
    """Yield, for the end of each step, its index, the matrix that rebuilds (or None), and how many it removes."""
    n_steps = -(-loud.shape[-1] // step)
    padded = np.pad(loud, ((0, 0), (0, n_steps * step - loud.shape[-1])))
    for first in range(0, n_steps, BATCH):
        last = min(first + BATCH, n_steps)
        low, high = max(0, first - PARTS // 2 + 1), min(n_steps, last + PARTS // 2)
        blocks = padded[:, low * step : high * step].reshape(len(loud), high - low, step).transpose(1, 0, 2)
        products = blocks @ blocks.transpose(0, 2, 1) / step
        for index in range(first, last):
            near = products[max(0, index - PARTS // 2 + 1 - low) : index + PARTS // 2 + 1 - low]
            yield (index, *_rebuilding(near.mean(axis=0), usual, n_max))


def _rebuilding(covariance: np.ndarray, usual: Usual, n_max: int) -> tuple[np.ndarray | None, int]:
    values, vectors = np.linalg.eigh(covariance)
    keep = values < ((usual.thresholds @ vectors) ** 2).sum(axis=0)
    keep[: len(keep) - n_max] = True
    if keep.all():
        return None, 0
    unmixing = np.linalg.pinv(keep[:, None] * (vectors.T @ usual.mixing))
    return usual.mixing @ unmixing @ vectors.T, int((~keep).sum())
