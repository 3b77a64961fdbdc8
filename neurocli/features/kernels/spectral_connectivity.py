"""Sums of cross-spectra in one pass: each pair's cross-spectrum is made in registers, added up and forgotten."""

from __future__ import annotations

import numpy as np
import torch
from numba import njit

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
from ._bits import kernel, wide
from ._lanes import WIDTH, fused, inverse_root, load, plus_sign, same, size, store

compiled = njit(nogil=True, cache=True, forceinline=True, fastmath={"reassoc", "nsz"}, error_model="numpy")
Edges = dict[str, tuple[float, float]]
SEGMENTS = 16  # added up at once; of 16 segments, 7 tapers and 16 frequencies a channel has 14 KiB
ROWS = 2  # channels that stay in the L1 cache while all others pass


@kernel
def _add_pair(a: np.ndarray, b: np.ndarray, n_tapers: int, sums: np.ndarray) -> None:
    """Add all segments of two channels to the sums (9 x 16) of sixteen frequencies, which stay in registers."""
    none = same(sums.dtype.type(0))
    real, imag, weight = load(sums, WIDTH * REAL), load(sums, WIDTH * IMAG), load(sums, WIDTH * SIZE)
    pairs, weight_pairs, sign = load(sums, WIDTH * PAIRS), load(sums, WIDTH * SIZE_PAIRS), load(sums, WIDTH * SIGN)
    unit_real, unit_imag = load(sums, WIDTH * UNIT_REAL), load(sums, WIDTH * UNIT_IMAG)
    for start in range(0, a.size, n_tapers * 2 * WIDTH):
        along, across, ahead, behind = none, none, none, none
        for i in range(start, start + n_tapers * 2 * WIDTH, 2 * WIDTH):
            ar, ai, br, bi = load(a, i), load(a, i + WIDTH), load(b, i), load(b, i + WIDTH)
            along, across = fused(ar, br, along), fused(ai, bi, across)
            ahead, behind = fused(ai, br, ahead), fused(ar, bi, behind)
        even, odd = along + across, ahead - behind  # of equal channels both are the same, so that they have no lag
        scale = inverse_root(even * even + odd * odd)
        real, unit_real, unit_imag = real + even, fused(even, scale, unit_real), fused(odd, scale, unit_imag)
        pairs, weight_pairs = fused(odd, imag, pairs), fused(size(odd), weight, weight_pairs)
        imag, weight, sign = imag + odd, weight + size(odd), plus_sign(sign, odd)
    store(sums, WIDTH * REAL, real)
    store(sums, WIDTH * IMAG, imag)
    store(sums, WIDTH * SIZE, weight)
    store(sums, WIDTH * PAIRS, pairs)
    store(sums, WIDTH * SIZE_PAIRS, weight_pairs)
    store(sums, WIDTH * SIGN, sign)
    store(sums, WIDTH * UNIT_REAL, unit_real)
    store(sums, WIDTH * UNIT_IMAG, unit_imag)


@kernel
def _add(parts: np.ndarray, n_tapers: int, sums: np.ndarray) -> None:
    """Add segments (n_channels, n_blocks, n_segments n_tapers 2 x 16) to the sums (n_pairs, n_blocks, 9 x 16)."""
    wide()
    n = parts.shape[0]
    for block in range(parts.shape[1]):
        for row in range(0, n, ROWS):
            for j in range(row + 1, n):
                for i in range(row, min(row + ROWS, j)):
                    pair = i * (2 * n - i - 1) // 2 + j - i - 1
                    _add_pair(parts[i, block], parts[j, block], n_tapers, sums[pair, block])


@kernel
def _add_power(parts: np.ndarray, power: np.ndarray) -> None:
    """Add the squares of the same segments to the power (n_channels, n_blocks x 16)."""
    wide()
    for i in range(parts.shape[0]):
        for block in range(parts.shape[1]):
            part, total = parts[i, block], load(power[i], block * WIDTH)
            for at in range(0, part.size, WIDTH):
                total = fused(load(part, at), load(part, at), total)
            store(power[i], block * WIDTH, total)


