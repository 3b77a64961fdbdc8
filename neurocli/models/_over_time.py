"""Decoding at each moment of an epoch, and of each moment by what was learned at another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.samples import Samples, take
from ..errors import InputError
from ._chain import Chain, spread

Side = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class OverTime:
    """Scores of held-out samples at each moment.

    Parameters
    ----------
    scores : array, shape (n_fitted_times, n_times, n_held, n_classes)
        A value a class; the first axis has length 1 where each moment was decoded by its own fit alone.
    y_true : array, shape (n_held,)
        Class index.
    rows : array of int, shape (n_held,)
        Which samples were held out, fold by fold.
    """

    scores: np.ndarray
    y_true: np.ndarray
    rows: np.ndarray

    def accuracy(self, groups: Sequence[str]) -> np.ndarray:
        """Return the share of right decisions of each group, shape (n_groups, n_fitted_times, n_times).

        Parameters
        ----------
        groups : sequence of str
            Group of each sample of the cohort; groups in the order of their names.
        """
        own = np.asarray(groups)[self.rows]
        right = self.scores.argmax(axis=-1) == self.y_true
        return np.stack([right[..., own == group].mean(axis=-1) for group in np.unique(own)])


def decode_over_time(
    chain: Chain, X: np.ndarray, y: np.ndarray, folds: Sequence[Side], samples: Samples, *, generalise: bool = False
) -> OverTime:
    """Fit a chain at each moment of each fold and score the held-out samples.

    Parameters
    ----------
    chain : Chain
        Unfitted; its members take columns, which are the channels at one moment.
    X : array, shape (n_samples, n_channels, n_times)
        Epochs.
    y : array of int, shape (n_samples,)
        Class index.
    folds : sequence of (train, test)
        Rows of each side, as `Fold.masks` gives them.
    samples : dict of lists
        The sample table.
    generalise : bool
        Score every moment by the fit of every other one, too (King & Dehaene 2014).

    References
    ----------
    .. [1] King, J.-R., Dehaene, S. (2014). Characterizing the dynamics of mental representations: the temporal
       generalization method. Trends Cogn. Sci. 18(4), 203-210.
    """
    n_classes = int(y.max()) + 1
    parts = [_one_fold(chain, X, y, fold, samples, n_classes, generalise) for fold in folds]
    rows = np.concatenate([test for _, test in folds])
    return OverTime(np.concatenate(parts, axis=2), y[rows], rows)


def _one_fold(
    chain: Chain, X: np.ndarray, y: np.ndarray, fold: Side, samples: Samples, n_classes: int, generalise: bool
) -> np.ndarray:
    train, test = fold
    moments = list(range(X.shape[-1]))
    tables = [take(samples, rows) for rows in fold]
    return fold_over_time(chain, [X[train], X[test]], y[train], tables, moments, n_classes, generalise=generalise)


def fold_over_time(
    chain: Chain, X: Sequence[np.ndarray], y: np.ndarray, samples: Sequence[Samples],
    parts: Sequence[Any], n_classes: int, *, generalise: bool = False,
    weight: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Fit a chain on each part of the epochs of one fold and score the held-out epochs.

    Parameters
    ----------
    chain : Chain
        Unfitted.
    X : two arrays, shape (n_train, n_channels, n_times) and (n_test, n_channels, n_times)
        Epochs of the two sides.
    y : array of int, shape (n_train,)
        Class index.
    samples : two dicts of lists
        Their tables.
    parts : sequence of int, or of slice
        A moment gives the chain columns, shape (n, n_channels); a span gives it epochs.
    n_classes : int
        Of the cohort.
    generalise : bool
        Score every part by the fit of every other one, too.
    weight : array, shape (n_train,), optional
        Of the training samples.

    Returns
    -------
    scores : array, shape (n_fitted_parts, n_parts, n_test, n_classes)
    """
    seen, held = samples
    found = np.empty((len(parts) if generalise else 1, len(parts), len(X[1]), n_classes))
    for t, part in enumerate(parts):
        fitted = chain.prepare(X[0][:, :, part], seen).fit(y, weight)
        for u in range(len(parts)) if generalise else (t,):
            scores = fitted.decision(X[1][:, :, parts[u]], held)
            found[t if generalise else 0, u] = spread(scores, fitted.classes_, n_classes)
    return found


def windows_of(n_times: int, sfreq: float, window: float | None, step: float | None) -> list[slice]:
    """Return the parts of an epoch that are decoded by themselves.

    Parameters
    ----------
    n_times : int
        Samples of an epoch.
    sfreq : float
        Hz.
    window, step : float, optional
        Length of a part, and from one to the next, in s; by default one sample.

    Raises
    ------
    InputError
        ``E-INPUT-EPOCHS`` where not even one part fits into the epoch.
    """
    length = max(1, round((window or 0) * sfreq))
    hop = max(1, round((step or 0) * sfreq))
    if length > n_times:
        raise InputError(
            f"A window of {window:g} s does not fit into epochs of {n_times / sfreq:g} s.", code="E-INPUT-EPOCHS",
            remedy="Shorten train.over_time.window, or cut longer epochs.",
        )  # fmt: skip
    return [slice(start, start + length) for start in range(0, n_times - length + 1, hop)]
