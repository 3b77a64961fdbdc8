"""Bounded least squares of sums of Gaussians, one program a spectrum: SciPy's trust-region reflective method.

The steps are those of the kernel for the processor (`kernels/_trust_region.py`). Unknowns lie in a vector: centre,
height and standard deviation of each bump, and one place left over; the matrix of the normal equations is a tile of
registers, inverted by sweeps that cost no more than its Cholesky factor would there, and that give both solutions of a
step. All in float64.
"""

from __future__ import annotations

import torch

from ._jit import jit, launch, tl

TOLERANCE = 1e-5  # ftol, xtol and gtol
POINTS = 16  # of a spectrum at once: the least that a product of tiles sums over
TRIES = 1000  # of steps; some ten to thirty are usual


@jit
def _norm(a: tl.tensor) -> tl.tensor:
    return tl.sqrt(tl.sum(a * a))


@jit
def _times(a: tl.tensor, p: tl.tensor) -> tl.tensor:
    """Return a p, of a symmetric matrix."""
    return tl.sum(a * p[:, None], axis=0)


@jit
def _parts(x: tl.tensor, BUMPS: tl.constexpr) -> tl.tensor:
    """Return centre, height and standard deviation of each bump, all zero where there is none."""
    rows, kind = tl.reshape(x, [BUMPS, 4]), tl.arange(0, 4)[None, :]
    centre = tl.sum(tl.where(kind == 0, rows, 0.0), axis=1)
    height = tl.sum(tl.where(kind == 1, rows, 0.0), axis=1)
    return centre, height, tl.sum(tl.where(kind == 2, rows, 0.0), axis=1)


@jit
def _missed(
    row: tl.tensor,
    freqs: tl.tensor,
    t: tl.tensor,
    inside: tl.tensor,
    centre: tl.tensor,
    height: tl.tensor,
    std: tl.tensor,
) -> tl.tensor:
    """Return what the bumps miss of some points, their distances from the centres, and the shapes; (points, bumps)."""
    away = tl.load(freqs + t, mask=inside, other=0.0)[:, None] - centre[None, :]
    sharpness = -0.5 / tl.where(std > 0, std * std, 1.0)
    shape = tl.where(inside[:, None] & (std > 0)[None, :], tl.exp(away * away * sharpness[None, :]), 0.0)
    missed = tl.sum(height[None, :] * shape, axis=1) - tl.load(row + t, mask=inside, other=0.0)
    return missed, away, shape


@jit
def _cost(
    x: tl.tensor, row: tl.tensor, freqs: tl.tensor, n: tl.tensor, BUMPS: tl.constexpr, POINTS: tl.constexpr
) -> tl.tensor:
    """Return half the sum of squares of what the bumps miss."""
    centre, height, std = _parts(x, BUMPS)
    total = tl.zeros([POINTS], tl.float64)
    for start in range(0, n, POINTS):
        t = start + tl.arange(0, POINTS)
        missed, _, _ = _missed(row, freqs, t, t < n, centre, height, std)
        total += missed * missed
    return 0.5 * tl.sum(total)


@jit
def _slopes(
    x: tl.tensor, row: tl.tensor, freqs: tl.tensor, n: tl.tensor, BUMPS: tl.constexpr, POINTS: tl.constexpr
) -> tl.tensor:
    """Return the gradient of the cost, and the normal matrix of the Jacobian."""
    centre, height, std = _parts(x, BUMPS)
    steep = height / tl.where(std > 0, std * std, 1.0)
    steeper = steep / tl.where(std > 0, std, 1.0)
    kind = tl.arange(0, 4)[None, None, :]
    g, a = tl.zeros([4 * BUMPS], tl.float64), tl.zeros([4 * BUMPS, 4 * BUMPS], tl.float64)
    for start in range(0, n, POINTS):
        t = start + tl.arange(0, POINTS)
        missed, away, shape = _missed(row, freqs, t, t < n, centre, height, std)
        by_centre, by_std = steep[None, :] * shape * away, steeper[None, :] * shape * away * away
        slopes = tl.where(kind == 0, by_centre[:, :, None], tl.where(kind == 2, by_std[:, :, None], 0.0))
        slopes = tl.reshape(tl.where(kind == 1, shape[:, :, None], slopes), [POINTS, 4 * BUMPS])
        g += tl.sum(slopes * missed[:, None], axis=0)
        a = tl.dot(tl.trans(slopes), slopes, a, out_dtype=tl.float64)
    return g, a


