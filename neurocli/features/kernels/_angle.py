"""The angle of a complex number in single precision, by a polynomial that vectorises."""

from __future__ import annotations

import numpy as np

from ._bits import inlined

# Chebyshev's interpolation of atan(sqrt s) / sqrt s between 0 and 1; atan errs by 1.6e-8, less than float32 resolves
ATAN = np.array(
    [
        0.999999984242636, -0.33333066780690745, 0.19992483578493073, -0.14202570511665868, 0.10636754098062187,
        -0.07495445443299754, 0.04258760746603166, -0.016005030504417123, 0.002834064299325769,
    ],
    np.float32,
)  # fmt: skip


@inlined
def angle(im: float, re: float, c: np.ndarray) -> float:
    """Return the angle from -pi to pi of re + i im, 0 for zero; `c` is ATAN."""
    zero, quarter, half = np.float32(0), np.float32(np.pi / 2), np.float32(np.pi)
    across, along = abs(im), abs(re)
    large, small = max(across, along), min(across, along)
    a = small / large if large > zero else zero
    q = a * a
    rest = c[4] + q * (c[5] + q * (c[6] + q * (c[7] + q * c[8])))
    value = a * (c[0] + q * (c[1] + q * (c[2] + q * (c[3] + q * rest))))
    value = quarter - value if across > along else value
    value = half - value if re < zero else value
    return value if im >= zero else -value
