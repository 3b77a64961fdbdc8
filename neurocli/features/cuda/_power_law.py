"""The exponent of a discrete power law by maximum likelihood: the steps of `features/_power_law.py` in registers."""

from __future__ import annotations

from math import log

import torch

from .._power_law import N_STEPS, N_SUMMED
from ._jit import block, jit, launch, power_of_two, table, tl


@jit
def _mean_log(values: tl.tensor, smallest: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> tl.tensor:
    """Return how many values are not below the smallest, and the mean of ln(v / smallest) of them."""
    total, many = tl.zeros([BLOCK], tl.float64), tl.zeros([BLOCK], tl.int32)
    for start in range(0, n, BLOCK):
        t = start + tl.arange(0, BLOCK)
        value = tl.load(values + t, mask=t < n, other=0)
        counted = (value >= smallest) & (t < n)
        ratio = tl.where(counted, value, smallest).to(tl.float64) / (smallest + tl.zeros([], tl.int32)).to(tl.float64)
        total += tl.log(ratio)
        many += counted.to(tl.int32)
    count = tl.sum(many)
    return count, tl.sum(total) / tl.maximum(count, 1).to(tl.float64)


@jit
def _moments(a: tl.tensor, logs: tl.tensor, summed: tl.tensor, bounds: tl.tensor) -> tl.tensor:
    """Return the mean and the variance of ln(v / smallest) under a power law; Euler and Maclaurin have the rest."""
    smallest, last, behind = tl.load(bounds), tl.load(bounds + 1), tl.load(bounds + 2)
    weights = tl.where(summed, tl.exp(-a * logs), 0.0)
    c, term = a - 1.0, tl.exp(-a * last)
    scale = smallest * tl.exp(-c * last)
    rest_0 = scale / c + term * (0.5 + a / (12.0 * behind))
    rest_1 = scale * (last / c + 1.0 / (c * c)) + term * (last / 2.0 - (1.0 - a * last) / (12.0 * behind))
    integral = last * last / c + 2.0 * last / (c * c) + 2.0 / (c * c * c)
    rest_2 = scale * integral + term * (last * last / 2.0 - (2.0 * last - a * last * last) / (12.0 * behind))
    whole = tl.sum(weights) + rest_0
    mean = (tl.sum(weights * logs) + rest_1) / whole
    return mean, (tl.sum(weights * logs * logs) + rest_2) / whole - mean * mean


@jit
def _solve(
    values: tl.tensor, steps: tl.tensor, bounds: tl.tensor, out: tl.tensor, smallest: tl.tensor, n: tl.tensor,
    n_steps: tl.tensor, SUMMED: tl.constexpr, TERMS: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Write the exponent of one epoch; values (n_epochs, n), steps (SUMMED,) the logarithms of the first terms."""
    e, i = tl.program_id(0).to(tl.int64), tl.arange(0, TERMS)
    count, mean_log = _mean_log(values + e * n, smallest, n, BLOCK)
    known = (count > 1) & (mean_log > 0)
    target, logs = tl.where(known, mean_log, 1.0), tl.load(steps + i, mask=i < SUMMED, other=0.0)
    excess = 1.0 / (target + tl.load(bounds + 3))  # the continuous approximation
    going, left = known, n_steps + tl.zeros([], tl.int32)
    while going & (left > 0):
        mean, variance = _moments(excess + 1.0, logs, i < SUMMED, bounds)
        step = tl.log(mean / target) * mean / (variance * excess)
        excess *= tl.exp(tl.minimum(tl.maximum(step, -2.0), 2.0))
        going = tl.abs(step) > 1e-13
        left -= 1
    tl.store(out + e, tl.where(known, excess + 1.0, float("nan")))


def exponents(values: torch.Tensor, smallest: int) -> torch.Tensor:
    """Return the most likely exponent of each row.

    Parameters
    ----------
    values : tensor of int32, shape (..., n)
        Those below `smallest` do not count.
    smallest : int
        At least 1.

    Returns
    -------
    exponent : tensor of float64, shape (...,)
        As of `features._power_law.exponent`.
    """
    flat, n = values.reshape(-1, values.shape[-1]).contiguous(), values.shape[-1]
    steps = [log((smallest + k) / smallest) for k in range(N_SUMMED)]
    behind = smallest + N_SUMMED
    bounds = [smallest, log(behind / smallest), behind, log(smallest / (smallest - 0.5))]
    out = torch.empty(len(flat), dtype=torch.float64, device=values.device)
    tables = (table(steps, out), table([float(bound) for bound in bounds], out))
    sizes = {"SUMMED": N_SUMMED, "TERMS": power_of_two(N_SUMMED), "BLOCK": block(n), "num_warps": 4}
    launch(_solve, (len(flat),), flat, *tables, out, smallest, n, N_STEPS, **sizes)
    return out.reshape(values.shape[:-1])