@jit
def _scaled(x: tl.tensor, g: tl.tensor, a: tl.tensor, low: tl.tensor, high: tl.tensor) -> tl.tensor:
    """Return Coleman and Li's scaling, the distance to the bound that the gradient leads to; and the matrix in it."""
    bound = tl.where(g < 0, high, low)
    bounded = (g != 0) & (tl.abs(bound) < float("inf"))
    v = tl.where(bounded, tl.abs(bound - x), 1.0)
    d, curve = tl.sqrt(v), tl.where(bounded, tl.abs(g), 0.0)
    place = tl.arange(0, x.shape[0])
    return v, d, a * d[:, None] * d[None, :] + tl.where(place[:, None] == place[None, :], curve[:, None], 0.0)


@jit
def _regularised(a: tl.tensor, g: tl.tensor, alpha: tl.tensor, n_bumps: tl.tensor) -> tl.tensor:
    """Return the step at this regularisation, its norm, the derivative of that, and whether there is one.

    Sweeping a row and column of a matrix solves for one unknown; after all of them it is minus the inverse.
    """
    place = tl.arange(0, g.shape[0])
    m = tl.where(place[:, None] == place[None, :], a + alpha, a)
    exists = tl.full([], 1, tl.int32)
    for unknown in range(0, 3 * n_bumps):
        k = unknown // 3 * 4 + unknown % 3
        row = tl.sum(tl.where((place == k)[:, None], m, 0.0), axis=0)
        pivot = tl.sum(tl.where(place == k, row, 0.0))
        exists *= (pivot > 0).to(tl.int32)
        row = tl.where(place == k, -1.0, row)
        m = tl.where((place == k)[:, None] | (place == k)[None, :], 0.0, m)
        m -= row[:, None] * (row / tl.where(pivot > 0, pivot, 1.0))[None, :]
    p = _times(m, g)
    norm = tl.maximum(_norm(p), 1e-300)
    return p, norm, tl.minimum(tl.sum(p * _times(m, p)) / norm, -1e-300), exists


@jit
def _trust_step(a: tl.tensor, g: tl.tensor, radius: tl.tensor, before: tl.tensor, n_bumps: tl.tensor) -> tl.tensor:
    """Return the step within the radius (More's iteration, at most ten), and the regularisation it needed."""
    alpha, lower, upper = radius * 0.0, radius * 0.0, _norm(g) / radius
    p, norm = g * 0.0, radius
    count, going, ended = tl.full([], 0, tl.int32), radius > 0, radius <= 0
    while going:
        p, norm, slope, exists = _regularised(a, g, alpha, n_bumps)
        first, miss = count == 0, norm - radius
        newton = miss / slope
        going = ((count > 0) | (exists == 0) | (miss > 0)) & (ended == 0)
        if going:
            upper = tl.where(first | (miss >= 0), upper, alpha)
            lower = tl.where(first, tl.where(exists > 0, -newton, 0.0), tl.maximum(lower, alpha - newton))
            alpha = tl.where(first, before, alpha - norm * newton / radius)
            ended = (count > 0) & ((tl.abs(miss) < 0.01 * radius) | (count == 10))
            outside = (first & (before == 0) & (exists == 0)) | (alpha < lower) | (alpha > upper)
            middle = tl.maximum(0.001 * upper, tl.sqrt(tl.maximum(lower * upper, 0.0)))
            alpha = tl.where(outside & (ended == 0), middle, alpha)
        count += 1
    return tl.where(count > 1, p * (radius / norm), p), alpha


@jit
def _strides(x: tl.tensor, step: tl.tensor, low: tl.tensor, high: tl.tensor) -> tl.tensor:
    """Return how many steps lead each unknown to its bound."""
    moving = step != 0
    by = tl.where(moving, step, 1.0)
    return tl.where(moving, tl.maximum((low - x) / by, (high - x) / by), float("inf"))


@jit
def _least(a: tl.tensor, b: tl.tensor, low: tl.tensor, high: tl.tensor, c: tl.tensor) -> tl.tensor:
    """Return where a t^2 + b t + c is least between two bounds, and that value."""
    at_low, at_high = low * (a * low + b) + c, high * (a * high + b) + c
    best, value = tl.where(at_high < at_low, high, low), tl.minimum(at_high, at_low)
    t = tl.where(a != 0, -0.5 * b / tl.where(a != 0, a, 1.0), low)
    between, at_t = (low < t) & (t < high), t * (a * t + b) + c
    better = between & (at_t < value)
    return tl.where(better, t, best), tl.where(better, at_t, value)


