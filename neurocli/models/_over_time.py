"""Decoding at each moment of an epoch, and of each moment by what was learned at another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.samples import Samples, take
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
    n_times = X.shape[-1]
    seen, held = take(samples, train), take(samples, test)
    found = np.empty((n_times if generalise else 1, n_times, len(test), n_classes))
    for t in range(n_times):
        fitted = chain.prepare(X[train, :, t], seen).fit(y[train])
        for u in range(n_times) if generalise else (t,):
            scores = fitted.decision(X[test, :, u], held)
            found[t if generalise else 0, u] = spread(scores, fitted.classes_, n_classes)
    return found
