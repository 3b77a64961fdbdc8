"""The specparam model without a knee: the search, the fits and the law that is left, one program a spectrum each."""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log10, sqrt
from typing import Any

import numpy as np
import torch

from ..aperiodic import EDGE, OVERLAP, REACH, band_of, unit_of
from ..define import twin
from ._jit import jit, launch, power_of_two, table, tl
from ._trust_region import fit_gaussians

STD_PER_HALF = 1.0 / sqrt(2.0 * log(2.0))  # of a Gaussian's flank at half its height
SLOTS = 16  # for bumps, at most: their normal matrix is 64 x 64, which four warps can hold
EXACT = {"float64": 0.0, "float32": 0.0}


@jit
def _line(x: tl.tensor, y: tl.tensor, keep: tl.tensor) -> tl.tensor:
    """Return offset and exponent of y = offset - exponent x over some points, and how many they are: two are needed."""
    count = tl.sum(keep.to(tl.float64))
    some = tl.maximum(count, 1.0)
    mean_x, mean_y = tl.sum(tl.where(keep, x, 0.0)) / some, tl.sum(tl.where(keep, y, 0.0)) / some
    away = tl.where(keep, x - mean_x, 0.0)
    spread = tl.sum(away * away)
    exponent = -tl.sum(away * tl.where(keep, y - mean_y, 0.0)) / tl.where(spread > 0, spread, 1.0)
    return mean_y + exponent * mean_x, exponent, count


@jit
def _robust_line(x: tl.tensor, y: tl.tensor, inside: tl.tensor, rank: tl.tensor) -> tl.tensor:
    """Fit a line, then fit again to the points that are lowest above it."""
    offset, exponent, _ = _line(x, y, inside)
    above = tl.where(inside, tl.maximum(y - offset + exponent * x, 0.0), float("inf"))
    lowest = tl.min(above)
    second = tl.min(tl.where(above > lowest, above, float("inf")))
    second = tl.where((tl.sum((above == lowest).to(tl.int32)) > 1) | (second == float("inf")), lowest, second)
    return _line(x, y, inside & (above <= lowest + (second - lowest) * rank))


@jit
def _guessed_std(
    flat: tl.tensor, inside: tl.tensor, top: tl.tensor, half: tl.tensor, step: tl.tensor, narrow: tl.tensor,
    wide: tl.tensor,
) -> tl.tensor:  # fmt: skip
    """Return the width of the shorter flank; the first point does not count, and what is too wide becomes narrow."""
    i = tl.arange(0, flat.shape[0])
    none = flat.shape[0]
    reach = tl.min(tl.where(inside & (i > 0) & (flat <= half), tl.abs(i - top), none))
    std = tl.where(reach < none, reach.to(tl.float64) * step, narrow + wide)
    return tl.where((std < narrow) | (std > wide), narrow, std)


@jit
def _ranks(key: tl.tensor, used: tl.tensor) -> tl.tensor:
    """Return the place of each that is used among these, by an ascending key; of equal keys the first comes first."""
    i = tl.arange(0, key.shape[0])
    before = (key[:, None] < key[None, :]) | ((key[:, None] == key[None, :]) & (i[:, None] < i[None, :]))
    return tl.sum((before & used[:, None]).to(tl.int32), axis=0)


