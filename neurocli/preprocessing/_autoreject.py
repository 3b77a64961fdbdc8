"""How `autoreject` is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..data.recording import Epochs
from ..data.samples import take
from ._common import doubles, finite, need, noted, refuse, typed_channels, with_rows
from ._epoch import some_left
from ._mne import need_positions
from ._spline import directions, spline_weights

if TYPE_CHECKING:
    from .autoreject import Autoreject

N_LIMITS = 40  # candidates for the limit of a channel


def judged(data: Epochs, settings: Autoreject, rng: np.random.Generator | None) -> Epochs:
    """Return the epochs that are left, with bad channels interpolated in each."""
    need(data, settings.name, "epochs")
    picks = _checked(data, settings)
    x = doubles(data.data, picks)
    order = (rng or np.random.default_rng(0)).permutation(len(x))
    folds = [np.sort(part) for part in np.array_split(order, settings.folds)]
    amplitude = np.ptp(x, axis=-1)
    limits = channel_limits(x, amplitude, folds)
    assert data.positions is not None
    with np.errstate(invalid="ignore"):  # of a flat channel 0 / 0: neither above its limit nor to interpolate from
        excess = amplitude / limits
    repair = Repair(x, excess, directions(np.asarray(data.positions)[picks]))
    consensus, most = _chosen(repair, settings, folds)
    repaired, good = repair.of(consensus, most)
    tally = {"n_windows": len(x), "dropped": {"above consensus": int((~good).sum())}}
    some_left(data, int(good.sum()), tally)
    index = np.flatnonzero(good)
    n_interpolated = (repair.replaced(most)[index]).sum(axis=0)
    note = {
        "n_epochs": len(index),
        **tally,
        "consensus": consensus,
        "interpolate": most,
        "limits": {data.ch_names[i]: float(limit) for i, limit in zip(picks, limits, strict=True)},
        "interpolated": {data.ch_names[picks[i]]: int(n_interpolated[i]) for i in np.flatnonzero(n_interpolated)},
    }
    out = with_rows(data.data, picks, repaired)[index]
    return noted(data, settings.name, note, data=out, samples=take(data.samples, index))


def _checked(data: Epochs, settings: Autoreject) -> list[int]:
    picks = typed_channels(data, settings.types, bads=False)
    if len(picks) < 4:
        raise refuse(data, "E-INPUT-CHANNELS", f"{len(picks)} good channels are too few to interpolate from.")
    finite(data, picks)
    need_positions(data, picks, "Interpolation within epochs")
    if len(data.data) < settings.folds:
        message = f"{len(data.data)} epochs are fewer than the {settings.folds} folds."
        raise refuse(data, "E-INPUT-EPOCHS", message, "Lower folds, or leave the recording out.")
    return picks


def channel_limits(x: np.ndarray, amplitude: np.ndarray, folds: list[np.ndarray]) -> np.ndarray:
    """Return the limit of each channel whose mean below it is nearest to the median of left-out epochs.

    Parameters
    ----------
    x : array, shape (n_epochs, n_channels, n_times)
    amplitude : array, shape (n_epochs, n_channels)
        Peak to peak.
    folds : list of array
        Indices of the epochs of each fold.
    """
    limits = np.empty(x.shape[1])
    for channel in range(x.shape[1]):
        candidates = np.unique(np.quantile(amplitude[:, channel], np.linspace(0.05, 1.0, N_LIMITS)))
        cost = np.zeros(len(candidates))
        for train, test in _splits(folds):
            cost += _distances(x[train, channel], amplitude[train, channel], x[test, channel], candidates)
        limits[channel] = candidates[cost.argmin()]
    return limits


def _splits(folds: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for index, test in enumerate(folds):
        yield np.concatenate([fold for other, fold in enumerate(folds) if other != index]), test


def _distances(x: np.ndarray, amplitude: np.ndarray, test: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return, for each limit, how far the mean of epochs below it is from the median of the left-out ones."""
    order = amplitude.argsort()
    means = x[order].cumsum(axis=0) / np.arange(1, len(x) + 1)[:, None]
    n_below = np.maximum(amplitude[order].searchsorted(candidates, side="right"), 1)
    distance: np.ndarray = np.sqrt(((means[n_below - 1] - np.median(test, axis=0)) ** 2).mean(axis=-1))
    return distance


@dataclass(frozen=True)
class Repair:
    """Epochs, their amplitudes relative to the limits, and where the channels are (unit vectors)."""

    x: np.ndarray
    excess: np.ndarray
    places: np.ndarray

    def replaced(self, most: int) -> np.ndarray:
        """Return which channels are interpolated in each epoch: the `most` that are farthest above their limit."""
        worst = np.argsort(-self.excess, axis=1)[:, :most]
        chosen = np.zeros(self.excess.shape, dtype=bool)
        np.put_along_axis(chosen, worst, True, axis=1)
        return chosen & (self.excess > 1)

    def interpolated(self, most: int) -> np.ndarray:
        """Return the epochs with those channels interpolated from the ones within their limit."""
        out, weights = self.x.copy(), {}
        for epoch, bad in enumerate(self.replaced(most)):
            good = self.excess[epoch] <= 1
            if bad.any() and good.sum() >= 4:
                key = (bad.tobytes(), good.tobytes())
                if key not in weights:
                    weights[key] = spline_weights(self.places[good], self.places[bad])
                out[epoch, bad] = weights[key] @ self.x[epoch, good]
        return out

    def of(self, consensus: float, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Return all epochs repaired, and which of them are kept."""
        return self.interpolated(most), (self.excess > 1).mean(axis=1) <= consensus


def _chosen(repair: Repair, settings: Autoreject, folds: list[np.ndarray]) -> tuple[float, int]:
    """Return the consensus and the number of interpolated channels with the least cross-validated distance."""
    best = (np.inf, settings.consensus[0], settings.interpolate[0])
    share = (repair.excess > 1).mean(axis=1)
    for most in settings.interpolate:
        x = repair.interpolated(most)
        for consensus in settings.consensus:
            cost = 0.0
            for train, test in _splits(folds):
                kept = train[share[train] <= consensus]
                mean = x[kept].mean(axis=0) if len(kept) else np.inf
                cost += float(np.sqrt(((mean - np.median(repair.x[test], axis=0)) ** 2).mean()))
            best = min(best, (cost, consensus, most))
    return best[1], best[2]
