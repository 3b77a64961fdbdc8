"""Rivals, and what is done about unequal classes."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.models._balance import balanced, class_weights, subsample
from neurocli.models._baselines import baseline


def test_majority_is_the_share_of_each_class_whatever_the_weights():
    X, y = np.zeros((8, 2)), np.array([0, 0, 0, 0, 0, 0, 1, 1])
    chain = baseline("majority").fit(X, y, sample_weight=class_weights(y))
    assert chain.decision(X[:1]).tolist() == [[0.75, 0.25]]


def test_the_constant_guess_of_a_number_is_the_median():
    chain = baseline("majority").fit(np.zeros((3, 1)), np.array([1.0, 2.0, 100.0]))
    assert chain.decision(np.zeros((2, 1))).tolist() == [[2.0], [2.0]]


def test_the_linear_rival_on_epochs_sees_the_variance_of_each_channel_and_not_its_sign():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 60)
    x = rng.normal(size=(120, 2, 64)) * 1e-6
    x[:, 0] *= 1 + y[:, None]
    chain = baseline("linear").fit(x[:60], y[:60])
    assert (chain.predict(x[60:]) == y[60:]).mean() == 1.0
    assert np.allclose(chain.decision(x), chain.decision(-x))
    covariances = np.stack([np.cov(epoch, ddof=0) for epoch in x])
    oracle = baseline("linear").fit(covariances[:60], y[:60])
    assert np.allclose(chain.decision(x), oracle.decision(covariances))


def test_the_linear_rival_takes_missing_values_and_a_flat_channel():
    X = np.random.default_rng(0).normal(size=(40, 3))
    X[3, 1] = np.nan
    assert np.isfinite(baseline("linear").fit(X, np.tile([0, 1], 20)).decision(X)).all()
    x = np.zeros((40, 2, 8))
    x[:, 0] = 1e-6 * np.random.default_rng(1).normal(size=(40, 8))
    assert np.isfinite(baseline("linear").fit(x, np.tile([0, 1], 20)).decision(x)).all()


def test_the_linear_rival_of_a_number_is_ridge_regression():
    X = np.random.default_rng(0).normal(size=(50, 3))
    y = X @ [1.0, 2.0, 3.0]
    predicted = baseline("linear").fit(X, y).decision(X)[:, 0]
    assert np.corrcoef(predicted, y)[0, 1] > 0.999


def test_weights_make_classes_weigh_the_same():
    y = np.array([0, 0, 0, 1])
    weight = class_weights(y)
    assert weight.tolist() == [2 / 3, 2 / 3, 2 / 3, 2.0]


def test_a_subsample_has_as_many_of_each_class_as_the_rarest():
    y = np.array([0] * 10 + [1] * 3 + [2] * 5)
    index = subsample(y, np.random.default_rng(0))
    assert np.bincount(y[index]).tolist() == [3, 3, 3]
    assert np.array_equal(index, np.unique(index))
    assert np.array_equal(index, subsample(y, np.random.default_rng(0)))


@pytest.mark.parametrize("policy", ["weights", "subsample", "none"])
def test_a_number_is_never_balanced(policy):
    index, weight = balanced(policy, np.array([1.0, 1.0, 2.0]), np.random.default_rng(0))
    assert index.tolist() == [0, 1, 2]
    assert weight is None


def test_policies():
    y = np.array([0, 0, 0, 1])
    assert balanced("weights", y, np.random.default_rng(0))[1] is not None
    assert len(balanced("subsample", y, np.random.default_rng(0))[0]) == 2
    assert balanced("none", y, np.random.default_rng(0))[1] is None
