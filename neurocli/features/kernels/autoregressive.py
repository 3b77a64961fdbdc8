"""Autoregressive coefficients on the CPU: dot products in the dtype of the signal, the recursion in float64."""

from __future__ import annotations

import numpy as np

from ..autoregressive import levinson
from ..define import twin
from ._bits import fast_kernel, kernel, series


@fast_kernel
def _dot(a: np.ndarray, b: np.ndarray) -> float:
    total = a.dtype.type(0)
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@fast_kernel
def _centred(x: np.ndarray, out: np.ndarray) -> None:
    """Write the signal less its mean; exactly zero for a constant."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i] - x[0]
    mean = total / x.dtype.type(x.size)
    for i in range(x.size):
        out[i] = (x[i] - x[0]) - mean


@kernel
def _autocovariances(x: np.ndarray, order: int) -> np.ndarray:
    out = np.empty((x.shape[0], order + 1))
    y = np.empty(x.shape[1], x.dtype)
    for s in range(x.shape[0]):
        _centred(x[s], y)
        for lag in range(order + 1):
            out[s, lag] = _dot(y[lag:], y[: y.size - lag]) / y.size
    return out


@fast_kernel
def _reflection(forward: np.ndarray, backward: np.ndarray) -> float:
    product, power = forward.dtype.type(0), forward.dtype.type(0)
    for i in range(forward.size):
        product += forward[i] * backward[i]
        power += forward[i] * forward[i] + backward[i] * backward[i]
    return 2.0 * product / power


@fast_kernel
def _predict(forward: np.ndarray, backward: np.ndarray, k: float, new: np.ndarray) -> None:
    """Write the prediction errors of one order more, forward and backward."""
    for i in range(forward.size):
        f, b = forward[i], backward[i]
        new[0, i] = f - k * b
        new[1, i] = b - k * f


@kernel
def _burg(x: np.ndarray, order: int) -> np.ndarray:
    phi = np.zeros((x.shape[0], order))
    y, errors = np.empty(x.shape[1], x.dtype), np.empty((2, 2, x.shape[1]), x.dtype)
    for s in range(x.shape[0]):
        _centred(x[s], y)
        forward, backward = y[1:], y[:-1]
        for p in range(order):
            k = _reflection(forward, backward)
            before = phi[s, :p].copy()
            phi[s, :p] -= k * before[::-1]
            phi[s, p] = k
            new = errors[p % 2, :, : forward.size]
            _predict(forward, backward, x.dtype.type(k), new)
            forward, backward = new[0, 1:], new[1, :-1]
    return phi


@twin("ar", backend="cpu", tolerance={"float64": 1e-9, "float32": 2e-3})
def ar(x: np.ndarray, *, order: int = 8, method: str = "yule_walker") -> np.ndarray:
    """Sum in the dtype of the signal, so that it vectorises."""
    flat = series(x)
    phi = levinson(_autocovariances(flat, order)) if method == "yule_walker" else _burg(flat, order)
    return phi.reshape(*x.shape[:-1], order)