@jit
def _reflected(
    a: tl.tensor,
    g: tl.tensor,
    x: tl.tensor,
    d: tl.tensor,
    p: tl.tensor,
    low: tl.tensor,
    high: tl.tensor,
    radius: tl.tensor,
    theta: tl.tensor,
) -> tl.tensor:
    """Return the step to the bound, the one that goes on from there reflected, and what that promises."""
    strides = _strides(x, d * p, low, high)
    stride = tl.min(strides)
    r, cut = tl.where(strides == stride, -p, p), p * stride
    rr, pr = tl.sum(r * r), tl.sum(cut * r)
    to_radius = (-pr + tl.sqrt(tl.maximum(pr * pr - rr * (tl.sum(cut * cut) - radius * radius), 0.0))) / rr
    to_bound = tl.min(_strides(x + d * cut, d * r, low, high))
    shorter = tl.minimum(to_bound, to_radius)
    first = (1.0 - theta) * stride / tl.where(shorter > 0, shorter, 1.0)
    last = tl.where(to_bound <= to_radius, theta * to_bound, to_radius)
    ar = _times(a, r)
    value = 0.5 * tl.sum(cut * _times(a, cut)) + tl.sum(g * cut)
    length, value = _least(0.5 * tl.sum(r * ar), tl.sum(g * r) + tl.sum(cut * ar), first, last, value)
    return cut, cut + length * r, tl.where((shorter > 0) & (first <= last), value, float("inf"))


@jit
def _chosen_step(
    a: tl.tensor,
    g: tl.tensor,
    x: tl.tensor,
    d: tl.tensor,
    p: tl.tensor,
    low: tl.tensor,
    high: tl.tensor,
    radius: tl.tensor,
    theta: tl.tensor,
) -> tl.tensor:
    """Return the best of the step cut at the bounds, its reflection, and the gradient; and what it promises."""
    step, value = p, 0.5 * tl.sum(p * _times(a, p)) + tl.sum(g * p)
    there = x + d * p
    if tl.sum(((there < low) | (there > high)).to(tl.int32)) > 0:
        cut, bent, bent_value = _reflected(a, g, x, d, p, low, high, radius, theta)
        cut *= theta
        cut_value = 0.5 * tl.sum(cut * _times(a, cut)) + tl.sum(g * cut)
        steep, to_radius = tl.sum(g * g), radius / _norm(g)
        to_bound = tl.min(_strides(x, -d * g, low, high))
        farthest = tl.where(to_bound < to_radius, theta * to_bound, to_radius)
        length, down_value = _least(0.5 * tl.sum(g * _times(a, g)), -steep, farthest * 0.0, farthest, farthest * 0.0)
        step, value = -g * length, down_value
        if (cut_value < bent_value) & (cut_value < down_value):
            step, value = cut, cut_value
        if (bent_value < cut_value) & (bent_value < down_value):
            step, value = bent, bent_value
    return step, -value


@jit
def _inside(x: tl.tensor, low: tl.tensor, high: tl.tensor, SLACK: tl.constexpr) -> tl.tensor:
    """Return a point strictly between bounds that are not negative: with no slack, at their next number."""
    if SLACK > 0:
        low += SLACK * tl.where(tl.abs(low) < float("inf"), tl.maximum(1.0, tl.abs(low)), 1.0)
        high -= SLACK * tl.where(high < float("inf"), tl.maximum(1.0, high), 1.0)
        return tl.minimum(tl.maximum(x, low), high)
    above = (low.to(tl.int64, bitcast=True) + 1).to(tl.float64, bitcast=True)
    below = (high.to(tl.int64, bitcast=True) - 1).to(tl.float64, bitcast=True)
    return tl.where(x <= low, above, tl.where(x >= high, below, x))


@jit
def _step(
    x: tl.tensor,
    g: tl.tensor,
    a: tl.tensor,
    d: tl.tensor,
    low: tl.tensor,
    high: tl.tensor,
    radius: tl.tensor,
    alpha: tl.tensor,
    theta: tl.tensor,
    n_bumps: tl.tensor,
) -> tl.tensor:
    """Return the next point, the length of the step to it, what it promises, and the regularisation it needed."""
    p, alpha = _trust_step(a, g, radius, alpha, n_bumps)
    step, promised = _chosen_step(a, g, x, d, p, low, high, radius, theta)
    return x + d * step, _norm(step), _norm(d * step), promised, alpha


