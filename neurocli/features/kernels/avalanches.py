"""Neuronal avalanches on the CPU: one pass for mean and deviation, masks of 64 samples for the rare excursions."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ._bits import fast_kernel, kernel, popcount, within64

COUNTS = {"float64": 0.0, "float32": 1.2e-7}  # the same counts; in float32 the quotients of them are rounded
NONE, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)


@fast_kernel
def _level(row: np.ndarray) -> tuple[float, float]:
    """Return the mean and the standard deviation of one series; exact for a constant."""
    first = np.float64(row[0])
    total, square = 0.0, 0.0
    for t in range(row.size):
        d = np.float64(row[t]) - first
        total += d
        square += d * d
    mean = total / row.size
    return first + mean, np.sqrt(max(0.0, square / row.size - mean * mean))


@kernel
def _side(value: float, mean: float, limit: float) -> int:
    if value - mean > limit:
        return 1
    return -1 if value - mean < -limit else 0


@kernel
def _suspects(row: np.ndarray, mean: float, limit: float, found: np.ndarray) -> int:
    """Write the samples beyond the limit, and perhaps a few just within; return how many they are."""
    n, done = 0, 0
    about = row.dtype.type(mean)
    nearly = row.dtype.type(limit * 0.99999 - 1e-6 * abs(mean))  # what rounding in float32 may cost
    while done < row.size:
        start = min(done, row.size - 64)  # the last 64 overlap those before
        word = ALL if start < 0 else ~within64(row, start, about, nearly)
        word = word & (ALL << np.uint64(done - start)) if start >= 0 else word >> np.uint64(64 - row.size)
        start, done = max(start, 0), start + 64 if start >= 0 else row.size
        while word != NONE:
            found[n] = start + popcount((word & (~word + ONE)) - ONE)  # the lowest one
            word &= word - ONE
            n += 1
    return n


@kernel
def _add_peaks(row: np.ndarray, mean: float, limit: float, suspects: np.ndarray, counts: np.ndarray) -> None:
    """Add one to the counts at the largest sample of each run beyond the limit on one side."""
    before, running, peak, largest = -2, 0, 0, 0.0
    for t in suspects:
        side = _side(np.float64(row[t]), mean, limit)
        if running != 0 and (side != running or t != before + 1):
            counts[peak] += 1
            running = 0
        size = abs(np.float64(row[t]) - mean)
        if side != 0 and (running == 0 or size > largest):
            peak, largest = t, size
        running, before = side, t
    if running != 0:
        counts[peak] += 1


@kernel
def _excursions(x: np.ndarray, threshold: float, counts: np.ndarray) -> None:
    found = np.empty(x.shape[-1], np.int64)
    for e in range(x.shape[0]):
        for c in range(x.shape[1]):
            mean, deviation = _level(x[e, c])
            n = _suspects(x[e, c], mean, threshold * deviation, found) if deviation > 0.0 else 0
            _add_peaks(x[e, c], mean, threshold * deviation, found[:n], counts[e])


@twin("excursions", backend="cpu", tolerance=COUNTS)
def excursions(x: np.ndarray, *, threshold: float = 3.0) -> np.ndarray:
    """Count them in one pass over each series."""
    counts = np.zeros((*x.shape[:-2], x.shape[-1]), np.int64)
    flat = np.ascontiguousarray(x).reshape(-1, *x.shape[-2:])
    _excursions(flat, float(threshold), counts.reshape(-1, x.shape[-1]))
    return counts


@kernel
def _width(events: np.ndarray) -> int:
    """Return the mean interval between samples with an event, at least one; 0 for fewer than two of them."""
    n, first, last = 0, 0, 0
    for t in range(events.size):
        if events[t] > 0:
            first = t if n == 0 else first
            last = t
            n += 1
    return max(1, round((last - first) / (n - 1))) if n > 1 else 0


@kernel
def _cascades(events: np.ndarray, width: int, sizes: np.ndarray, durations: np.ndarray) -> float:
    """Fill the sizes and durations of the avalanches of one epoch, and return its branching ratio."""
    n, before, total, parents = 0, 0, 0.0, 0
    for start in range(0, events.size, width):
        here = 0
        for t in range(start, min(start + width, events.size)):
            here += events[t]
        if before > 0:
            total += here / before
            parents += 1
            n += 1 if here == 0 else 0
        sizes[n] += here
        durations[n] += 1 if here > 0 else 0
        before = here
    return total / parents if parents > 0 else np.nan


@kernel
def _all_cascades(
    events: np.ndarray, widths: np.ndarray, sizes: np.ndarray, durations: np.ndarray, ratios: np.ndarray
) -> None:
    """Fill what is asked for; a width of 0 asks for the mean interval, and what is found is left there."""
    for e in range(events.shape[0]):
        widths[e] = widths[e] or _width(events[e])
        ratios[e] = _cascades(events[e], widths[e], sizes[e], durations[e]) if widths[e] > 0 else np.nan


@twin("avalanches", backend="cpu", tolerance={"float64": 1e-14, "float32": 1.2e-7})
def avalanches(
    excursions: np.ndarray, sfreq: float, *, width: float | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Follow the bins in one pass over the events of each epoch."""
    shape, n_times = excursions.shape[:-1], excursions.shape[-1]
    n_epochs = int(np.prod(shape))
    sizes, durations = np.zeros((2, n_epochs, n_times // 2 + 1), np.int64)
    widths = np.full(n_epochs, max(1, round(width * sfreq)) if width is not None else 0)
    ratios = np.empty(n_epochs)
    _all_cascades(excursions.reshape(-1, n_times), widths, sizes, durations, ratios)
    seconds = np.where(widths > 0, widths / sfreq, np.nan)
    return sizes.reshape(*shape, -1), durations.reshape(*shape, -1), ratios.reshape(shape), seconds.reshape(shape)
