"""Bounded least squares of a sum of Gaussians, step for step as SciPy's trust-region reflective method.

SciPy solves each step by a singular value decomposition of the Jacobian. The same steps follow here from the Cholesky
factor of the normal equations, eighteen unknowns at most: the iterates agree to rounding, and so does where they stop.
"""

from __future__ import annotations

import numpy as np

from ._bits import fast_kernel, kernel

TOLERANCE = 1e-5  # ftol, xtol and gtol


@fast_kernel
def _dot(a: np.ndarray, b: np.ndarray) -> float:
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@kernel
def _norm(a: np.ndarray) -> float:
    return np.sqrt(_dot(a, a))


@fast_kernel
def _residuals(x: np.ndarray, freqs: np.ndarray, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> float:
    """Write each bump's shape, and what all of them miss; return half the sum of squares of it."""
    for i in range(freqs.size):
        out[i] = -flat[i]
    for p in range(x.size // 3):
        centre, height, sharpness = x[3 * p], x[3 * p + 1], -0.5 / (x[3 * p + 2] * x[3 * p + 2])
        for i in range(freqs.size):
            away = freqs[i] - centre
            shapes[p, i] = np.exp(away * away * sharpness)
            out[i] += height * shapes[p, i]
    return 0.5 * _dot(out, out)


@fast_kernel
def _jacobian(x: np.ndarray, freqs: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> None:
    """Write the derivative by each unknown, one a row."""
    for p in range(x.size // 3):
        centre, height, std = x[3 * p], x[3 * p + 1], x[3 * p + 2]
        by_centre, by_std = height / (std * std), height / (std * std * std)
        for i in range(freqs.size):
            away, shape = freqs[i] - centre, shapes[p, i]
            out[3 * p, i] = shape * away * by_centre
            out[3 * p + 1, i] = shape
            out[3 * p + 2, i] = shape * away * away * by_std


@kernel
def _scaling(x: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray, v: np.ndarray, dv: np.ndarray) -> None:
    """Write Coleman and Li's scaling: the distance to the bound that the gradient leads to."""
    for i in range(x.size):
        v[i], dv[i] = 1.0, 0.0
        if g[i] < 0 and np.isfinite(high[i]):
            v[i], dv[i] = high[i] - x[i], -1.0
        elif g[i] > 0 and np.isfinite(low[i]):
            v[i], dv[i] = x[i] - low[i], 1.0


@kernel
def _factor(a: np.ndarray, alpha: float, out: np.ndarray) -> bool:
    """Write the Cholesky factor of a + alpha; return whether it exists."""
    for j in range(a.shape[0]):
        for i in range(j, a.shape[0]):
            total = a[i, j] + (alpha if i == j else 0.0)
            for k in range(j):
                total -= out[i, k] * out[j, k]
            if i == j:
                if total <= 0.0:
                    return False
                out[j, j] = np.sqrt(total)
            else:
                out[i, j] = total / out[j, j]
    return True


@kernel
def _forward(factor: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    for i in range(b.size):
        total = b[i]
        for k in range(i):
            total -= factor[i, k] * out[k]
        out[i] = total / factor[i, i]


@kernel
def _backward(factor: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    for i in range(b.size - 1, -1, -1):
        total = b[i]
        for k in range(i + 1, b.size):
            total -= factor[k, i] * out[k]
        out[i] = total / factor[i, i]


@kernel
def _regularised(
    a: np.ndarray, g: np.ndarray, alpha: float, factor: np.ndarray, p: np.ndarray, half: np.ndarray
) -> tuple[float, float]:
    """Write the step at this regularisation; return its norm, and the derivative of that (NaN if there is no step)."""
    if not _factor(a, alpha, factor):
        return np.nan, np.nan
    _forward(factor, -g, half)
    _backward(factor, half, p)
    _forward(factor, p, half)
    norm = _norm(p)
    return norm, -_dot(half, half) / norm


@kernel
def _trust_step(a: np.ndarray, g: np.ndarray, radius: float, alpha: float, p: np.ndarray) -> float:
    """Write the step within the radius (More's iteration, at most ten); return the regularisation it needed."""
    factor, half = np.zeros_like(a), np.empty_like(g)
    norm, slope = _regularised(a, g, 0.0, factor, p, half)
    full_rank = np.isfinite(norm)
    if full_rank and norm <= radius:
        return 0.0
    upper = _norm(g) / radius
    lower = -(norm - radius) / slope if full_rank else 0.0
    if not full_rank and alpha == 0.0:
        alpha = max(0.001 * upper, np.sqrt(lower * upper))
    for _ in range(10):
        if alpha < lower or alpha > upper:
            alpha = max(0.001 * upper, np.sqrt(lower * upper))
        norm, slope = _regularised(a, g, alpha, factor, p, half)
        miss = norm - radius
        if miss < 0:
            upper = alpha
        lower = max(lower, alpha - miss / slope)
        alpha -= norm * miss / slope / radius
        if abs(miss) < 0.01 * radius:
            break
    norm, slope = _regularised(a, g, alpha, factor, p, half)
    p *= radius / norm
    return alpha


@kernel
def _to_bound(x: np.ndarray, step: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Return how many steps lead to the nearest bound."""
    fewest = np.inf
    for i in range(x.size):
        if step[i] != 0.0:
            fewest = min(fewest, max((low[i] - x[i]) / step[i], (high[i] - x[i]) / step[i]))
    return fewest


@kernel
def _quadratic(a: np.ndarray, g: np.ndarray, p: np.ndarray) -> float:
    return 0.5 * _dot(p, a.dot(p)) + _dot(g, p)


@kernel
def _least(a: float, b: float, low: float, high: float, c: float) -> tuple[float, float]:
    """Return where a t^2 + b t + c is least between two bounds, and that value."""
    best, value = low, low * (a * low + b) + c
    if high * (a * high + b) + c < value:
        best, value = high, high * (a * high + b) + c
    if a != 0.0 and low < -0.5 * b / a < high:
        t = -0.5 * b / a
        if t * (a * t + b) + c < value:
            best, value = t, t * (a * t + b) + c
    return best, value


@kernel
def _reflected(
    a: np.ndarray, g: np.ndarray, x: np.ndarray, d: np.ndarray, p: np.ndarray, low: np.ndarray, high: np.ndarray,
    stride: float, radius: float, theta: float,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """Return the step that goes on from the bound in the reflected direction, and what it promises; p is cut there."""
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
    ar = a.dot(r)
    length, value = _least(0.5 * _dot(r, ar), _dot(g, r) + _dot(p, ar), first, last, _quadratic(a, g, p))
    return p + length * r, value


@kernel
def _chosen_step(
    a: np.ndarray, g: np.ndarray, x: np.ndarray, d: np.ndarray, p: np.ndarray, low: np.ndarray, high: np.ndarray,
    radius: float, theta: float,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """Return the best of the step cut at the bounds, its reflection, and the gradient; and what it promises."""
    ahead = x + d * p
    if ((ahead >= low) & (ahead <= high)).all():
        return p, -_quadratic(a, g, p)
    stride = _to_bound(x, d * p, low, high)
    reflected, reflected_value = _reflected(a, g, x, d, p, low, high, stride, radius, theta)
    p *= theta
    p_value = _quadratic(a, g, p)
    down = -g
    to_radius, to_bound = radius / _norm(down), _to_bound(x, d * down, low, high)
    farthest = theta * to_bound if to_bound < to_radius else to_radius
    length, down_value = _least(0.5 * _dot(down, a.dot(down)), -_dot(g, g), 0.0, farthest, 0.0)
    if p_value < reflected_value and p_value < down_value:
        return p, -p_value
    if reflected_value < p_value and reflected_value < down_value:
        return reflected, -reflected_value
    return down * length, -down_value


@kernel
def _into_bounds(x: np.ndarray, low: np.ndarray, high: np.ndarray, slack: float) -> np.ndarray:
    """Return a point strictly between the bounds."""
    out = x.copy()
    for i in range(x.size):
        if x[i] <= low[i] + slack * max(1.0, abs(low[i])):
            out[i] = low[i] + slack * max(1.0, abs(low[i])) if slack > 0 else np.nextafter(low[i], high[i])
        elif x[i] >= high[i] - slack * max(1.0, abs(high[i])):
            out[i] = high[i] - slack * max(1.0, abs(high[i])) if slack > 0 else np.nextafter(high[i], low[i])
    return out


@kernel
def _normal(jacobian: np.ndarray, d: np.ndarray, diagonal: np.ndarray, out: np.ndarray) -> None:
    """Write the scaled normal matrix."""
    for i in range(d.size):
        for j in range(i + 1):
            out[i, j] = d[i] * d[j] * _dot(jacobian[i], jacobian[j])
            out[j, i] = out[i, j]
        out[i, i] += diagonal[i]


@kernel
def _gradient(jacobian: np.ndarray, residuals: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.size):
        out[i] = _dot(jacobian[i], residuals)


@kernel
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
    n = x.size
    x = _into_bounds(x, low, high, 1e-10)
    shapes, new_shapes = np.empty((n // 3, freqs.size)), np.empty((n // 3, freqs.size))
    f, new_f, jacobian = np.empty(freqs.size), np.empty(freqs.size), np.empty((n, freqs.size))
    g, v, dv, p, a = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty((n, n))
    cost = _residuals(x, freqs, flat, shapes, f)
    _jacobian(x, freqs, shapes, jacobian)
    _gradient(jacobian, f, g)
    _scaling(x, g, low, high, v, dv)
    radius, alpha = _norm(x / np.sqrt(v)), 0.0
    radius = radius if radius > 0 else 1.0
    for _ in range(500):
        _scaling(x, g, low, high, v, dv)
        steepest = np.abs(g * v).max()
        if steepest < TOLERANCE:
            break
        d = np.sqrt(v)
        _normal(jacobian, d, g * dv, a)
        theta, gained, done = max(0.995, 1.0 - steepest), -1.0, False
        while gained <= 0.0 and not done:
            alpha = _trust_step(a, d * g, radius, alpha, p)
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
            _jacobian(x, freqs, shapes, jacobian)
            _gradient(jacobian, f, g)
        if done:
            break
    return x
