"""How a model fares when it is told less and less of its features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..data.samples import Samples
from ._chain import Chain


def ablation_curve(
    chain: Chain, X: np.ndarray, y: np.ndarray, counts: Sequence[int], rng: np.random.Generator, *,
    fill: np.ndarray, n_repeats: int = 20, samples: Samples | None = None,
    score: Callable[[np.ndarray, np.ndarray], float] | None = None,
) -> np.ndarray:  # fmt: skip
    """Return the score when random features are replaced by a constant.

    Parameters
    ----------
    chain : Chain
        Fitted; it is not fitted again.
    X : array, shape (n_samples, n_features)
        Held-out samples.
    y : array, shape (n_samples,)
        Their labels.
    counts : sequence of int
        How many features are replaced at a time.
    rng : Generator
        Draws which ones, anew for each repeat.
    fill : array, shape (n_features,)
        What they are replaced by; the mean of the training samples says nothing.
    n_repeats : int
        Draws for each count.
    samples : dict of lists, optional
        The sample table.
    score : callable, optional
        Of true and predicted labels; by default the share that is right.

    Returns
    -------
    curve : array, shape (n_counts, n_repeats)
    """
    judge = score or (lambda truth, guess: float(np.mean(truth == guess)))
    told = told_less(X, counts, rng, fill=fill, n_repeats=n_repeats)
    found = [judge(y, chain.predict(x, samples)) for x in told]
    return np.reshape(found, (len(counts), n_repeats))


def told_less(
    X: np.ndarray, counts: Sequence[int], rng: np.random.Generator, *, fill: np.ndarray, n_repeats: int
) -> Iterator[np.ndarray]:
    """Yield the samples with random features replaced, `n_repeats` times for each count; as `ablation_curve`."""
    for count in counts:
        for _ in range(n_repeats):
            told = X.copy()
            gone = rng.permutation(X.shape[1])[:count]
            told[:, gone] = fill[gone]
            yield told
