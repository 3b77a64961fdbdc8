"""Covariances by batched matrix products; delayed ones by as many products as there are delays, not their square.

As the twin for the processor: two blocks whose delays differ by as much are sums of the same products, but for a few
samples at either end.
"""

from __future__ import annotations

import torch

from ..define import twin
from ._jit import table

CLOSE = {"float64": 1e-12, "float32": 1e-5}  # sums of a thousand products in the dtype of the run


def _centred(x: torch.Tensor) -> torch.Tensor:
    """Return the series less their means, which are summed in float64; a constant becomes exactly zero."""
    level = x[..., :1].double() + (x - x[..., :1]).mean(dim=-1, keepdim=True, dtype=torch.float64)
    return x - level.to(x.dtype)


def _product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.matmul(a, b.transpose(-1, -2))


def _symmetric(cov: torch.Tensor) -> torch.Tensor:
    return (cov + cov.transpose(-1, -2)) / 2


def _estimated(cov: torch.Tensor, fourth: torch.Tensor, n_times: int, estimator: str) -> torch.Tensor:
    """Return the covariance shrunk as asked; `fourth` (n_epochs,) is the summed fourth power of the samples' norms."""
    if estimator == "scm":
        return cov
    n = cov.shape[-1]
    trace, squared = cov.diagonal(dim1=-2, dim2=-1).sum(dim=-1), (cov * cov).sum(dim=(-2, -1))
    weight = _oas(trace, squared, n, n_times) if estimator == "oas" else _lwf(trace, squared, fourth, n, n_times)
    weight, mean = weight[:, None, None], (trace / n)[:, None, None]
    return (1.0 - weight) * cov + weight * mean * table(torch.eye(n).numpy(), cov)


def _lwf(trace: torch.Tensor, squared: torch.Tensor, fourth: torch.Tensor, n: int, n_times: int) -> torch.Tensor:
    distance = (squared - trace**2 / n) / n
    noise = torch.minimum((fourth / n_times - squared) / (n * n_times), distance)
    usable = (noise > 0) & (distance > 0)  # one channel, or nothing to shrink
    return torch.where(usable, noise / torch.where(usable, distance, 1.0), 0.0)


def _oas(trace: torch.Tensor, squared: torch.Tensor, n: int, n_times: int) -> torch.Tensor:
    alpha, mean_squared = squared / n**2, (trace / n) ** 2
    below = (n_times + 1.0) * (alpha - mean_squared / n)
    weight = torch.where(below > 0, (alpha + mean_squared) / torch.where(below > 0, below, 1.0), 1.0)
    return weight.clamp(max=1.0)


@twin("covariance", backend="cuda", tolerance=CLOSE)
def covariance(x: torch.Tensor, *, estimator: str = "lwf") -> torch.Tensor:
    """Covariance between channels; the twin of `covariance.covariance`."""
    y, n_times = _centred(x), x.shape[-1]
    fourth = (y * y).sum(dim=1).square().sum(dim=-1) if estimator == "lwf" else y[:, 0, 0]
    return _estimated(_symmetric(_product(y, y) / n_times), fourth, n_times, estimator)


@twin("augmented_covariance", backend="cuda", tolerance=CLOSE)
def augmented_covariance(x: torch.Tensor, *, order: int = 4, lag: int = 8, estimator: str = "lwf") -> torch.Tensor:
    """Covariance between channels and delayed copies; the twin of `covariance.augmented_covariance`."""
    if order == 1:
        return covariance(x, estimator=estimator)
    y, n_kept = _centred(x), x.shape[-1] - order * lag
    blocks = {(0, j): _product(y[..., :n_kept], y[..., j * lag : j * lag + n_kept]) for j in range(order)}
    for i in range(1, order):
        for j in range(i, order):
            blocks[i, j] = blocks[i - 1, j - 1] + _ends(y, i, j, lag, n_kept)
    for i in range(order):
        blocks[i, i] = _symmetric(blocks[i, i])
    rows = [torch.cat([_block(blocks, i, j) for j in range(order)], dim=-1) for i in range(order)]
    means = torch.cat([y[..., i * lag : i * lag + n_kept].mean(dim=-1) for i in range(order)], dim=-1)
    cov = torch.cat(rows, dim=-2) / n_kept - means[:, :, None] * means[:, None, :]
    fourth = _fourth(y, means, order, lag, n_kept) if estimator == "lwf" else means[:, 0]
    return _estimated(cov, fourth, n_kept, estimator)


def _block(blocks: dict[tuple[int, int], torch.Tensor], i: int, j: int) -> torch.Tensor:
    return blocks[i, j] if i <= j else blocks[j, i].transpose(-1, -2)


def _ends(y: torch.Tensor, i: int, j: int, lag: int, n_kept: int) -> torch.Tensor:
    """Return what block (i, j) has at its end and block (i - 1, j - 1) has not, less what that has at its start."""
    head, tail = (i - 1) * lag, (i - 1) * lag + n_kept
    left = torch.cat([-y[..., head : head + lag], y[..., tail : tail + lag]], dim=-1)
    head, tail = head + (j - i) * lag, tail + (j - i) * lag
    return _product(left, torch.cat([y[..., head : head + lag], y[..., tail : tail + lag]], dim=-1))


def _fourth(y: torch.Tensor, means: torch.Tensor, order: int, lag: int, n_kept: int) -> torch.Tensor:
    """Return the summed fourth power of the norm of each stacked sample, the means of the copies removed."""
    squares, n = (y * y).sum(dim=1), y.shape[1]
    norms = (means * means).sum(dim=-1, keepdim=True).expand(-1, n_kept)
    for i in range(order):
        span, mean = slice(i * lag, i * lag + n_kept), means[:, None, i * n : (i + 1) * n]
        norms = norms + squares[:, span] - 2 * torch.matmul(mean, y[..., span])[:, 0]
    return norms.square().sum(dim=-1)
