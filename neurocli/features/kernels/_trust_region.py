"""Bounded least squares of a sum of Gaussians, step for step as SciPy's trust-region reflective method.

SciPy solves each step by a singular value decomposition of the Jacobian. The same steps follow here from the Cholesky
factor of the normal equations, eighteen unknowns at most: the iterates agree to rounding, and so does where they stop.
"""

from __future__ import annotations

import numpy as np

from ._bits import compact, exact_kernel, exponential, fast_kernel, wide

TOLERANCE = 1e-5  # ftol, xtol and gtol
LANES = 16  # points are padded to a multiple of it, so that no loop over them has a rest
FAR = 1e6  # where those points are, in units of a bump's least width


@exact_kernel
def _dot(a: np.ndarray, b: np.ndarray) -> float:
    compact()
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@exact_kernel
def _norm(a: np.ndarray) -> float:
    compact()
    return np.sqrt(_dot(a, a))


@exact_kernel
def _bilinear(a: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """Return p' a q."""
    compact()
    total = 0.0
    for i in range(p.size):
        total += p[i] * _dot(a[i], q)
    return total


@fast_kernel
def _residuals(x: np.ndarray, freqs: np.ndarray, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> float:
    """Write each bump's shape, and what all of them miss; return half the sum of squares of it."""
    wide()
    for i in range(out.size):
        out[i] = -flat[i]
    for p in range(x.size // 3):
        centre, height, sharpness = x[3 * p], x[3 * p + 1], -0.5 / (x[3 * p + 2] * x[3 * p + 2])
        shape = shapes[p]
        for i in range(out.size):
            away = freqs[i] - centre
            shape[i] = exponential(away * away * sharpness)
            out[i] += height * shape[i]
    total = 0.0
    for i in range(out.size):
        total += out[i] * out[i]
    return 0.5 * total


@exact_kernel
def _steepness(x: np.ndarray, out: np.ndarray) -> None:
    """Write what makes the derivatives by centre, height and standard deviation of a^1, a^0 and a^2 times the shape.

    Here a is the distance from the centre, so that no Jacobian has to be kept.
    """
    compact()
    for i in range(0, x.size, 3):
        height, std = x[i + 1], x[i + 2]
        out[i], out[i + 1], out[i + 2] = height / (std * std), 1.0, height / (std * std * std)


@exact_kernel
def _scaling(x: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray, v: np.ndarray, dv: np.ndarray) -> None:
    """Write Coleman and Li's scaling: the distance to the bound that the gradient leads to."""
    compact()
    for i in range(x.size):
        v[i], dv[i] = 1.0, 0.0
        if g[i] < 0 and np.isfinite(high[i]):
            v[i], dv[i] = high[i] - x[i], -1.0
        elif g[i] > 0 and np.isfinite(low[i]):
            v[i], dv[i] = x[i] - low[i], 1.0


@exact_kernel
def _factor(a: np.ndarray, alpha: float, out: np.ndarray) -> bool:
    """Write the Cholesky factor of a + alpha, upper and lower, its diagonal inverted; return whether it exists."""
    compact()
    for j in range(a.shape[0]):
        for i in range(j, a.shape[0]):
            total = a[i, j] + (alpha if i == j else 0.0)
            for k in range(j):
                total -= out[i, k] * out[j, k]
            if i > j:
                out[i, j] = total * out[j, j]
                out[j, i] = out[i, j]
            elif total > 0.0:
                out[j, j] = 1.0 / np.sqrt(total)
            else:
                return False
    return True


@exact_kernel
def _forward(factor: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    compact()
    out[:] = b
    for k in range(b.size):
        out[k] *= factor[k, k]
        for i in range(k + 1, b.size):
            out[i] -= factor[k, i] * out[k]


@exact_kernel
def _backward(factor: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    compact()
    out[:] = b
    for k in range(b.size - 1, -1, -1):
        out[k] *= factor[k, k]
        for i in range(k):
            out[i] -= factor[k, i] * out[k]


@exact_kernel
def _regularised(
    a: np.ndarray, g: np.ndarray, alpha: float, factor: np.ndarray, p: np.ndarray, half: np.ndarray
) -> tuple[float, float]:
    """Write the step at this regularisation; return its norm, and the derivative of that (NaN if there is no step)."""
    compact()
    if not _factor(a, alpha, factor):
        return np.nan, np.nan
    _forward(factor, g, half)
    _backward(factor, half, p)
    for i in range(p.size):
        p[i] = -p[i]
    _forward(factor, p, half)
    norm = _norm(p)
    return norm, -_dot(half, half) / norm


@exact_kernel
def _trust_step(
    a: np.ndarray, g: np.ndarray, radius: float, before: float, factor: np.ndarray, p: np.ndarray, half: np.ndarray
) -> float:
    """Write the step within the radius (More's iteration, at most ten); return the regularisation it needed."""
    compact()
    alpha, lower, upper, ended = 0.0, 0.0, _norm(g) / radius, False
    for count in range(12):  # first without any, then up to ten times, then where that has led to
        norm, slope = _regularised(a, g, alpha, factor, p, half)
        if norm <= radius and count == 0:
            return 0.0
        if ended:
            break
        miss = norm - radius
        if count == 0:
            lower = -miss / slope if np.isfinite(norm) else 0.0
            alpha = before
            outside = before == 0.0 and not np.isfinite(norm)
        else:
            upper = alpha if miss < 0 else upper
            lower = max(lower, alpha - miss / slope)
            alpha -= norm * miss / slope / radius
            ended, outside = abs(miss) < 0.01 * radius or count == 10, False
        if not ended and (outside or alpha < lower or alpha > upper):
            alpha = max(0.001 * upper, np.sqrt(lower * upper))
    p *= radius / norm
    return alpha


@exact_kernel
def _to_bound(x: np.ndarray, step: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Return how many steps lead to the nearest bound."""
    compact()
    fewest = np.inf
    for i in range(x.size):
        if step[i] != 0.0:
            fewest = min(fewest, max((low[i] - x[i]) / step[i], (high[i] - x[i]) / step[i]))
    return fewest


@exact_kernel
def _quadratic(a: np.ndarray, g: np.ndarray, p: np.ndarray) -> float:
    compact()
    return 0.5 * _bilinear(a, p, p) + _dot(g, p)


@exact_kernel
def _least(a: float, b: float, low: float, high: float, c: float) -> tuple[float, float]:
    """Return where a t^2 + b t + c is least between two bounds, and that value."""
    compact()
    best, value = low, low * (a * low + b) + c
    if high * (a * high + b) + c < value:
        best, value = high, high * (a * high + b) + c
    if a != 0.0 and low < -0.5 * b / a < high:
        t = -0.5 * b / a
        if t * (a * t + b) + c < value:
            best, value = t, t * (a * t + b) + c
    return best, value


@exact_kernel
def _reflected(
    a: np.ndarray, g: np.ndarray, x: np.ndarray, d: np.ndarray, p: np.ndarray, low: np.ndarray, high: np.ndarray,
    stride: float, radius: float, theta: float,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """Return the step that goes on from the bound in the reflected direction, and what it promises; p is cut there."""
    compact()
    r = p.copy()
    for i in range(x.size):
        if p[i] != 0.0 and max((low[i] - x[i]) / (d[i] * p[i]), (high[i] - x[i]) / (d[i] * p[i])) == stride:
            r[i] = -r[i]
    p *= stride
    rr, pr = _dot(r, r), _dot(p, r)
    to_radius = (-pr + np.sqrt(max(pr * pr - rr * (_dot(p, p) - radius * radius), 0.0))) / rr
    to_bound = _to_bound(x + d * p, d * r, low, high)
    shorter = min(to_bound, to_radius)
    first = (1.0 - theta) * stride / shorter if shorter > 0 else 0.0
    last = (theta * to_bound if shorter == to_bound else to_radius) if shorter > 0 else -1.0
    if first > last:
        return r, np.inf
    bent, tilt = 0.5 * _bilinear(a, r, r), _dot(g, r) + _bilinear(a, p, r)
    length, value = _least(bent, tilt, first, last, _quadratic(a, g, p))
    return p + length * r, value


@exact_kernel
def _stays_inside(x: np.ndarray, d: np.ndarray, p: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
    compact()
    outside = 0
    for i in range(x.size):
        outside += not low[i] <= x[i] + d[i] * p[i] <= high[i]
    return outside == 0


@exact_kernel
def _chosen_step(
    a: np.ndarray, g: np.ndarray, x: np.ndarray, d: np.ndarray, p: np.ndarray, low: np.ndarray, high: np.ndarray,
    radius: float, theta: float,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """Return the best of the step cut at the bounds, its reflection, and the gradient; and what it promises."""
    compact()
    if _stays_inside(x, d, p, low, high):
        return p, -_quadratic(a, g, p)
    stride = _to_bound(x, d * p, low, high)
    reflected, reflected_value = _reflected(a, g, x, d, p, low, high, stride, radius, theta)
    p *= theta
    p_value = _quadratic(a, g, p)
    down = -g
    to_radius, to_bound = radius / _norm(down), _to_bound(x, d * down, low, high)
    farthest = theta * to_bound if to_bound < to_radius else to_radius
    length, down_value = _least(0.5 * _bilinear(a, down, down), -_dot(g, g), 0.0, farthest, 0.0)
    if p_value < reflected_value and p_value < down_value:
        return p, -p_value
    if reflected_value < p_value and reflected_value < down_value:
        return reflected, -reflected_value
    return down * length, -down_value


@exact_kernel
def _into_bounds(x: np.ndarray, low: np.ndarray, high: np.ndarray, slack: float) -> np.ndarray:
    """Return a point strictly between the bounds."""
    compact()
    out = x.copy()
    for i in range(x.size):
        if x[i] <= low[i] + slack * max(1.0, abs(low[i])):
            out[i] = low[i] + slack * max(1.0, abs(low[i])) if slack > 0 else np.nextafter(low[i], high[i])
        elif x[i] >= high[i] - slack * max(1.0, abs(high[i])):
            out[i] = high[i] - slack * max(1.0, abs(high[i])) if slack > 0 else np.nextafter(high[i], low[i])
    return out


@fast_kernel
def _multiply(
    shape: np.ndarray, other: np.ndarray, freqs: np.ndarray, centre: float, elsewhere: float, out: np.ndarray
) -> None:
    """Write the sums of the product of two shapes times powers (1, 0, 2) of the distances from both centres."""
    wide()
    s00, s01, s02, s10, s11, s12, s20, s21, s22 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(shape.size):
        a, b = freqs[i] - centre, freqs[i] - elsewhere
        u1, v1 = shape[i], other[i]
        u0, v0 = u1 * a, v1 * b
        u2, v2 = u0 * a, v0 * b
        s00, s01, s02 = s00 + u0 * v0, s01 + u0 * v1, s02 + u0 * v2
        s10, s11, s12 = s10 + u1 * v0, s11 + u1 * v1, s12 + u1 * v2
        s20, s21, s22 = s20 + u2 * v0, s21 + u2 * v1, s22 + u2 * v2
    out[0, 0], out[0, 1], out[0, 2] = s00, s01, s02
    out[1, 0], out[1, 1], out[1, 2] = s10, s11, s12
    out[2, 0], out[2, 1], out[2, 2] = s20, s21, s22


@fast_kernel
def _slope(shape: np.ndarray, freqs: np.ndarray, centre: float, residuals: np.ndarray, out: np.ndarray) -> None:
    """Write the sums of shape and residuals times powers (1, 0, 2) of the distance from the centre."""
    wide()
    s0, s1, s2 = 0.0, 0.0, 0.0
    for i in range(shape.size):
        away, both = freqs[i] - centre, shape[i] * residuals[i]
        s0, s1, s2 = s0 + both * away, s1 + both, s2 + both * away * away
    out[0], out[1], out[2] = s0, s1, s2


@exact_kernel
def _normal(
    x: np.ndarray, freqs: np.ndarray, shapes: np.ndarray, scale: np.ndarray, diagonal: np.ndarray, out: np.ndarray
) -> None:
    """Write the scaled normal matrix of the Jacobian."""
    compact()
    for p in range(x.size // 3):
        for q in range(p + 1):
            into = out[3 * p : 3 * p + 3, 3 * q : 3 * q + 3]
            _multiply(shapes[p], shapes[q], freqs, x[3 * p], x[3 * q], into)
    for i in range(x.size):
        for j in range(i + 1):
            out[i, j] *= scale[i] * scale[j]
            out[j, i] = out[i, j]
        out[i, i] += diagonal[i]


@exact_kernel
def _padded(a: np.ndarray, value: float) -> np.ndarray:
    compact()
    out = np.full(-(-a.size // LANES) * LANES, value)
    out[: a.size] = a
    return out


@exact_kernel
def fit_gaussians(freqs: np.ndarray, flat: np.ndarray, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Fit bumps to a flattened spectrum.

    Parameters
    ----------
    freqs, flat : array, shape (n_freqs,)
        Frequencies, and what is to be fitted.
    x, low, high : array, shape (3 * n_peaks,)
        First guess and bounds of centre, height and standard deviation of each.

    Returns
    -------
    x : array, shape (3 * n_peaks,)
        The fit.
    """
    compact()
    n = x.size
    x = _into_bounds(x, low, high, 1e-10)
    freqs, flat = _padded(freqs, FAR), _padded(flat, 0.0)  # no bump reaches there, and there is nothing to miss
    shapes, new_shapes = np.empty((n // 3, freqs.size)), np.empty((n // 3, freqs.size))
    f, new_f = np.empty(freqs.size), np.empty(freqs.size)
    a, factor, rows = np.empty((n, n)), np.empty((n, n)), np.empty((6, n))
    g, v, dv, steep, p, half = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    cost, radius, alpha = _residuals(x, freqs, flat, shapes, f), 0.0, 0.0
    for _ in range(500):
        _steepness(x, steep)
        for i in range(n // 3):
            _slope(shapes[i], freqs, x[3 * i], f, g[3 * i : 3 * i + 3])
        g *= steep
        _scaling(x, g, low, high, v, dv)
        d = np.sqrt(v)
        radius = radius if radius > 0 else _norm(x / d)
        radius = radius if radius > 0 else 1.0
        steepest = np.abs(g * v).max()
        if steepest < TOLERANCE:
            break
        _normal(x, freqs, shapes, d * steep, g * dv, a)
        theta, gained, done = max(0.995, 1.0 - steepest), -1.0, False
        while gained <= 0.0 and not done:
            alpha = _trust_step(a, d * g, radius, alpha, factor, p, half)
            step, promised = _chosen_step(a, d * g, x, d, p.copy(), low, high, radius, theta)
            new_x = _into_bounds(x + d * step, low, high, 0.0)
            new_cost = _residuals(new_x, freqs, flat, new_shapes, new_f)
            gained, length = cost - new_cost, _norm(step)
            ratio = gained / promised if promised > 0 else 0.0
            done = (gained < TOLERANCE * cost and ratio > 0.25) or _norm(d * step) < TOLERANCE * (TOLERANCE + _norm(x))
            new_radius = 0.25 * length if ratio < 0.25 else radius
            if ratio > 0.75 and length > 0.95 * radius:
                new_radius = 2.0 * radius
            if not done:
                alpha *= radius / new_radius
                radius = new_radius
        if gained > 0.0:
            x, cost = new_x, new_cost
            f, new_f, shapes, new_shapes = new_f, f, new_shapes, shapes
        if done:
            break
    return x
