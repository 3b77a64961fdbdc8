"""Fractal dimensions on the CPU: each a weighted sum over differences, in one pass that vectorises."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ..fractal import curve_weights, katz, petrosian, slope
from ._bits import fast_kernel, kernel, series


@fast_kernel
def _weighted_length(early: np.ndarray, late: np.ndarray, weights: np.ndarray) -> float:
    total = early.dtype.type(0)
    for i in range(early.size):
        total += weights[i] * abs(late[i] - early[i])
    return total


@kernel
def _curve_lengths(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean curve length of each series at each step."""
    n = x.shape[1]
    lengths = np.empty((x.shape[0], weights.shape[0]))
    for s in range(x.shape[0]):
        for k in range(1, weights.shape[0] + 1):
            lengths[s, k - 1] = _weighted_length(x[s, : n - k], x[s, k:], weights[k - 1])
    return lengths


@twin("higuchi_fd", backend="cpu", tolerance={"float64": 1e-11, "float32": 1e-4})
def higuchi_fd(x: np.ndarray, *, k_max: int = 10) -> np.ndarray:
    """Weigh each difference, so that all curves of a step are one sum."""
    flat, steps = series(x), np.arange(1, k_max + 1)
    weights = np.zeros((k_max, flat.shape[1]), x.dtype)
    for k in range(1, k_max + 1):
        weights[k - 1, : flat.shape[1] - k] = curve_weights(flat.shape[1], k)
    with np.errstate(divide="ignore", invalid="ignore"):
        return slope(np.log(1 / steps), np.log(_curve_lengths(flat, weights))).reshape(x.shape[:-1])


@fast_kernel
def _path(early: np.ndarray, late: np.ndarray) -> tuple[float, float]:
    """Return the length of the path, and how far it gets from its start."""
    zero = early.dtype.type(0)
    length, low, high = zero, zero, zero
    for i in range(early.size):
        length += abs(late[i] - early[i])
        away = late[i] - early[0]
        low = min(low, away)
        high = max(high, away)
    return length, max(-low, high)


@kernel
def _paths(x: np.ndarray) -> np.ndarray:
    out = np.empty((x.shape[0], 2))
    for s in range(x.shape[0]):
        out[s, 0], out[s, 1] = _path(x[s, :-1], x[s, 1:])
    return out


@twin("katz_fd", backend="cpu", tolerance={"float64": 1e-11, "float32": 1e-4})
def katz_fd(x: np.ndarray) -> np.ndarray:
    """Find length and extent in one pass."""
    flat = series(x)
    length, extent = _paths(flat).T
    return katz(length / (flat.shape[1] - 1), extent, flat.shape[1]).reshape(x.shape[:-1])


@fast_kernel
def _n_turns(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    one, zero = a.dtype.type(1), a.dtype.type(0)
    n = zero
    for i in range(a.size):
        first = one if b[i] < a[i] else zero
        second = one if c[i] < b[i] else zero
        n += abs(first - second)
    return n


@kernel
def _turns(x: np.ndarray) -> np.ndarray:
    out = np.zeros(x.shape[0])
    last, block = x.shape[1] - 2, 1 << 20  # float32 counts exactly up to 2^24
    for s in range(x.shape[0]):
        for start in range(0, last, block):
            stop = min(last, start + block)
            out[s] += _n_turns(x[s, start:stop], x[s, start + 1 : stop + 1], x[s, start + 2 : stop + 2])
    return out


@twin("petrosian_fd", backend="cpu", tolerance={"float64": 0.0, "float32": 0.0})
def petrosian_fd(x: np.ndarray) -> np.ndarray:
    """Count turning points in the dtype of the signal, so that it vectorises."""
    flat = series(x)
    return petrosian(_turns(flat), flat.shape[1]).reshape(x.shape[:-1])
