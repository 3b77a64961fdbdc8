"""Decoding over time: MNE's estimators are the oracle, and a planted effect is found where it is."""

from __future__ import annotations

import numpy as np
import pytest
from mne.decoding import GeneralizingEstimator, SlidingEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from neurocli import registry
from neurocli.evaluation.split import Split
from neurocli.evaluation.statistics.maps import cluster_test
from neurocli.models._chain import build_chain
from neurocli.models._over_time import decode_over_time

N_SUBJECTS, N_EACH, N_TIMES = 8, 20, 12
EFFECT = slice(5, 9)


@pytest.fixture(scope="module")
def cohort():
    """Epochs of eight people: from sample 5 to 8 one pattern of channels tells the classes, elsewhere nothing does."""
    rng = np.random.default_rng(0)
    n = N_SUBJECTS * N_EACH
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 3, N_TIMES))
    X[:, :, EFFECT] += 1.2 * (2 * y[:, None, None] - 1) * np.array([1.0, -1.0, 0.5])[:, None]
    samples = {"subject": [f"{i // N_EACH + 1:02d}" for i in range(n)]}
    samples |= {"onset": [2.0 * (i % N_EACH) for i in range(n)], "duration": [1.0] * n}
    recordings = [{"subject": f"{i:02d}"} for i in range(1, N_SUBJECTS + 1)]
    folds = [fold.masks(samples) for fold in Split(leave_out="subject").folds(recordings)]
    return X, y, samples, folds


def chain():
    return build_chain([registry.get("models", "lda")(shrinkage=0)])


def test_scores_are_those_of_mnes_estimators(cohort):
    X, y, samples, folds = cohort
    once = decode_over_time(chain(), X, y, folds[:2], samples)
    every = decode_over_time(chain(), X, y, folds[:2], samples, generalise=True)
    assert once.scores.shape == (1, N_TIMES, 2 * N_EACH, 2)
    for kind, ours in ((SlidingEstimator, once), (GeneralizingEstimator, every)):
        expected = []
        for train, test in folds[:2]:
            oracle = kind(LinearDiscriminantAnalysis(), verbose=False).fit(X[train], y[train])
            expected.append(oracle.predict_proba(X[test]))
        # MNE has samples first: (n, n_times, n_classes) or (n, n_fitted_times, n_times, n_classes)
        wanted = np.moveaxis(np.concatenate(expected), 0, -2)
        assert np.allclose(ours.scores.reshape(wanted.shape), wanted, atol=1e-9)
    assert np.allclose(np.diagonal(every.scores).transpose(2, 0, 1), once.scores[0])


def test_clusters_over_subjects_are_where_the_effect_is(cohort):
    X, y, samples, folds = cohort
    accuracy = decode_over_time(chain(), X, y, folds, samples).accuracy(samples["subject"])
    assert accuracy.shape == (N_SUBJECTS, 1, N_TIMES)
    p = cluster_test(accuracy[:, 0] - 0.5, 0, n_permutations=500).p
    inside = np.zeros(N_TIMES, bool)
    inside[EFFECT] = True
    assert (p[inside] < 0.05).all()
    assert (p[~inside] > 0.05).all()


def test_one_pattern_generalises_over_the_time_it_lasts(cohort):
    X, y, samples, folds = cohort
    found = decode_over_time(chain(), X, y, folds, samples, generalise=True).accuracy(samples["subject"]).mean(axis=0)
    assert found[EFFECT, EFFECT].min() > 0.8
    elsewhere = np.delete(np.delete(found, np.arange(5, 9), 0), np.arange(5, 9), 1)
    assert abs(elsewhere.mean() - 0.5) < 4 * np.sqrt(0.25 / (N_SUBJECTS * N_EACH))
