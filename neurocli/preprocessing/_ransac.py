"""Which channels random quarters of the others fail to predict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..data.recording import Recording
from ._common import refuse
from ._mne import need_positions
from ._spline import directions, spline_weights

if TYPE_CHECKING:
    from .bad_channels import BadChannels

SHARE = 0.25  # of the channels in a random subset, as PREP


def ransac_share(
    data: Recording,
    settings: BadChannels,
    picks: list[int],
    x: np.ndarray,
    already: np.ndarray,
    rng: np.random.Generator | None,
) -> np.ndarray:
    """Return, for each channel, the share of windows in which it is not what the others predict.

    Parameters
    ----------
    x : array, shape (n_picks, n_times)
        Signal below the frequencies that count as noise.
    already : array of bool, shape (n_picks,)
        Channels that other criteria found bad; they predict nothing and are not judged again.
    """
    need_positions(data, picks, "RANSAC")
    length = round(settings.ransac_window * data.sfreq)
    if x.shape[-1] < length:
        raise refuse(data, "E-INPUT-SHORT", f"RANSAC needs at least one window of {settings.ransac_window:g} s.")
    good = np.flatnonzero(~already)
    share = np.zeros(len(picks))
    if len(good) * SHARE < 3:
        raise refuse(
            data, "E-INPUT-CHANNELS", f"{len(good)} good channels are too few for RANSAC.", "Set ransac: null."
        )
    assert data.positions is not None
    places = directions(np.asarray(data.positions)[picks][good])
    weights = _subset_weights(places, settings.ransac_samples, rng or np.random.default_rng(0))
    r = _prediction_correlation(x[good], weights, length)
    share[good] = (r < (settings.ransac or 0.0)).mean(axis=1)
    return share


def _subset_weights(places: np.ndarray, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return, for each random subset, the weights that predict all channels, shape (n_samples, n, n)."""
    n = len(places)
    size = int(np.ceil(SHARE * n))
    out = np.zeros((n_samples, n, n))
    for index in range(n_samples):
        subset = rng.choice(n, size, replace=False)
        out[index][:, subset] = spline_weights(places[subset], places)
    return out


def _prediction_correlation(x: np.ndarray, weights: np.ndarray, length: int) -> np.ndarray:
    """Return the correlation of each channel with its median prediction in each window, (n_channels, n_windows)."""
    n = x.shape[-1] // length
    out = np.empty((len(x), n))
    for index in range(n):
        window = x[:, index * length : (index + 1) * length]
        predicted = np.median(weights @ window, axis=0)
        norms = np.linalg.norm(window, axis=-1) * np.linalg.norm(predicted, axis=-1)
        out[:, index] = (window * predicted).sum(axis=-1) / np.maximum(norms, np.finfo(float).tiny)
    return out