@jit
def _fit(
    freqs: tl.tensor,
    flat: tl.tensor,
    guesses: tl.tensor,
    bounds: tl.tensor,
    bumps: tl.tensor,
    out: tl.tensor,
    n: tl.tensor,
    BUMPS: tl.constexpr,
    POINTS: tl.constexpr,
    TOLERANCE: tl.constexpr,
    TRIES: tl.constexpr,
) -> None:
    """Fit one spectrum; flat (n_spectra, n), guesses and out (n_spectra, BUMPS, 4), bounds (n_spectra, 2, BUMPS, 4)."""
    s, place = tl.program_id(0).to(tl.int64), tl.arange(0, 4 * BUMPS)
    row, n_bumps = flat + s * n, tl.load(bumps + s)
    used = place // 4 < n_bumps
    low = tl.load(bounds + s * 8 * BUMPS + place, mask=used, other=-float("inf"))
    high = tl.load(bounds + s * 8 * BUMPS + 4 * BUMPS + place, mask=used, other=float("inf"))
    x = _inside(tl.load(guesses + s * 4 * BUMPS + place, mask=used, other=0.0), low, high, 1e-10)
    cost = _cost(x, row, freqs, n, BUMPS, POINTS)
    radius, alpha = cost * 0.0, cost * 0.0
    going, tries = n_bumps > 0, tl.full([], 0, tl.int32)
    while going & (tries < TRIES):
        g, a = _slopes(x, row, freqs, n, BUMPS, POINTS)
        v, d, a = _scaled(x, g, a, low, high)
        radius = tl.where(radius > 0, radius, _norm(x / d))
        radius = tl.where(radius > 0, radius, 1.0)
        steepest = tl.max(tl.abs(g * v))
        theta = tl.maximum(0.995, 1.0 - steepest)
        going = steepest >= TOLERANCE
        searching, size = going, _norm(x)
        while searching & (tries < TRIES):
            new_x, length, moved, promised, alpha = _step(
                x, d * g, a, d, low, high, radius, alpha, theta, n_bumps
            )  # fmt: skip
            new_x = _inside(new_x, low, high, 0)
            new_cost = _cost(new_x, row, freqs, n, BUMPS, POINTS)
            gained = cost - new_cost
            ratio = tl.where(promised > 0, gained / tl.where(promised > 0, promised, 1.0), 0.0)
            done = ((gained < TOLERANCE * cost) & (ratio > 0.25)) | (moved < TOLERANCE * (TOLERANCE + size))
            new_radius = tl.where(ratio < 0.25, 0.25 * length, radius)
            new_radius = tl.where((ratio > 0.75) & (length > 0.95 * radius), 2.0 * radius, new_radius)
            alpha = tl.where(done, alpha, alpha * (radius / new_radius))
            radius = tl.where(done, radius, new_radius)
            x, cost = tl.where(gained > 0, new_x, x), tl.where(gained > 0, new_cost, cost)
            going, searching = done == 0, (gained <= 0) & (done == 0)
            tries += 1
    tl.store(out + s * 4 * BUMPS + place, x)


def fit_gaussians(
    freqs: torch.Tensor, flat: torch.Tensor, guesses: torch.Tensor, bounds: torch.Tensor, n_bumps: torch.Tensor
) -> torch.Tensor:
    """Fit bumps to flattened spectra, each spectrum on its own.

    Parameters
    ----------
    freqs : tensor of float64, shape (n_freqs,)
        Frequencies.
    flat : tensor of float64, shape (n_spectra, n_freqs)
        What is to be fitted.
    guesses : tensor of float64, shape (n_spectra, n_slots, 4)
        Centre, height and standard deviation of each bump, then zero; the bumps come first, all else is zero.
        The slots are a power of two.
    bounds : tensor of float64, shape (n_spectra, 2, n_slots, 4)
        Lower and upper, not negative; infinite where there is none.
    n_bumps : tensor of int32, shape (n_spectra,)
        How many there are.

    Returns
    -------
    fitted : tensor of float64, shape (n_spectra, n_slots, 4)
        As the guesses.
    """
    fitted, slots = torch.empty_like(guesses), guesses.shape[1]
    sizes = {"BUMPS": slots, "POINTS": POINTS, "TOLERANCE": TOLERANCE, "TRIES": TRIES}
    warps = 1 if slots <= 8 else 4
    launch(_fit, (len(flat),), freqs, flat, guesses, bounds, n_bumps, fitted, flat.shape[1], **sizes, num_warps=warps)
    return fitted
