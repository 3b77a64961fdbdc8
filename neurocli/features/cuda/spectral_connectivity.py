"""Connectivity over the segments of an epoch: cross-spectra are made in registers, added up and forgotten."""

from __future__ import annotations

import numpy as np
import torch

from ..define import twin
from ..spectral_connectivity import (
    IMAG,
    N_SUMS,
    PAIRS,
    POWER,
    REAL,
    SIGN,
    SIZE,
    SIZE_PAIRS,
    UNIT_IMAG,
    UNIT_REAL,
    bins_of,
    segment_length,
    weighted_tapers,
)
from ._jit import block, groups, jit, launch, table, tl
from .spectrum import windowed

Edges = dict[str, tuple[float, float]]
FEW = {"float64": 1e-12, "float32": 1.2e-7}  # sums are in float64 whatever the signal is in
# rows of the sums, as the kernel knows them
ROWS = {"ROW_REAL": REAL, "ROW_IMAG": IMAG, "ROW_SIZE": SIZE, "ROW_PAIRS": PAIRS, "ROW_SIZE_PAIRS": SIZE_PAIRS,
        "ROW_SIGN": SIGN, "ROW_UNIT_REAL": UNIT_REAL, "ROW_UNIT_IMAG": UNIT_IMAG, "ROW_POWER": POWER}  # fmt: skip