@twin("cross_spectra", backend="cpu", tolerance={"float64": 1e-10, "float32": 1e-3})
def cross_spectra(
    x: np.ndarray, sfreq: float, *, segment: float, bandwidth: float, bands: Edges
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Transform some segments at once; the twin of `spectral_connectivity.cross_spectra`."""
    length = segment_length(sfreq, segment)
    bins, cross_bins = bins_of(length, sfreq, bands)
    tapers = weighted_tapers(length, sfreq, bandwidth).astype(x.dtype)
    n_epochs, n_channels, n_times = x.shape
    sums = np.empty((n_epochs, N_SUMS, n_channels * (n_channels - 1) // 2, bins.size), x.dtype)
    for one, means in zip(x, sums, strict=True):
        _fill_means(one[:, : n_times // length * length].reshape(n_channels, -1, length), tapers, bins, means)
    return sums, cross_bins


def _fill_means(cuts: np.ndarray, tapers: np.ndarray, bins: np.ndarray, means: np.ndarray) -> None:
    """Fill the means over segments (9, n_pairs, n_freqs) of one epoch; cuts (n_channels, n_segments, length)."""
    (n_channels, n), n_blocks = cuts.shape[:2], -(-bins.size // WIDTH)
    power = np.zeros((n_channels, n_blocks * WIDTH), cuts.dtype)
    sums = np.zeros((means.shape[1], n_blocks, N_SUMS, WIDTH), cuts.dtype)
    for start in range(0, n, SEGMENTS):
        parts = _spectra(cuts[:, start : start + SEGMENTS], tapers, bins)
        _add(parts, len(tapers), sums.reshape(len(sums), n_blocks, -1))
        _add_power(parts, power)
    scale = np.full(N_SUMS, 1 / n)
    scale[[PAIRS, SIZE_PAIRS]] = 2 / (n * (n - 1))
    rows = np.moveaxis(sums, 2, 0).reshape(N_SUMS, len(sums), -1)[..., : bins.size]
    np.multiply(rows, scale.astype(sums.dtype)[:, None, None], out=means)
    size_, (a, b) = np.sqrt(power[:, : bins.size] / cuts.dtype.type(n)), np.triu_indices(n_channels, 1)
    np.multiply(size_[a], size_[b], out=means[POWER])


def _spectra(cuts: np.ndarray, tapers: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Return the transforms of segments, (n_channels, n_blocks, n_segments n_tapers 2 x 16), zero beyond the bins.

    One complex transform serves two tapered segments of a channel; those of one channel stay in the cache, and equal
    channels stay equal to the bit.
    """
    n_channels, n, length = cuts.shape
    shape = (n_channels, -(-bins.size // WIDTH), n * len(tapers), 2, WIDTH)
    parts = torch.from_numpy(tapers).new_zeros(shape).numpy()  # torch's memory starts where a register's worth does
    z = np.zeros((-(-n * len(tapers) // 2), length, 2), cuts.dtype)
    for cut, levels, part in zip(cuts, _levels(cuts), parts, strict=True):
        _taper(cut, levels, tapers, z)
        both = torch.fft.fft(torch.view_as_complex(torch.from_numpy(z)))
        _part(torch.view_as_real(both).flatten(1).numpy(), bins, part)
    return parts.reshape(*parts.shape[:2], -1)


def _levels(cuts: np.ndarray) -> np.ndarray:
    """Return the mean of each segment; of a constant, exactly that constant."""
    first = cuts[..., 0]
    return np.asarray(first + (cuts - first[..., None]).mean(axis=-1))


@compiled
def _taper(cuts, levels, tapers, z):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Fill z (n_pairs, length, 2) with the tapered segments (n_segments, length), two by two."""
    wide()
    for s in range(cuts.shape[0]):
        cut, level = cuts[s], levels[s]
        for k in range(tapers.shape[0]):
            i, taper = s * tapers.shape[0] + k, tapers[k]
            into = z[i // 2, :, i % 2]
            for t in range(taper.size):
                into[t] = taper[t] * (cut[t] - level)


@compiled
def _part(z, bins, part):  # type: ignore[no-untyped-def]  # pragma: no cover (compiled)
    """Write the transforms (n_blocks, n_segments n_tapers, 2, 16) out of those of pairs (n_pairs, 2 length)."""
    wide()
    half, n = part.dtype.type(0.5), z.shape[1]
    for block in range(part.shape[0]):
        within = bins[block * WIDTH : (block + 1) * WIDTH]
        for i in range(part.shape[1]):
            row, re, im, is_first = z[i // 2], part[block, i, 0], part[block, i, 1], i % 2 == 0
            for f in range(within.size):
                here, there = 2 * within[f], n - 2 * within[f] if within[f] else 0
                even, odd = row[here] + row[there], row[here + 1] - row[there + 1]
                across, along = row[here + 1] + row[there + 1], row[there] - row[here]
                re[f] = half * (even if is_first else across)
                im[f] = half * (odd if is_first else along)
