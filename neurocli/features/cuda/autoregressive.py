"""Autoregressive coefficients: sums and Levinson's recursion in float64, sixteen series a program."""

from __future__ import annotations

import torch

from ..define import twin
from ._jit import block, jit, launch, power_of_two, series, tl

TURNED = 2**12  # elements that a program of Levinson's recursion has in registers at once


@jit
def _autocovariances(x: tl.tensor, means: tl.tensor, out: tl.tensor, n: tl.tensor, BLOCK: tl.constexpr) -> None:
    """Write the biased autocovariance of one series at one lag; out (n_series, n_lags)."""
    s, lag, i = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.arange(0, BLOCK)
    row, first = x + s * n, tl.load(x + s * n).to(tl.float64)
    away = tl.load(means + s) - first  # of a constant exactly zero
    total = tl.zeros([BLOCK], tl.float64)
    for start in range(0, n - lag, BLOCK):
        t = start + i
        inside = t + lag < n
        here = tl.load(row + t, mask=inside, other=0.0).to(tl.float64) - first - away
        later = tl.load(row + t + lag, mask=inside, other=0.0).to(tl.float64) - first - away
        total += tl.where(inside, here * later, 0.0)
    tl.store(out + s * tl.num_programs(1) + lag, tl.sum(total) / (n + tl.zeros([], tl.int32)).to(tl.float64))


@jit
def _levinson(
    covariance: tl.tensor, phi: tl.tensor, n: tl.tensor, ORDER: tl.constexpr, WIDTH: tl.constexpr, BLOCK: tl.constexpr
) -> None:
    """Solve the Yule-Walker equations of BLOCK series; covariance (n, ORDER + 1), phi (n, ORDER)."""
    s = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside, j = s < n, tl.arange(0, WIDTH)
    row = covariance + s.to(tl.int64) * (ORDER + 1)
    error = tl.load(row, mask=inside, other=0.0)
    usable = error > 0
    found = tl.zeros([BLOCK, WIDTH], tl.float64)
    for k in range(1, ORDER + 1):
        known = j < k - 1
        back = tl.load(row[:, None] + (k - 1 - j)[None, :], mask=inside[:, None] & known[None, :], other=0.0)
        missed = tl.load(row + k, mask=inside, other=0.0) - tl.sum(found * back, axis=1)
        reflection = missed / tl.where(error > 0, error, 1.0)
        turned = tl.sum(tl.where((j[None, :, None] + j[None, None, :]) == k - 2, found[:, :, None], 0.0), axis=1)
        found = tl.where(known[None, :], found - reflection[:, None] * turned, found)
        found = tl.where((j == k - 1)[None, :], reflection[:, None], found)
        error *= 1.0 - reflection * reflection
    found = tl.where(usable[:, None], found, float("nan"))
    tl.store(phi + s.to(tl.int64)[:, None] * ORDER + j[None, :], found, mask=inside[:, None] & (j < ORDER)[None, :])


def _yule_walker(x: torch.Tensor, means: torch.Tensor, order: int) -> torch.Tensor:
    n_series, n = x.shape
    covariance = torch.empty((n_series, order + 1), dtype=torch.float64, device=x.device)
    launch(_autocovariances, (n_series, order + 1), x, means, covariance, n, BLOCK=block(n), num_warps=4)
    phi = torch.empty((n_series, order), dtype=torch.float64, device=x.device)
    width = power_of_two(order)
    sizes = {"ORDER": order, "WIDTH": width, "BLOCK": block(n_series, min(16, max(1, TURNED // width**2)))}
    launch(_levinson, (-(-n_series // sizes["BLOCK"]),), covariance, phi, n_series, **sizes, num_warps=4)
    return phi


def _burg(x: torch.Tensor, order: int) -> torch.Tensor:
    """Minimise the errors of prediction lag after lag, in float64; x (n_series, n_times)."""
    y = (x - x[:, :1]).double()
    y = y - y.mean(dim=-1, keepdim=True)
    forward, backward, phi = y[:, 1:], y[:, :-1], y.new_zeros((len(y), 0))
    for _ in range(order):
        power = (forward * forward + backward * backward).sum(dim=-1, keepdim=True)
        k = 2.0 * (forward * backward).sum(dim=-1, keepdim=True) / power
        phi = torch.cat([phi - k * phi.flip(-1), k], dim=-1)
        forward, backward = (forward - k * backward)[:, 1:], (backward - k * forward)[:, :-1]
    return phi


@twin("ar", backend="cuda", tolerance={"float64": 1e-9, "float32": 2e-3})
def ar(x: torch.Tensor, fused_statistics: torch.Tensor, *, order: int = 8, method: str = "yule_walker") -> torch.Tensor:
    """Work in float64 whatever the signal is in."""
    flat = series(x)
    phi = _burg(flat, order) if method == "burg" else _yule_walker(flat, fused_statistics[0].reshape(-1), order)
    return phi.reshape(*x.shape[:-1], order)


@twin("ar_coefficients", backend="cuda", tolerance={"float64": 0.0, "float32": 1.2e-7})
def ar_coefficients(ar: torch.Tensor) -> torch.Tensor:
    """Return them as they are."""
    return ar


@twin("lpc_cepstrum", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-6})
def lpc_cepstrum(ar: torch.Tensor) -> torch.Tensor:
    """Follow the recursion, all series at once."""
    cepstrum = torch.empty_like(ar)
    for n in range(1, ar.shape[-1] + 1):
        k = torch.arange(1, n, dtype=ar.dtype, device=ar.device) / n
        earlier = (k * cepstrum[..., : n - 1] * ar[..., : n - 1].flip(-1)).sum(dim=-1)
        cepstrum[..., n - 1] = ar[..., n - 1] + earlier
    return cepstrum
