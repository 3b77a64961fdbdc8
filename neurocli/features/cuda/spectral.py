"""What is read from a spectrum: band powers, and its shape. A few hundred values a series, so torch does it."""

from __future__ import annotations

from functools import cache
from math import log2

import numpy as np
import torch
from scipy.integrate import simpson

from .._bands import inside
from ..define import twin
from ._jit import table

Edges = tuple[float, float]
SINGLE = {"float64": 1e-12, "float32": 2e-6}
EXACT = {"float64": 0.0, "float32": 1.2e-7}  # one of the frequencies; float32 rounds it


@cache
def _weights(n_freqs: int, first: float, step: float, bands: tuple[Edges, ...]) -> np.ndarray:
    """Return Simpson's weight of each frequency in each band; shape (n_bands, n_freqs)."""
    weights = np.zeros((len(bands), n_freqs))
    for row, band in zip(weights, bands, strict=True):
        bins = inside(first + step * np.arange(n_freqs), band, fewest=2)
        row[bins] = simpson(np.eye(bins.stop - bins.start), dx=step, axis=-1)
    return weights


def _integrals(psd: torch.Tensor, freqs: np.ndarray, bands: list[Edges]) -> torch.Tensor:
    """Return the integral over each band; shape (..., n_freqs) to (..., n_bands). One band a sum, in fixed order."""
    step = float(freqs[1] - freqs[0])
    weights = table(_weights(len(freqs), float(freqs[0]), step, tuple((low, high) for low, high in bands)), psd)
    return (psd.unsqueeze(-2) * weights).sum(dim=-1)


def _ratio(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a / torch.where(b != 0, b, torch.nan)


@twin("band_power", backend="cuda", tolerance=SINGLE)
def band_power(
    psd: torch.Tensor, freqs: np.ndarray, *, bands: dict[str, Edges], relative: bool = False, log: bool = False
) -> torch.Tensor:
    """Weigh the bins by Simpson's rule; all bands at once."""
    edges = list(bands.values())
    power = _integrals(psd, freqs, edges)
    if relative:
        whole = (min(low for low, _ in edges), max(high for _, high in edges))
        power = _ratio(power, _integrals(psd, freqs, [whole]))
    return torch.where(power > 0, torch.log10(power), torch.nan) if log else power


@twin("band_ratio", backend="cuda", tolerance=SINGLE)
def band_ratio(
    psd: torch.Tensor, freqs: np.ndarray, *, numerator: Edges = (4.0, 8.0), denominator: Edges = (13.0, 30.0)
) -> torch.Tensor:
    """Integrate both bands at once."""
    power = _integrals(psd, freqs, [numerator, denominator])
    return _ratio(power[..., 0], power[..., 1])


@twin("spectral_edge", backend="cuda", tolerance=EXACT)
def spectral_edge(
    psd: torch.Tensor, freqs: np.ndarray, *, edge: float = 0.95, band: Edges | None = None
) -> torch.Tensor:
    """Sum in float64, so that the bin is that of the reference."""
    bins = inside(freqs, band)
    below = psd[..., bins].double().cumsum(dim=-1)
    first = (below < edge * below[..., -1:]).sum(dim=-1)
    found = table(freqs[bins], psd, torch.float64)[first.clamp_(max=below.shape[-1] - 1)]
    return torch.where(below[..., -1] > 0, found, torch.nan)


@twin("spectral_entropy", backend="cuda", tolerance=SINGLE)
def spectral_entropy(psd: torch.Tensor, freqs: np.ndarray, *, band: Edges | None = None) -> torch.Tensor:
    """Let torch take x log x."""
    power = psd[..., inside(freqs, band, fewest=2)]
    share = _ratio(power, power.sum(dim=-1, keepdim=True))
    return torch.special.entr(share).sum(dim=-1) / (np.log(2) * log2(power.shape[-1]))


@twin("peak_frequency", backend="cuda", tolerance=EXACT)
def peak_frequency(psd: torch.Tensor, freqs: np.ndarray, *, band: Edges = (7.0, 14.0)) -> torch.Tensor:
    """Find the first of the largest."""
    bins = inside(freqs, band)
    most = psd[..., bins].max(dim=-1, keepdim=True).values
    below = (psd[..., bins] >= most).to(torch.int32).cumsum(dim=-1) == 0
    found = table(freqs[bins], psd, torch.float64)[below.sum(dim=-1)]
    return torch.where(most[..., 0] > 0, found, torch.nan)


@twin("spectral_moments", backend="cuda", tolerance={"float64": 1e-12, "float32": 1e-5})
def spectral_moments(psd: torch.Tensor, freqs: np.ndarray, *, band: Edges | None = None) -> torch.Tensor:
    """Sum in float64: the higher moments lose digits."""
    bins = inside(freqs, band, fewest=2)
    power, at = psd[..., bins].double(), table(freqs[bins], psd, torch.float64)
    share = _ratio(power, power.sum(dim=-1, keepdim=True))
    centroid = (share * at).sum(dim=-1)
    away = at - centroid[..., None]
    return torch.stack([centroid, *((share * away**power).sum(dim=-1) for power in (2, 3, 4))], dim=-1)


@twin("spectral_centroid", backend="cuda", tolerance=EXACT)
def spectral_centroid(spectral_moments: torch.Tensor) -> torch.Tensor:
    """Read it from the moments."""
    return spectral_moments[..., 0]


@twin("spectral_spread", backend="cuda", tolerance=EXACT)
def spectral_spread(spectral_moments: torch.Tensor) -> torch.Tensor:
    """Read it from the moments."""
    return spectral_moments[..., 1].sqrt()


@twin("spectral_skewness", backend="cuda", tolerance=EXACT)
def spectral_skewness(spectral_moments: torch.Tensor) -> torch.Tensor:
    """Read it from the moments."""
    return _ratio(spectral_moments[..., 2], spectral_moments[..., 1] ** 1.5)


@twin("spectral_kurtosis", backend="cuda", tolerance=EXACT)
def spectral_kurtosis(spectral_moments: torch.Tensor) -> torch.Tensor:
    """Read it from the moments."""
    return _ratio(spectral_moments[..., 3], spectral_moments[..., 1] ** 2) - 3.0
