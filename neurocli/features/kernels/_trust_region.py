"""Bounded least squares of a sum of Gaussians, step for step as SciPy's trust-region reflective method.

SciPy solves each step by a singular value decomposition of the Jacobian. The same steps follow here from the Cholesky
factor of the normal equations, eighteen unknowns at most: the iterates agree to rounding, and so does where they stop.
"""

from __future__ import annotations

import numpy as np

from ._bits import compact, exact_kernel, wide
from ._gaussians import FAR, normal, padded, residuals, slope, steepness

TOLERANCE = 1e-5  # ftol, xtol and gtol
VECTOR = 8  # rows of the normal matrix are padded to a multiple of it


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
    total = 0.0
    for i in range(a.size):
        total += a[i] * a[i]
    return np.sqrt(total)


@exact_kernel
def _bilinear(a: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """Return p' a q."""
    compact()
    total = 0.0
    for i in range(p.size):
        row = 0.0
        for k in range(q.size):
            row += a[i, k] * q[k]
        total += p[i] * row
    return total


@exact_kernel
def _scaling(x: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray, d: np.ndarray, bend: np.ndarray) -> float:
    """Write the root of Coleman and Li's scaling (the distance to the bound that the gradient leads to) and its bend.

    Return the largest of the gradient so scaled, twice.
    """
    compact()
    steepest = 0.0
    for i in range(x.size):
        v, bend[i] = 1.0, 0.0
        if g[i] < 0 and np.isfinite(high[i]):
            v, bend[i] = high[i] - x[i], -g[i]
        elif g[i] > 0 and np.isfinite(low[i]):
            v, bend[i] = x[i] - low[i], g[i]
        d[i] = np.sqrt(v)
        steepest = max(steepest, abs(g[i] * v))
    return steepest


@exact_kernel
def _factor(a: np.ndarray, alpha: float, out: np.ndarray) -> bool:
    """Write the upper Cholesky factor of a + alpha, its diagonal inverted; return whether it exists.

    Rows are as wide as vectors ask; what stands left of the diagonal then means nothing.
    """
    wide()
    n, width = a.shape
    for i in range(n):
        for k in range(width):
            out[i, k] = a[i, k]
        out[i, i] += alpha
    for j in range(n):
        if not out[j, j] > 0.0:
            return False
        inverse = 1.0 / np.sqrt(out[j, j])
        for k in range(width):
            out[j, k] *= inverse
        out[j, j] = inverse
        for i in range(j + 1, n):
            first, weight = np.uint64(i // VECTOR * VECTOR), out[j, i]
            for k in range(first, np.uint64(width)):
                out[i, k] -= weight * out[j, k]
    return True


@exact_kernel
def _forward(factor: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    compact()
    for i in range(b.size):
        out[i] = b[i]
    for k in range(b.size):
        out[k] *= factor[k, k]
        for i in range(k + 1, b.size):
            out[i] -= factor[k, i] * out[k]


@exact_kernel
def _backward(factor: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    compact()
    for k in range(b.size - 1, -1, -1):
        total = b[k]
        for i in range(k + 1, b.size):
            total -= factor[k, i] * out[i]
        out[k] = total * factor[k, k]


@exact_kernel
def _regularised(
    a: np.ndarray, g: np.ndarray, alpha: float, factor: np.ndarray, p: np.ndarray, half: np.ndarray
) -> float:
    """Write the step at this regularisation; return its norm (NaN if there is no step)."""
    compact()
    if not _factor(a, alpha, factor):
        return np.nan
    _forward(factor, g, half)
    _backward(factor, half, p)
    for i in range(p.size):
        p[i] = -p[i]
    return _norm(p)


@exact_kernel
def _shortening(factor: np.ndarray, p: np.ndarray, norm: float, half: np.ndarray) -> float:
    """Return the derivative of the norm of a step by the regularisation."""
    compact()
    if np.isnan(norm):
        return np.nan
    _forward(factor, p, half)
    return -_dot(half, half) / norm


@exact_kernel
def _trust_step(
    a: np.ndarray, g: np.ndarray, radius: float, before: float, factor: np.ndarray, p: np.ndarray, half: np.ndarray
) -> float:
    """Write the step within the radius (More's iteration, at most ten); return the regularisation it needed."""
    compact()
    alpha, lower, upper, ended = 0.0, 0.0, _norm(g) / radius, False
    for count in range(12):  # first without any, then up to ten times, then where that has led to
        norm = _regularised(a, g, alpha, factor, p, half)
        if norm <= radius and count == 0:
            return 0.0
        if ended:
            break
        miss, slope = norm - radius, _shortening(factor, p, norm, half)
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
    total = 0.0
    for i in range(p.size):
        row = 0.0
        for k in range(p.size):
            row += a[i, k] * p[k]
        total += p[i] * (0.5 * row + g[i])
    return total


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
def _into_bounds(x: np.ndarray, low: np.ndarray, high: np.ndarray, slack: float) -> None:
    """Move a point to where it is strictly between the bounds."""
    compact()
    for i in range(x.size):
        if x[i] <= low[i] + slack * max(1.0, abs(low[i])):
            x[i] = low[i] + slack * max(1.0, abs(low[i])) if slack > 0 else np.nextafter(low[i], high[i])
        elif x[i] >= high[i] - slack * max(1.0, abs(high[i])):
            x[i] = high[i] - slack * max(1.0, abs(high[i])) if slack > 0 else np.nextafter(high[i], low[i])


@exact_kernel
def _first_radius(x: np.ndarray, d: np.ndarray) -> float:
    compact()
    total = 0.0
    for i in range(x.size):
        total += (x[i] / d[i]) ** 2
    return np.sqrt(total) if total > 0 else 1.0


@exact_kernel
def _moved(x: np.ndarray, d: np.ndarray, step: np.ndarray, out: np.ndarray) -> float:
    """Write where a scaled step leads to; return how far that is."""
    compact()
    total = 0.0
    for i in range(x.size):
        out[i] = x[i] + d[i] * step[i]
        total += (d[i] * step[i]) ** 2
    return np.sqrt(total)


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
    freqs, flat = padded(freqs, FAR), padded(flat, 0.0)  # no bump reaches there, and there is nothing to miss
    shapes, new_shapes = np.empty((n // 3, freqs.size)), np.empty((n // 3, freqs.size))
    f, new_f = np.empty(freqs.size), np.empty(freqs.size)
    width = -(-n // VECTOR) * VECTOR
    a, factor, rows = np.zeros((n, width)), np.empty((n, width)), np.empty((7, n))
    g, d, bend, steep, p, half = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    x, new_x = x.copy(), rows[6]
    _into_bounds(x, low, high, 1e-10)
    cost, radius, alpha = residuals(x, freqs, flat, shapes, f), 0.0, 0.0
    for _ in range(500):
        steepness(x, steep)
        slope(shapes, freqs, x, f, steep, g)
        steepest = _scaling(x, g, low, high, d, bend)
        radius = radius if radius > 0 else _first_radius(x, d)
        if steepest < TOLERANCE:
            break
        for i in range(n):
            steep[i] *= d[i]
            g[i] *= d[i]
        normal(x, freqs, shapes, steep, bend, a)
        theta, gained, done = max(0.995, 1.0 - steepest), -1.0, False
        while gained <= 0.0 and not done:
            alpha = _trust_step(a, g, radius, alpha, factor, p, half)
            step, promised = _chosen_step(a, g, x, d, p, low, high, radius, theta)
            far = _moved(x, d, step, new_x)
            _into_bounds(new_x, low, high, 0.0)
            new_cost = residuals(new_x, freqs, flat, new_shapes, new_f)
            gained, length = cost - new_cost, _norm(step)
            ratio = gained / promised if promised > 0 else 0.0
            done = (gained < TOLERANCE * cost and ratio > 0.25) or far < TOLERANCE * (TOLERANCE + _norm(x))
            new_radius = 0.25 * length if ratio < 0.25 else radius
            if ratio > 0.75 and length > 0.95 * radius:
                new_radius = 2.0 * radius
            if not done:
                alpha *= radius / new_radius
                radius = new_radius
        if gained > 0.0:
            x, new_x, cost = new_x, x, new_cost
            f, new_f, shapes, new_shapes = new_f, f, new_shapes, shapes
        if done:
            break
    return x
