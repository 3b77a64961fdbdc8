"""Augmented covariances: moabb's numbers, known embeddings, and a simulation where delays are all there is to see."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from neurocli import registry
from neurocli.errors import InputError
from neurocli.features.covariance import augmented_covariance
from neurocli.models._chain import build_chain
from neurocli.models._covariances import AugmentedCovariances
from neurocli.models._embedding import cao_order, delayed, first_minimum_of_information, mdop_lags, uniform_lags
from neurocli.pipelines.search import searched

# AugmentedDataset of moabb at 1d8a6382, then Covariances("cov"), TangentSpace and SVC(C=1) as in AUG_TANG_SVM_grid.yml
MOABB = json.loads((Path(__file__).parent / "moabb_outputs.json").read_text())


def use(name, **settings):
    return registry.get("models", name)(**settings)


def signals(n=24, n_channels=3, n_times=120):
    i, c, t = np.meshgrid(np.arange(n), np.arange(n_channels), np.arange(n_times), indexing="ij")
    return np.sin((0.3 + 0.05 * (i % 2) + 0.01 * c) * t + i) + np.sin(0.7 * t * t * (c + 1) + i * i)


@pytest.mark.parametrize("case", MOABB)
def test_matrices_and_decisions_are_moabbs(case):
    order, lag = map(int, case.split(","))
    X, y, expected = signals(), np.arange(24) % 2, MOABB[case]
    member = AugmentedCovariances(order, lag, estimator="cov").fit(X)
    covariances = member.transform(X)
    copies = delayed(X, member.lags_, member.n_lost_)
    assert list(copies.shape) == expected["shape"]
    assert np.allclose(covariances[3][0][:6], expected["cov"], rtol=0, atol=1e-8)
    assert np.allclose([np.trace(C) for C in covariances[:5]], expected["trace"], rtol=0, atol=1e-7)
    uses = [
        use("augmented_covariances", order=order, lag=lag, estimator="cov"),
        use("tangent_space"),
        use("svm", kernel="rbf"),
    ]
    decision = build_chain(uses).fit(X[:16], y[:16]).decision(X[16:])[:, 1]
    assert np.allclose(decision, expected["decision"], rtol=0, atol=2e-5)  # six digits, and both means to 1e-8


def test_the_member_gives_what_the_feature_gives():
    X = signals()
    for estimator in ("lwf", "oas"):
        member = AugmentedCovariances(3, 4, estimator=estimator).fit(X).transform(X)
        assert np.allclose(member, augmented_covariance(X, order=3, lag=4, estimator=estimator), atol=1e-10)


# -- how many delays, and which ---------------------------------------------------------------------------------------


def henon(n, skip=100):
    x = np.zeros(n + skip)
    for i in range(2, n + skip):
        x[i] = 1 - 1.4 * x[i - 1] ** 2 + 0.3 * x[i - 2]
    return x[skip:]


def lorenz(n, step=0.02, skip=500):
    """Runge-Kutta of the usual parameters; x alone."""
    state, found = np.array([1.0, 1.0, 20.0]), []

    def slope(s):
        return np.array([10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]])

    for _ in range(n + skip):
        a = slope(state)
        b = slope(state + step / 2 * a)
        c = slope(state + step / 2 * b)
        d = slope(state + step * c)
        state = state + step / 6 * (a + 2 * b + 2 * c + d)
        found.append(state[0])
    return np.array(found[skip:])


def test_cao_finds_the_published_dimension_of_the_henon_map():
    """Two, as in Cao's figure 1."""
    assert cao_order(henon(2000)[None], lag=1, max_order=6) == 2


def test_white_noise_never_saturates_early():
    x = np.random.default_rng(0).normal(size=(2, 1000))
    assert cao_order(x, lag=1, max_order=4) == 4


@pytest.mark.parametrize("period", [40, 60])
def test_a_sine_tells_least_of_itself_after_a_quarter(period):
    phase = np.arange(6)[:, None]
    noise = 0.3 * np.random.default_rng(0).normal(size=(6, 40 * period))  # a histogram of a pure sine is ragged
    x = np.sin(2 * np.pi * np.arange(40 * period) / (period + 0.37) + phase) + noise
    assert abs(first_minimum_of_information(x, period) - period / 4) <= period / 20


def test_information_that_only_falls_gives_the_largest_lag():
    x = lfilter([1], [1, -0.95], np.random.default_rng(0).normal(size=(4, 5000)))
    assert first_minimum_of_information(x, 4) == 4


def test_mdop_takes_a_quarter_of_a_sine_and_stops_there():
    """In quadrature nearest neighbours part fastest, and two delays unfold a circle."""
    x = np.sin(2 * np.pi * np.arange(2000) / 40.37)[None]
    lags = mdop_lags(x, max_lag=20, max_order=5)
    assert len(lags) == 2
    assert abs(lags[1] - 10) <= 2


