"""How much a new person's own samples help: a score for each number of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..data.samples import Samples, take
from ._chain import Chain

Side = tuple[np.ndarray, np.ndarray]


def calibration_curve(
    chain: Chain, X: np.ndarray, y: np.ndarray, sides: Sequence[Side], samples: Samples,
    score: Callable[[np.ndarray, np.ndarray], float] | None = None,
) -> list[float]:  # fmt: skip
    """Return the score of each of several folds that differ in how many shots were trained on, on the same samples.

    Parameters
    ----------
    chain : Chain
        Unfitted.
    X : array, shape (n_samples, ...)
        Samples.
    y : array of int, shape (n_samples,)
        Class index.
    sides : sequence of (train, test)
        Of one held-out group, the shots growing: masks of `Split` with ``few_shot`` 0, 1, 2 ...
    samples : dict of lists
        The sample table.
    score : callable, optional
        Of true and predicted labels; by default the share that is right.

    Returns
    -------
    curve : list of float
        All points are scored on the samples that are tested at the largest number of shots, so that they compare.
    """
    judge = score or (lambda truth, guess: float(np.mean(truth == guess)))
    common = sides[-1][1]
    for _, test in sides:
        common = np.intersect1d(common, test)
    held = take(samples, common)
    fitted = [chain.prepare(X[train], take(samples, train)).fit(y[train]) for train, _ in sides]
    return [judge(y[common], one.predict(X[common], held)) for one in fitted]