@jit
def _plausible(
    centre: tl.tensor, height: tl.tensor, std: tl.tensor, used: tl.tensor, first: tl.tensor, last: tl.tensor,
    EDGE: tl.constexpr, OVERLAP: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return which bumps are off the edges, and the higher of neighbours that overlap."""
    used = used & (tl.abs(centre - first) > EDGE * std) & (tl.abs(centre - last) > EDGE * std)
    rank, end, start = _ranks(centre, used), centre + OVERLAP * std, centre - OVERLAP * std
    both = used[:, None] & used[None, :] & (rank[None, :] == rank[:, None] + 1)  # the one in a row is below
    clash = both & (end[:, None] > start[None, :])
    upper = clash & (height[None, :] < height[:, None])
    lower = clash & (height[None, :] >= height[:, None])
    gone = tl.sum(upper.to(tl.int32), axis=0) + tl.sum(lower.to(tl.int32), axis=1)
    return used & (gone == 0)


@jit
def _search(
    level: tl.tensor, points: tl.tensor, limits: tl.tensor, flat: tl.tensor, guesses: tl.tensor, bumps: tl.tensor,
    n: tl.tensor, most: tl.tensor,
    EDGE: tl.constexpr, OVERLAP: tl.constexpr, SLOTS: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Flatten one spectrum and take off the highest bump until it is too low; -1 bumps if there is no line.

    level and flat (n_spectra, n), points (2, n) the frequencies and their logarithms, guesses (n_spectra, SLOTS, 4).
    """
    s, i, slot = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK), tl.arange(0, SLOTS)
    inside = i < n
    freqs, x = tl.load(points + i, mask=inside, other=0.0), tl.load(points + n + i, mask=inside, other=0.0)
    least, threshold, narrow, wide = tl.load(limits), tl.load(limits + 1), tl.load(limits + 2), tl.load(limits + 3)
    step, rank = tl.load(limits + 4), tl.load(limits + 5)
    y = tl.load(level + s * n + i, mask=inside, other=0.0)
    offset, exponent, n_lowest = _robust_line(x, y, inside, rank)
    left = tl.where(inside, y - offset + exponent * x, 0.0)
    tl.store(flat + s * n + i, left, mask=inside)
    centre, height, std = tl.zeros([SLOTS], tl.float64), tl.zeros([SLOTS], tl.float64), tl.zeros([SLOTS], tl.float64)
    found, going, count = tl.full([], 0, tl.int32), most > 0, tl.sum(inside.to(tl.float64))
    while going:
        candidates = tl.where(inside, left, -float("inf"))
        top, highest = tl.argmax(candidates, 0), tl.max(candidates)
        away = tl.where(inside, left - tl.sum(left) / count, 0.0)
        going = highest > tl.maximum(threshold * tl.sqrt(tl.sum(away * away) / count), least)
        if going:
            at = tl.sum(tl.where(i == top, freqs, 0.0))
            width = _guessed_std(left, inside, top, 0.5 * highest, step, narrow, wide)
            centre, height = tl.where(slot == found, at, centre), tl.where(slot == found, highest, height)
            std = tl.where(slot == found, width, std)
            left -= tl.where(inside, highest * tl.exp(-(freqs - at) * (freqs - at) / (2.0 * width * width)), 0.0)
            found += 1
            going = found < most
    first, last = tl.load(points), tl.load(points + n - 1)
    kept = _plausible(centre, height, std, slot < found, first, last, EDGE, OVERLAP)
    place = guesses + (s * SLOTS + _ranks(centre, kept)) * 4
    tl.store(place, centre, mask=kept)
    tl.store(place + 1, height, mask=kept)
    tl.store(place + 2, std, mask=kept)
    tl.store(bumps + s, tl.where(n_lowest > 1, tl.sum(kept.to(tl.int32)), -1))


@jit
def _left(
    level: tl.tensor, points: tl.tensor, fitted: tl.tensor, bumps: tl.tensor, law: tl.tensor, peaks: tl.tensor,
    n: tl.tensor, most: tl.tensor, SLOTS: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """Fit the law to what the bumps of one spectrum leave, and write these by frequency; peaks (n_spectra, most, 3)."""
    s, i, slot = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK), tl.arange(0, SLOTS)
    inside, n_bumps = i < n, tl.load(bumps + s)
    freqs, x = tl.load(points + i, mask=inside, other=0.0), tl.load(points + n + i, mask=inside, other=0.0)
    y = tl.load(level + s * n + i, mask=inside, other=0.0)
    for k in range(0, n_bumps):
        bump = fitted + (s * SLOTS + k) * 4
        centre, height, std = tl.load(bump), tl.load(bump + 1), tl.load(bump + 2)
        y -= tl.where(inside, height * tl.exp(-(freqs - centre) * (freqs - centre) / (2.0 * std * std)), 0.0)
    offset, exponent, _ = _line(x, y, inside)
    fits = n_bumps >= 0
    tl.store(law + s * 3, tl.where(fits, offset, float("nan")))
    tl.store(law + s * 3 + 1, tl.where(fits, 0.0, float("nan")).to(tl.float64))
    tl.store(law + s * 3 + 2, tl.where(fits, exponent, float("nan")))
    used, bump = slot < n_bumps, fitted + (s * SLOTS + slot) * 4
    centre = tl.load(bump, mask=used, other=0.0)
    place = peaks + (s * most + _ranks(centre, used)) * 3
    tl.store(place, centre, mask=used)
    tl.store(place + 1, tl.load(bump + 1, mask=used, other=0.0), mask=used)
    tl.store(place + 2, 2.0 * tl.load(bump + 2, mask=used, other=0.0), mask=used)


def _bounds(guesses: torch.Tensor, first: float, last: float, narrow: float, wide: float) -> torch.Tensor:
    """Return what each unknown of (n_spectra, slots, 4) may become; shape (n_spectra, 2, slots, 4)."""
    centre, reach = guesses[..., 0], 2 * REACH * guesses[..., 2]
    bounds = torch.full((2, *guesses.shape), torch.inf, dtype=guesses.dtype, device=guesses.device)
    bounds[0, ..., 0], bounds[1, ..., 0] = (centre - reach).clamp_(min=first), (centre + reach).clamp_(max=last)
    bounds[0, ..., 1], bounds[0, ..., 2], bounds[0, ..., 3], bounds[1, ..., 2] = 0.0, narrow, -torch.inf, wide
    return bounds.transpose(0, 1).contiguous()


