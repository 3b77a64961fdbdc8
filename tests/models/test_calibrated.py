"""Calibrated probabilities mean what they say, also where the model is too sure."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli import registry
from neurocli.errors import ConfigError, InputError
from neurocli.models._calibrated import _temperature
from neurocli.models._chain import build_chain


def noisy(n, seed, effect=2):
    """Return 40 columns of which one tells something: a weakly penalised model fits the others too."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    X = rng.normal(size=(n, 40))
    X[:, 0] += effect * y
    return X, y, {"subject": [f"{i % 10:02d}" for i in range(n)]}


def cross_entropy(probability, y):
    return -np.log(np.maximum(probability[np.arange(len(y)), y], 1e-6)).mean()


def overconfidence(probability, y):
    """Return how sure it says it is minus how often it is right."""
    return probability.max(axis=1).mean() - (probability.argmax(axis=1) == y).mean()


INNER = ["standardize", {"logistic_regression": {"C": 100.0}}]


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_a_model_that_is_too_sure_becomes_honest(method):
    X, y, samples = noisy(200, 0, effect=1)
    new, truth, table = noisy(2000, 1, effect=1)
    plain = build_chain([registry.get("models", "standardize")(), registry.get("models", "logistic_regression")(C=100)])
    calibrated = build_chain([registry.get("models", "calibrated")(model=INNER, method=method, n_splits=10)])
    before = plain.fit(X, y, samples).decision(new, table)
    after = calibrated.fit(X, y, samples).decision(new, table)
    assert np.allclose(after.sum(axis=1), 1)
    assert cross_entropy(after, truth) < cross_entropy(before, truth) - 0.05
    assert abs(overconfidence(after, truth)) < abs(overconfidence(before, truth)) / 2


def test_temperature_keeps_the_order_of_the_scores():
    X, y, samples = noisy(150, 0)
    calibrated = build_chain([registry.get("models", "calibrated")(model=["standardize", "svm"])]).fit(X, y, samples)
    plain = build_chain([registry.get("models", "standardize")(), registry.get("models", "svm")()]).fit(X, y, samples)
    ours, theirs = calibrated.decision(X, samples)[:, 1], plain.decision(X, samples)[:, 1]
    assert np.array_equal(np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable"))


def test_temperature_is_found():
    """Ground truth: labels drawn from a softmax, its logits shown three times too large."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3))
    index = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    assert _temperature(3 * logits, index) == pytest.approx(3.0, rel=0.05)


def test_one_group_cannot_be_held_out():
    X, y, _ = noisy(40, 0)
    with pytest.raises(InputError, match="these have one only"):
        build_chain([registry.get("models", "calibrated")(model=INNER)]).fit(X, y, {"subject": ["01"] * 40})


def test_an_inner_model_that_is_no_chain_is_refused():
    with pytest.raises(ConfigError, match="only transforms"):
        build_chain([registry.get("models", "calibrated")(model=["standardize"])])
    with pytest.raises(ConfigError, match="Unknown model 'ldaa'"):
        build_chain([registry.get("models", "calibrated")(model=["ldaa"])])
