"""Microstates: the few maps over the scalp between which the field jumps, told apart within one epoch.

Without templates the maps are fitted to the epoch itself, or to the recording where it was not cut: no label and no
other recording has a part in it. They are in the order of what they explain, so that state 1 of one epoch need not be
state 1 of another; what is to be compared over epochs or subjects needs templates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ._microstates import assign, changes, cluster, counts, field_power, normalised, peaks, runs
from ._pairs import quotient
from .define import Given, feature, quantity

if TYPE_CHECKING:
    from pydantic import NonNegativeInt, PositiveInt

SOURCE = "Pascual-Marqui et al. (1995); pycrostates"


@quantity(also=("explained",))
def microstates(
    x: np.ndarray,
    *,
    n_states: PositiveInt = 4,
    templates: dict[str, list[float]] | None = None,
    n_starts: PositiveInt = 10,
    seed: NonNegativeInt = 0,
) -> tuple[np.ndarray, np.ndarray]:
    r"""State of each sample, and the share of the variance that each state explains.

    Each sample is about the mean of its channels. The maps at the peaks of the global field power are clustered by
    modified k-means (polarity does not count), and each sample gets the state whose map is most like its own,
    whatever the sign. Nothing is smoothed.

    .. math:: \mathrm{GEV}_k = \frac{\sum_{t: l_t = k} (\mathrm{GFP}_t\, r_t)^2}{\sum_t \mathrm{GFP}_t^2}

    where r is the correlation over channels with the map of the state.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    n_states : int
        How many maps to fit, to each epoch on its own.
    templates : dict of list of float, optional
        Name of each state and its map, a number a channel; then nothing is fitted.
    n_starts : int
        Random beginnings of k-means, of which the best counts.
    seed : int
        Of the random numbers, the same for each epoch.

    Returns
    -------
    microstates : array of int, shape (..., n_times)
        From 0 on, in the order of the templates or of what they explain; -1 where all channels are equal, and
        throughout where an epoch has fewer peaks than states.
    explained : array, shape (..., n_states)
        From 0 to 1; NaN where no sample has a state.

    Raises
    ------
    InputError
        For one channel (``E-FEATURES-CHANNELS``), or a template that is flat or has not one number a channel
        (``E-FEATURES-TEMPLATES``).

    References
    ----------
    .. [1] Pascual-Marqui, R. D., Michel, C. M. and Lehmann, D. (1995). Segmentation of brain electrical activity into
       microstates. IEEE Trans. Biomed. Eng. 42(7), 658-665.
    """
    n_channels, n_times = x.shape[-2:]
    if n_channels < 2:
        raise InputError(
            "Microstates are maps over channels, and there is one.",
            code="E-FEATURES-CHANNELS",
            remedy="Pick two channels or more, or leave microstates out.",
        )
    known = _maps(templates, n_channels) if templates else None
    flat = x.reshape(-1, n_channels, n_times)
    found = [_epoch(epoch, known, n_states, n_starts, seed) for epoch in flat]
    labels, explained = (np.stack(part) for part in zip(*found, strict=True))
    return labels.reshape(*x.shape[:-2], -1), explained.reshape(*x.shape[:-2], -1)


def _maps(templates: dict[str, list[float]], n_channels: int) -> np.ndarray:
    for name, given in templates.items():
        template = np.asarray(given, dtype=np.float64)
        if template.shape != (n_channels,) or not np.isfinite(template).all() or np.ptp(template) == 0:
            raise InputError(
                f"The template {name} has {template.size} numbers for {n_channels} channels; it needs one a channel,"
                " finite and not all equal.",
                code="E-FEATURES-TEMPLATES",
                remedy="Give the map of each state in the order of the channels that `pick` keeps.",
            )
    return normalised(np.array(list(templates.values()), dtype=np.float64))


def _epoch(
    x: np.ndarray, known: np.ndarray | None, n_states: int, n_starts: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (n_times,) and explained shares (n_states,) of one epoch."""
    x = x - x[:1]  # equal channels become exactly zero
    x = x - x.mean(axis=0)
    power = field_power(x)
    if known is None:
        at = peaks(power)
        if at.size < n_states:
            return np.full(power.size, -1), np.full(n_states, np.nan)
        known = cluster(x[:, at].T, n_states, n_starts, seed)
        known = known[np.argsort(-_explained(x, power, known), kind="stable")]
    return assign(x, known)[0], _explained(x, power, known)


def _explained(x: np.ndarray, power: np.ndarray, states: np.ndarray) -> np.ndarray:
    labels, size = assign(x, states)
    sums = np.bincount(np.maximum(labels, 0), size, minlength=len(states))
    return quotient(sums, np.broadcast_to((power**2).sum(), sums.shape), np.nan)


def _names(given: Given) -> list[str]:
    about = given["microstates"]
    return list(about["templates"] or (str(k + 1) for k in range(about["n_states"])))


def _pairs(given: Given) -> list[str]:
    names = _names(given)
    return [f"{a}-{b}" for a in names for b in names if a != b]