def _fits(level: torch.Tensor, freqs: np.ndarray, limits: list[float], most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return law (n_spectra, 3) and bumps (n_spectra, most, 3) of finite levels, in units of the frequencies."""
    (n_spectra, n), slots = level.shape, power_of_two(max(most, 4))
    points = table([freqs, np.log10(freqs)], level)
    guesses = torch.zeros((n_spectra, slots, 4), dtype=level.dtype, device=level.device)
    bumps = torch.empty(n_spectra, dtype=torch.int32, device=level.device)
    flat, law = torch.empty_like(level), torch.empty((n_spectra, 3), dtype=level.dtype, device=level.device)
    peaks = torch.full((n_spectra, most, 3), torch.nan, dtype=level.dtype, device=level.device)
    sizes: dict[str, Any] = {"SLOTS": slots, "BLOCK": power_of_two(n), "num_warps": 1 if n <= 256 else 4}
    search = {"EDGE": EDGE, "OVERLAP": OVERLAP, **sizes}
    launch(_search, (n_spectra,), level, points, table(limits, level), flat, guesses, bumps, n, most, **search)
    bounds = _bounds(guesses, float(freqs[0]), float(freqs[-1]), limits[2], limits[3])
    fitted = fit_gaussians(points[0], flat, guesses, bounds, bumps)
    launch(_left, (n_spectra,), level, points, fitted, bumps, law, peaks, n, most, **sizes)
    return law, peaks


def _holds(given: Mapping[str, Any]) -> bool:
    return given["mode"] == "fixed" and int(given["max_n_peaks"]) <= SLOTS


# The fits stop within 1e-5 of their optimum, where rounding may decide on one step more or less
@twin("power_law", backend="cuda", tolerance={"float64": 1e-4, "float32": 1e-2}, when=_holds)
def power_law(
    psd: torch.Tensor,
    freqs: np.ndarray,
    *,
    freq_range: tuple[float, float] = (2.0, 40.0),
    mode: str = "fixed",  # noqa: ARG001 - the only one that this twin holds for
    peak_width: tuple[float, float] = (1.0, 8.0),
    max_n_peaks: int = 6,
    min_peak_height: float = 0.1,
    peak_threshold: float = 2.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fit in float64 whatever the spectrum is in."""
    bins, unit = np.flatnonzero(band_of(freqs, freq_range)), unit_of(peak_width)
    used, shape = freqs[bins].astype(np.float64) / unit, psd.shape[:-1]
    if len(used) < 4:
        missing = torch.full((*shape, 3 + 3 * max_n_peaks), torch.nan, dtype=torch.float64, device=psd.device)
        return missing[..., :3], missing[..., 3:].reshape(*shape, max_n_peaks, 3)
    level = psd[..., bins[0] : bins[-1] + 1].reshape(-1, len(bins)).double().log10()
    fits = level.isfinite().all(dim=-1)[:, None]
    step, rank = float(used[1] - used[0]) * STD_PER_HALF, 0.00025 * (len(used) - 1)  # the 0.025th percentile
    limits = [min_peak_height, peak_threshold, peak_width[0] / unit / 2, peak_width[1] / unit / 2, step, rank]
    law, peaks = _fits(torch.where(fits, level, 0.0), used, limits, max_n_peaks)
    law, peaks = torch.where(fits, law, torch.nan), torch.where(fits[..., None], peaks, torch.nan)
    law[:, 0] += law[:, 2] * log10(unit)
    return law.reshape(*shape, 3), (peaks * table([unit, 1.0, unit], peaks)).reshape(*shape, max_n_peaks, 3)


@twin("aperiodic_exponent", backend="cuda", tolerance=EXACT)
def aperiodic_exponent(power_law: torch.Tensor) -> torch.Tensor:
    """Read it from the fit."""
    return power_law[..., 2]


@twin("aperiodic_offset", backend="cuda", tolerance={"float64": 1e-15, "float32": 1.2e-7})
def aperiodic_offset(power_law: torch.Tensor, *, at: float = 1.0) -> torch.Tensor:
    """Move it along the law."""
    return power_law[..., 0] - power_law[..., 2] * log10(at)


def _picking(name: str, which: int) -> None:
    """Register a feature that is one number of each bump."""

    def picked(spectral_peaks: torch.Tensor) -> torch.Tensor:
        return spectral_peaks[..., which]

    picked.__name__ = picked.__qualname__ = name
    twin(name, backend="cuda", tolerance=EXACT)(picked)


for _which, _name in enumerate(("bump_frequency", "bump_height", "bump_width")):
    _picking(_name, _which)
