"""Patterns show where the signal is, which weights do not."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli import registry
from neurocli.models._chain import build_chain
from neurocli.models._patterns import patterns

UNITS = np.array([1e-12, 1.0, 1e3])


def use(name, **settings):
    return registry.get("models", name)(**settings)


def distracted(n=4000):
    """Return the example of Haufe et al. 2014: a signal in column 0, one noise in columns 0 and 1; column 2 apart."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], n // 2)
    noise = rng.normal(size=n)
    X = np.stack([y + noise, noise, rng.normal(size=n)], axis=1)
    return X * UNITS, y


@pytest.mark.parametrize("before", [["standardize"], ["standardize", "pca"], ["impute", "standardize"]], ids=str)
@pytest.mark.parametrize("last", ["lda", "logistic_regression", "svm", "ridge"])
def test_a_column_of_noise_that_the_weights_need_has_no_pattern(before, last):
    X, y = distracted()
    chain = build_chain([*(use(name) for name in before), use(last)]).fit(X, y)
    (pattern,) = patterns(chain, X) / UNITS
    assert abs(pattern[1]) < 0.15 * abs(pattern[0])  # not 0: the penalty of logistic regression bends the weights
    assert abs(pattern[2]) < 0.05 * abs(pattern[0])
    assert pattern[0] > 0


def test_it_is_the_regression_of_each_feature_on_the_output():
    X, y = distracted()
    chain = build_chain([use("standardize"), use("lda")]).fit(X, y)
    s = chain.fitted_[1][1].decision_function(chain.fitted_[0][1].transform(X))
    slopes = [np.polyfit(s, column, 1)[0] for column in X.T]
    assert np.allclose(patterns(chain, X)[0], slopes, rtol=1e-9)


def test_a_shift_of_a_subject_leaves_no_pattern():
    X, y = distracted()
    samples = {"subject": np.repeat(["a", "b"], 2000).tolist()}
    shifted = X + np.repeat([0, 50], 2000)[:, None] * UNITS
    before = patterns(build_chain([use("center"), use("lda")]).fit(X, y, samples), X, samples)
    after = patterns(build_chain([use("center"), use("lda")]).fit(shifted, y, samples), shifted, samples)
    assert np.allclose(before / UNITS, after / UNITS, atol=1e-9)


def test_a_column_that_was_not_selected_is_not_a_number():
    X, y = distracted()
    chain = build_chain([use("select", k=1), use("lda")]).fit(X, y)
    assert np.isnan(patterns(chain, X)).tolist() == [[False, True, True]]


def test_the_pattern_of_a_tangent_space_is_the_change_of_the_covariance():
    """Ground truth: source 0 gets stronger, so the covariance changes by the outer product of its topography."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 300)
    sources = rng.normal(size=(600, 4, 200))
    sources[:, 0] *= 1 + 0.1 * y[:, None]
    mixing = rng.normal(size=(4, 4))
    x = 1e-6 * mixing @ sources
    x -= x.mean(axis=1, keepdims=True)
    X = x @ x.swapaxes(1, 2) / 200
    chain = build_chain([use("tangent_space"), use("logistic_regression")]).fit(X, y)
    pattern = patterns(chain, X)
    topography = mixing[:, 0] - mixing[:, 0].mean()
    truth = np.outer(topography, topography).ravel()
    assert pattern.shape == (1, 16)
    assert np.corrcoef(pattern[0], truth)[0, 1] > 0.95


def test_what_is_not_linear_has_none():
    X, y = distracted(40)
    assert patterns(build_chain([use("svm", kernel="rbf")]).fit(X, y), X) is None
    assert patterns(build_chain([use("random_forest", n_estimators=2)]).fit(X, y), X) is None
    scaled = build_chain([use("center", scale=True), use("lda")])
    samples = {"subject": ["a"] * 40}
    assert patterns(scaled.fit(X, y, samples), X, samples) is None


def test_three_classes_have_a_pattern_each():
    X, _ = distracted(60)
    assert patterns(build_chain([use("standardize"), use("lda")]).fit(X, np.tile([0, 1, 2], 20)), X).shape == (3, 3)