@jit
def _sums(
    z: tl.tensor,
    pairs: tl.tensor,
    out: tl.tensor,
    n_channels: tl.tensor,
    n_segments: tl.tensor,
    n_tapers: tl.tensor,
    n_bins: tl.tensor,
    n_pairs: tl.tensor,
    ROW_REAL: tl.constexpr,
    ROW_IMAG: tl.constexpr,
    ROW_SIZE: tl.constexpr,
    ROW_PAIRS: tl.constexpr,
    ROW_SIZE_PAIRS: tl.constexpr,
    ROW_SIGN: tl.constexpr,
    ROW_UNIT_REAL: tl.constexpr,
    ROW_UNIT_IMAG: tl.constexpr,
    ROW_POWER: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Write the nine means of one pair; z (n_epochs, n_channels, n_segments, n_tapers, n_bins, 2).

    pairs (2, n_pairs), out (n_epochs, 9, n_pairs, n_bins).
    """
    pair, epoch = tl.program_id(0) % n_pairs, (tl.program_id(0) // n_pairs).to(tl.int64)  # only this axis may be long
    f = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    step, inside = n_tapers * n_bins, f < n_bins
    one = z + 2 * ((epoch * n_channels + tl.load(pairs + pair)) * n_segments * step + f)
    other = z + 2 * ((epoch * n_channels + tl.load(pairs + n_pairs + pair)) * n_segments * step + f)
    nothing = tl.zeros([BLOCK], tl.float64)
    real, imag, size, both, size_both = nothing, nothing, nothing, nothing, nothing
    sign, unit_real, unit_imag, power_a, power_b = nothing, nothing, nothing, nothing, nothing
    for s in range(0, n_segments):
        even, odd = nothing, nothing
        for k in range(0, n_tapers):
            at = 2 * (s * step + k * n_bins)
            ua = tl.load(one + at, mask=inside, other=0.0).to(tl.float64)
            va = tl.load(one + at + 1, mask=inside, other=0.0).to(tl.float64)
            ub = tl.load(other + at, mask=inside, other=0.0).to(tl.float64)
            vb = tl.load(other + at + 1, mask=inside, other=0.0).to(tl.float64)
            even, odd = even + (ua * ub + va * vb), odd + (va * ub - ua * vb)
            power_a, power_b = power_a + (ua * ua + va * va), power_b + (ub * ub + vb * vb)
        whole, weight = tl.sqrt(even * even + odd * odd), tl.abs(odd)
        scale = tl.where(whole > 0, 1.0 / tl.where(whole > 0, whole, 1.0), 0.0)
        both, size_both = both + odd * imag, size_both + weight * size
        real, imag, size = real + even, imag + odd, size + weight
        sign += (odd > 0).to(tl.float64) - (odd < 0).to(tl.float64)
        unit_real, unit_imag = unit_real + even * scale, unit_imag + odd * scale
    n = (n_segments + tl.zeros([], tl.int32)).to(tl.float64)
    n_both = tl.maximum(n * (n - 1.0) / 2.0, 1.0)
    out, row = out + (epoch * 9 * n_pairs + pair) * n_bins + f, n_pairs * n_bins
    tl.store(out + ROW_REAL * row, real / n, mask=inside)
    tl.store(out + ROW_IMAG * row, imag / n, mask=inside)
    tl.store(out + ROW_SIZE * row, size / n, mask=inside)
    tl.store(out + ROW_PAIRS * row, both / n_both, mask=inside)
    tl.store(out + ROW_SIZE_PAIRS * row, size_both / n_both, mask=inside)
    tl.store(out + ROW_SIGN * row, sign / n, mask=inside)
    tl.store(out + ROW_UNIT_REAL * row, unit_real / n, mask=inside)
    tl.store(out + ROW_UNIT_IMAG * row, unit_imag / n, mask=inside)
    tl.store(out + ROW_POWER * row, tl.sqrt(power_a) * tl.sqrt(power_b) / n, mask=inside)


def _spectra(x: torch.Tensor, tapers: np.ndarray, bins: np.ndarray) -> torch.Tensor:
    """Return the transforms of segments (n_segments, length): (n_segments, n_tapers, n_bins, 2)."""
    windows, starts = table(tapers, x), table(np.zeros(len(tapers), np.int32), x, torch.int32)
    found = torch.empty((len(x), len(tapers), len(bins), 2), dtype=x.dtype, device=x.device)
    wanted = table(bins, x, torch.int64)
    for part in groups(len(x), windows.numel()):
        found[part] = torch.view_as_real(torch.fft.rfft(windowed(x[part], starts, windows)))[:, :, wanted]
    return found


@twin("cross_spectra", backend="cuda", tolerance={"float64": 1e-10, "float32": 1e-3})
def cross_spectra(
    x: torch.Tensor, sfreq: float, *, segment: float, bandwidth: float, bands: Edges
) -> tuple[torch.Tensor, list[np.ndarray]]:
    """Transform all segments, then sum pair by pair; the twin of `spectral_connectivity.cross_spectra`."""
    length = segment_length(sfreq, segment)
    bins, cross_bins = bins_of(length, sfreq, bands)
    tapers = weighted_tapers(length, sfreq, bandwidth)
    (n_epochs, n_channels, n_times), n_bins = x.shape, len(bins)
    n_segments = n_times // length
    z = _spectra(x[..., : n_segments * length].reshape(-1, length).contiguous(), tapers, bins)
    pairs = table(np.stack(np.triu_indices(n_channels, 1)), x, torch.int32)
    n_pairs, size = pairs.shape[1], block(n_bins, 128)
    sums = torch.empty((n_epochs, N_SUMS, n_pairs, n_bins), dtype=torch.float64, device=x.device)
    grid, sizes = (n_pairs * n_epochs, -(-n_bins // size)), (n_channels, n_segments, len(tapers), n_bins, n_pairs)
    launch(_sums, grid, z, pairs, sums, *sizes, **ROWS, BLOCK=size, num_warps=4, enable_fp_fusion=False)
    return sums, cross_bins


def _averaged(value: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """Return the mean over each band: (..., n_pairs, n_freqs) to (..., n_pairs, n_bands)."""
    return torch.stack([value[..., table(bins, value, torch.int64)].mean(dim=-1) for bins in cross_bins], dim=-1)


def _quotient(a: torch.Tensor, b: torch.Tensor, empty: float) -> torch.Tensor:
    return torch.where(b != 0, a / torch.where(b != 0, b, 1.0), empty)


@twin("spectral_coherence", backend="cuda", tolerance=FEW)
def spectral_coherence(cross_spectra: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """Size of the mean cross-spectrum, over the geometric mean of the powers."""
    size = torch.hypot(cross_spectra[..., REAL, :, :], cross_spectra[..., IMAG, :, :])
    return _averaged(_quotient(size, cross_spectra[..., POWER, :, :], torch.nan), cross_bins)


@twin("spectral_imaginary_coherence", backend="cuda", tolerance=FEW)
def spectral_imaginary_coherence(cross_spectra: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """Its imaginary part alone."""
    power = cross_spectra[..., POWER, :, :]
    return _averaged(_quotient(cross_spectra[..., IMAG, :, :], power, torch.nan), cross_bins)


@twin("spectral_plv", backend="cuda", tolerance=FEW)
def spectral_plv(cross_spectra: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """Length of the mean direction."""
    locked = torch.hypot(cross_spectra[..., UNIT_REAL, :, :], cross_spectra[..., UNIT_IMAG, :, :])
    return _averaged(torch.where(cross_spectra[..., POWER, :, :] > 0, locked, torch.nan), cross_bins)


@twin("spectral_pli", backend="cuda", tolerance=FEW)
def spectral_pli(cross_spectra: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """Size of the mean sign."""
    return _averaged(cross_spectra[..., SIGN, :, :].abs(), cross_bins)


@twin("spectral_wpli", backend="cuda", tolerance=FEW)
def spectral_wpli(cross_spectra: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """Mean lag over mean size of the lags."""
    imag = cross_spectra[..., IMAG, :, :].abs()
    return _averaged(_quotient(imag, cross_spectra[..., SIZE, :, :], 0.0), cross_bins)


@twin("spectral_wpli_debiased", backend="cuda", tolerance=FEW)
def spectral_wpli_debiased(cross_spectra: torch.Tensor, cross_bins: list[np.ndarray]) -> torch.Tensor:
    """The same over all pairs of segments."""
    both = cross_spectra[..., PAIRS, :, :]
    return _averaged(_quotient(both, cross_spectra[..., SIZE_PAIRS, :, :], 0.0), cross_bins)