def _by_epoch(labels: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return a measure (n,) of the labels of each epoch; NaN where none has a state."""
    values = [np.where((row >= 0).any(), measure(row), np.nan) for row in labels.reshape(-1, labels.shape[-1])]
    return np.stack(values).reshape(*labels.shape[:-1], -1)


@feature(unit="s", per="epoch", parts=_names, min_times=3, source=SOURCE)
def microstate_duration(microstates: np.ndarray, explained: np.ndarray, sfreq: float) -> np.ndarray:
    """Mean time for which a microstate lasts.

    Parameters
    ----------
    microstates : array of int, shape (..., n_times)
        State of each sample; ``{microstates: {n_states: 4, seed: 0}}`` or templates say which states.
    explained : array, shape (..., n_states)
        Of which the number of states alone counts.
    sfreq : float
        Hz.

    Returns
    -------
    duration : array, shape (..., n_states)
        s; what the ends of the epoch cut counts as it is. NaN for a state that does not occur.

    References
    ----------
    .. [1] Lehmann, D., Ozaki, H. and Pal, I. (1987). EEG alpha map series: brain micro-states by space-oriented
       adaptive segmentation. Electroencephalogr. Clin. Neurophysiol. 67(3), 271-288.
    """
    n = explained.shape[-1]
    return _by_epoch(microstates, lambda row: _mean_run(row, n) / sfreq)


def _mean_run(labels: np.ndarray, n: int) -> np.ndarray:
    return quotient(counts(labels, n).astype(float), counts(runs(labels), n), np.nan)


@feature(unit="1/s", per="epoch", parts=_names, min_times=3, source=SOURCE)
def microstate_occurrence(microstates: np.ndarray, explained: np.ndarray, sfreq: float) -> np.ndarray:
    """How often a second a microstate begins.

    Parameters
    ----------
    microstates : array of int, shape (..., n_times)
        State of each sample; ``{microstates: {n_states: 4, seed: 0}}`` or templates say which states.
    explained : array, shape (..., n_states)
        Of which the number of states alone counts.
    sfreq : float
        Hz.

    Returns
    -------
    occurrence : array, shape (..., n_states)
        1/s, the first of the epoch included; of the time in which there is a state. NaN where there is none at all.

    References
    ----------
    .. [1] Lehmann, D., Ozaki, H. and Pal, I. (1987). EEG alpha map series: brain micro-states by space-oriented
       adaptive segmentation. Electroencephalogr. Clin. Neurophysiol. 67(3), 271-288.
    """
    n = explained.shape[-1]
    return _by_epoch(microstates, lambda row: counts(runs(row), n) * sfreq / max(1, int((row >= 0).sum())))


@feature(unit="1", per="epoch", parts=_names, min_times=3, source=SOURCE)
def microstate_coverage(microstates: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Share of the time that a microstate takes.

    Parameters
    ----------
    microstates : array of int, shape (..., n_times)
        State of each sample; ``{microstates: {n_states: 4, seed: 0}}`` or templates say which states.
    explained : array, shape (..., n_states)
        Of which the number of states alone counts.

    Returns
    -------
    coverage : array, shape (..., n_states)
        From 0 to 1, of the time in which there is a state: they add up to 1. NaN where there is none at all.

    References
    ----------
    .. [1] Lehmann, D., Ozaki, H. and Pal, I. (1987). EEG alpha map series: brain micro-states by space-oriented
       adaptive segmentation. Electroencephalogr. Clin. Neurophysiol. 67(3), 271-288.
    """
    n = explained.shape[-1]
    return _by_epoch(microstates, lambda row: counts(row, n) / max(1, int((row >= 0).sum())))


@feature(unit="1", per="epoch", parts=_names, min_times=3, source=SOURCE)
def microstate_gev(explained: np.ndarray) -> np.ndarray:
    """Global explained variance: share of the field power that the map of a microstate explains.

    Parameters
    ----------
    explained : array, shape (..., n_states)
        That share; see the quantity `microstates`.

    Returns
    -------
    gev : array, shape (..., n_states)
        From 0 to 1, their sum at most 1; 0 for a state that does not occur, NaN where there is none at all.

    References
    ----------
    .. [1] Murray, M. M., Brunet, D. and Michel, C. M. (2008). Topographic ERP analyses: a step-by-step tutorial
       review. Brain Topogr. 20(4), 249-264.
    """
    return explained


@feature(unit="1", per="epoch", parts=_pairs, min_times=3, source=SOURCE)
def microstate_transitions(microstates: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Probability that a microstate is followed by another one, given that it ends.

    Parameters
    ----------
    microstates : array of int, shape (..., n_times)
        State of each sample; ``{microstates: {n_states: 4, seed: 0}}`` or templates say which states.
    explained : array, shape (..., n_states)
        Of which the number of states alone counts.

    Returns
    -------
    probability : array, shape (..., n_states * (n_states - 1))
        The part ``a-b`` from a to b; those from one state add up to 1. NaN for a state that is never left.

    References
    ----------
    .. [1] Lehmann, D. et al. (2005). EEG microstate duration and syntax in acute, medication-naive, first-episode
       schizophrenia. Psychiatry Res. Neuroimaging 138(2), 141-156.
    """
    n = explained.shape[-1]
    away = ~np.eye(n, dtype=bool)
    return _by_epoch(microstates, lambda row: _shares(changes(row, n))[away])


def _shares(found: np.ndarray) -> np.ndarray:
    totals = np.broadcast_to(found.sum(axis=1, keepdims=True), found.shape)
    return quotient(found.astype(float), totals, np.nan)
