"""A sum of Gaussians beside a spectrum: what it misses, half the gradient, the normal matrix. No Jacobian is kept.

The derivatives of a bump by centre, height and standard deviation are its shape times a^1, a^0 and a^2, where a is the
distance from the centre, and a steepness that is the same for all points.
"""

from __future__ import annotations

import numpy as np

from ._bits import compact, exact_kernel, exponential, fast_kernel, wide

LANES = 16  # points are padded to a multiple of it, so that no loop over them has a rest
FAR = 1e6  # where those points are, in units of a bump's least width


@exact_kernel
def padded(a: np.ndarray, value: float) -> np.ndarray:
    compact()
    out = np.empty(-(-a.size // LANES) * LANES)
    for i in range(out.size):
        out[i] = a[i] if i < a.size else value
    return out


@fast_kernel
def residuals(x: np.ndarray, freqs: np.ndarray, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> float:
    """Write each bump's shape, and what all of them miss; return half the sum of squares of it."""
    wide()
    for i in range(out.size):
        out[i] = -flat[i]
    for p in range(x.size // 3):
        centre, height, sharpness = x[3 * p], x[3 * p + 1], -0.5 / (x[3 * p + 2] * x[3 * p + 2])
        for i in range(out.size):
            away = freqs[i] - centre
            shapes[p, i] = exponential(away * away * sharpness)
            out[i] += height * shapes[p, i]
    total = 0.0
    for i in range(out.size):
        total += out[i] * out[i]
    return 0.5 * total


@fast_kernel
def take_off(level: np.ndarray, freqs: np.ndarray, centre: float, height: float, std: float) -> None:
    """Subtract a bump."""
    wide()
    sharpness = -0.5 / (std * std)
    for i in range(level.size):
        away = freqs[i] - centre
        level[i] -= height * exponential(away * away * sharpness)


@exact_kernel
def steepness(x: np.ndarray, out: np.ndarray) -> None:
    """Write the steepness of each derivative."""
    compact()
    for i in range(0, x.size, 3):
        height, std = x[i + 1], x[i + 2]
        out[i], out[i + 1], out[i + 2] = height / (std * std), 1.0, height / (std * std * std)


@fast_kernel
def slope(
    shapes: np.ndarray, freqs: np.ndarray, x: np.ndarray, residuals: np.ndarray, steep: np.ndarray, out: np.ndarray
) -> None:
    """Write half the gradient: sums of shape and residuals times powers (1, 0, 2) of the distance from the centre."""
    wide()
    for p in range(len(shapes)):
        centre, s0, s1, s2 = x[3 * p], 0.0, 0.0, 0.0
        for i in range(freqs.size):
            away, both = freqs[i] - centre, shapes[p, i] * residuals[i]
            s0, s1, s2 = s0 + both * away, s1 + both, s2 + both * away * away
        out[3 * p], out[3 * p + 1], out[3 * p + 2] = s0, s1, s2
    for i in range(x.size):
        out[i] *= steep[i]


@fast_kernel
def _multiply(shapes: np.ndarray, p: int, q: int, freqs: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    """Write the sums of the product of two shapes times powers (1, 0, 2) of the distances from both centres."""
    wide()
    centre, elsewhere = x[3 * p], x[3 * q]
    s00, s01, s02, s10, s11, s12, s20, s21, s22 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(freqs.size):
        a, b = freqs[i] - centre, freqs[i] - elsewhere
        u1, v1 = shapes[p, i], shapes[q, i]
        u0, v0 = u1 * a, v1 * b
        u2, v2 = u0 * a, v0 * b
        s00, s01, s02 = s00 + u0 * v0, s01 + u0 * v1, s02 + u0 * v2
        s10, s11, s12 = s10 + u1 * v0, s11 + u1 * v1, s12 + u1 * v2
        s20, s21, s22 = s20 + u2 * v0, s21 + u2 * v1, s22 + u2 * v2
    i, j = 3 * p, 3 * q
    out[i, j], out[i, j + 1], out[i, j + 2] = s00, s01, s02
    out[i + 1, j], out[i + 1, j + 1], out[i + 1, j + 2] = s10, s11, s12
    out[i + 2, j], out[i + 2, j + 1], out[i + 2, j + 2] = s20, s21, s22


@exact_kernel
def normal(
    x: np.ndarray, freqs: np.ndarray, shapes: np.ndarray, scale: np.ndarray, diagonal: np.ndarray, out: np.ndarray
) -> None:
    """Write the scaled normal matrix of the Jacobian."""
    compact()
    for p in range(x.size // 3):
        for q in range(p + 1):
            _multiply(shapes, p, q, freqs, x, out)
    for i in range(x.size):
        for j in range(i + 1):
            out[i, j] *= scale[i] * scale[j]
            out[j, i] = out[i, j]
        out[i, i] += diagonal[i]
