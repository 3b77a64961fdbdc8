"""A thousand permutations of a Riemannian pipeline, beside scikit-learn's `permutation_test_score` of pyriemann's."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator

import numpy as np

from neurocli import registry
from neurocli.models._chain import build_chain

from .row import Row

N_PERMUTATIONS, N_PEER = 1000, 4  # the peer's few are scaled up: a thousand of its would take most of an hour
N_SUBJECTS, N_EPOCHS, N_CHANNELS, N_TIMES = 4, 60, 19, 800


def cohort() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return covariances, labels and subjects."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(N_CHANNELS, N_CHANNELS))
    mixings = [shared + 0.3 * rng.normal(size=shared.shape) for _ in range(N_SUBJECTS)]
    x = np.concatenate([mixing @ rng.normal(size=(N_EPOCHS, N_CHANNELS, N_TIMES)) for mixing in mixings]) * 1e-5
    return x @ x.swapaxes(1, 2) / N_TIMES, np.tile([0, 1], len(x) // 2), np.repeat(np.arange(N_SUBJECTS), N_EPOCHS)


def ours(X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> float:
    """Return the seconds of all permutations: what no label enters is fitted once a fold."""
    rng = np.random.default_rng(0)
    uses = [registry.get("models", name)() for name in ("tangent_space", "logistic_regression")]
    started = time.perf_counter()
    for subject in range(N_SUBJECTS):
        train = groups != subject
        prepared = build_chain(uses).prepare(X[train]).compressed()  # type: ignore[arg-type]
        held = prepared.held(X[~train])
        for _ in range(N_PERMUTATIONS):
            prepared.refit_scores(rng.permutation(y)[train], held)
    return time.perf_counter() - started


def peer(X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> float:
    """Return the seconds that all permutations would take by the peer."""
    from pyriemann.tangentspace import TangentSpace
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneGroupOut, permutation_test_score
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TangentSpace(), LogisticRegression(max_iter=1000))
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its mean does not converge everywhere
        permutation_test_score(model, X, y, groups=groups, cv=LeaveOneGroupOut(), n_permutations=N_PEER)
    return (time.perf_counter() - started) * N_PERMUTATIONS / (N_PEER + 1)  # and one fit of the true labels


def rows() -> Iterator[Row]:
    """Yield the one row."""
    data = cohort()
    mine, theirs = ours(*data), peer(*data)
    yield Row(
        f"{N_PERMUTATIONS} permutations, Riemannian", mine, "scikit-learn", theirs, "1/20 of it", 20 * mine <= theirs
    )