def test_mdop_unfolds_the_lorenz_attractor_with_few_delays():
    lags = mdop_lags(lorenz(3000)[None], max_lag=30, max_order=8)
    assert lags[0] == 0
    assert lags == sorted(set(lags))
    assert 3 <= len(lags) <= 5  # three dimensions; Nichkawde has four delays


@pytest.mark.parametrize("choice", ["cao", "mdop"])
def test_delays_are_learned_from_training_samples_alone(choice):
    x = np.stack([henon(200, skip) for skip in range(50, 62)]).reshape(12, 1, 200)
    member = AugmentedCovariances(4, 3, choice).fit(x)
    other = AugmentedCovariances(4, 3, choice).fit(x)
    assert member.lags_ == other.lags_
    assert member.lags_[0] == 0
    assert max(member.lags_) <= 9
    far = np.random.default_rng(0).normal(size=(5, 1, 200))
    assert member.transform(far).shape == (5, len(member.lags_), len(member.lags_))


def test_epochs_that_are_too_short_are_said_to_be():
    with pytest.raises(InputError, match="32 samples of 30 would be lost") as caught:
        AugmentedCovariances(4, 8).fit(np.zeros((3, 2, 30)))
    assert caught.value.code == "E-INPUT-MODEL"
    with pytest.raises(InputError, match=r"more than \(order \+ 1\) \* lag = 40"):
        AugmentedCovariances(4, 8, "mdop").fit(np.ones((3, 2, 40)))


# -- a simulation where it must be better -----------------------------------------------------------------------------


def var2(n, seed, n_times=256, n_channels=3):
    """Return epochs of two VAR(2) processes with the same covariance at lag 0; only what comes later differs.

    Each channel is x_t = 2 r cos(w) x_{t-1} - r^2 x_{t-2} + e_t, a rhythm of frequency w, in w of 0.6 or 0.9 rad a
    sample; channels are mixed and all have unit variance, so plain covariances have the same distribution but for a
    different effective length.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    mixing = np.random.default_rng(99).normal(size=(n_channels, n_channels))
    x = np.empty((n, n_channels, n_times))
    for i, label in enumerate(y):
        r, w = 0.9, (0.6, 0.75)[label]
        noise = rng.normal(size=(n_channels, n_times + 200))
        x[i] = lfilter([1], [1, -2 * r * np.cos(w), r**2], noise)[:, 200:]
        a1, a2 = 2 * r * np.cos(w), -(r**2)
        variance = (1 - a2) / ((1 + a2) * ((1 - a2) ** 2 - a1**2))  # of an AR(2) with unit innovations
        x[i] /= np.sqrt(variance)
    return mixing @ x, y


def accuracy(uses, train, test):
    return np.mean(build_chain(uses, 0).fit(*train).predict(test[0]) == test[1])


def test_delays_beat_the_plain_covariance_on_a_var2_process():
    """Plain: within 4 standard errors of a coin on 100 epochs; augmented: nearly always right."""
    train, test = var2(60, 1), var2(100, 2)
    tail = [use("tangent_space"), use("logistic_regression", C=1.0)]
    plain = accuracy([use("augmented_covariances", order=1), *tail], train, test)
    assert abs(plain - 0.5) < 4 * np.sqrt(0.25 / 100)
    for choice in (
        {"order": 3, "lag": 1},
        {"order": 5, "lag": 4, "choice": "cao"},
        {"order": 5, "lag": 4, "choice": "mdop"},
    ):
        assert accuracy([use("augmented_covariances", **choice), *tail], train, test) > 0.9


def test_the_grid_is_searched_inside_the_fold():
    """`train.search` over order and lag finds delays on the training samples of the fold, and they hold outside."""
    (X, y), test = var2(60, 1), var2(100, 2)
    samples = {"subject": [f"{i // 15:02d}" for i in range(60)]}
    uses = [use("augmented_covariances"), use("tangent_space"), use("logistic_regression", C=1.0)]
    over = {"augmented_covariances.order": [1, 3], "augmented_covariances.lag": [1, 2]}
    grid = {"over": over, "folds": 4, "metric": "accuracy"}
    chosen, trail = searched(uses, grid, X, y, samples, "none", 0)
    assert len(trail) == 4
    assert chosen[0].order == 3
    assert accuracy(chosen, (X, y), test) > 0.9


def test_delays_of_a_uniform_embedding():
    assert uniform_lags(3, 4) == [0, 4, 8]
    assert np.array_equal(delayed(np.arange(6.0)[None], [0, 2], 3), [[0, 1, 2], [2, 3, 4]])
