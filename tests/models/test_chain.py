"""The chain: what it refuses, what it fits once, and that a refit is the fit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from neurocli import registry
from neurocli.errors import ConfigError, InputError
from neurocli.models._chain import Chain, build_chain, spread


def use(name, **settings):
    return registry.get("models", name)(**settings)


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1, 2], 20)
    return rng.normal(size=(60, 5)) + y[:, None] * [1, 0, 0, 0, 0], y


@pytest.fixture
def covariances():
    x = np.random.default_rng(1).normal(size=(60, 4, 50))
    return np.einsum("ict,idt->icd", x, x) / 50


def test_a_chain_is_the_pipeline_of_its_members(columns):
    """Oracle: scikit-learn's own pipeline."""
    X, y = columns
    chain = build_chain([use("standardize"), use("logistic_regression", C=0.3)]).fit(X, y)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=1000)).fit(X, y)
    assert np.array_equal(chain.decision(X), pipeline.predict_proba(X))
    assert np.array_equal(chain.predict(X), pipeline.predict(X))


def test_members_that_use_no_label_are_fitted_once(columns):
    X, y = columns
    fits = []

    class Counting(StandardScaler):
        def fit(self, X, y=None):
            fits.append(y)
            return super().fit(X)

    chain = Chain([("count", Counting()), ("lr", LogisticRegression())], [{"uses_labels": False}, {}])
    prepared = chain.prepare(X[:40])
    held = prepared.held(X[40:])
    rng = np.random.default_rng(0)
    for _ in range(5):
        labels = rng.permutation(y[:40])
        shared = prepared.refit_scores(labels, held)
        alone = Chain(chain.members, chain.traits).fit(X[:40], labels).decision(X[40:])
        assert np.array_equal(shared, alone)
    assert len(fits) == 1 + 5  # once for the shared one, once for each that stands alone
    assert all(given is None for given in fits)


def test_refits_do_not_depend_on_their_order(columns, covariances):
    y = columns[1]
    prepared = build_chain([use("tangent_space"), use("logistic_regression")]).prepare(covariances)
    first, _ = prepared.refit_scores(y, prepared.X), prepared.refit_scores(y[::-1], prepared.X)
    assert np.array_equal(prepared.refit_scores(y, prepared.X), first)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "ends with nothing"),
        (["standardize"], "'standardize', which only transforms"),
        (["lda", "standardize", "lda"], "'lda' predicts, so nothing may follow"),
        (["tangent_space", "mdm"], "'mdm' needs covariances, and 'tangent_space' before it gives columns"),
        (["recenter", "lda"], "'lda' needs columns, and 'recenter' before it gives covariances"),
        (["euclidean_alignment", "mdm"], "'mdm' needs covariances, and 'euclidean_alignment' before it gives epochs"),
    ],
)
def test_a_list_that_is_no_chain_is_refused_before_anything_runs(names, sentence):
    with pytest.raises(ConfigError, match=sentence) as caught:
        build_chain([use(name) for name in names])
    assert caught.value.code == "E-CONFIG-MODEL"
    assert caught.value.remedy


def test_columns_where_covariances_are_needed_name_the_feature(columns):
    X, y = columns
    with pytest.raises(ConfigError, match=r"needs covariances, and gets columns of shape \(5,\).*'covariance' or"):
        build_chain([use("tangent_space"), use("lda")]).fit(X, y)


def test_covariances_where_columns_are_needed_name_the_tangent_space(columns, covariances):
    with pytest.raises(ConfigError, match=r"'lda' needs columns, and gets covariances.*'tangent_space'"):
        build_chain([use("lda")]).fit(covariances, columns[1])


def test_weights_are_refused_by_a_model_that_takes_none(columns):
    X, y = columns
    with pytest.raises(ConfigError, match=r"'lda' does not.*subsample") as caught:
        build_chain([use("lda")]).fit(X, y, sample_weight=np.ones(60))
    assert caught.value.code == "E-CONFIG-BALANCE"


def test_weights_reach_the_model(columns):
    X, y = columns
    weight = np.where(y == 0, 5.0, 1.0)
    chain = build_chain([use("logistic_regression")]).fit(X, y, sample_weight=weight)
    oracle = LogisticRegression(max_iter=1000).fit(X, y, sample_weight=weight)
    assert np.array_equal(chain.decision(X), oracle.predict_proba(X))


def test_a_solver_that_does_not_converge_leaves_a_note_and_no_warning(columns):
    X, y = columns
    chain = build_chain([use("logistic_regression", max_iter=1)]).fit(X, y)
    assert chain.notes_[0]["member"] == "logistic_regression"
    assert "failed to converge" in chain.notes_[0]["warning"]


def test_what_scikit_learn_refuses_is_said_with_the_member(columns):
    X, y = columns
    with pytest.raises(InputError, match="'pca' cannot be fitted on these samples: n_components=50") as caught:
        build_chain([use("pca", n_components=50), use("lda")]).fit(X, y)
    assert caught.value.code == "E-INPUT-MODEL"


def test_two_decision_values_stand_for_two_classes(columns):
    X, y = columns
    chain = build_chain([use("svm")]).fit(X[y < 2], y[y < 2])
    decision = chain.decision(X)
    assert decision.shape == (60, 2)
    assert np.array_equal(decision[:, 0], -decision[:, 1])
    assert np.array_equal(chain.predict(X), (decision[:, 1] > 0).astype(int))


def test_a_class_that_was_never_seen_gets_the_lowest_score():
    probabilities = np.array([[0.25, 0.75]])
    assert spread(probabilities, np.array([0, 2]), 3).tolist() == [[0.25, 0.0, 0.75]]
    values = np.array([[-2.0, 2.0]])
    assert spread(values, np.array([1, 2]), 3).tolist() == [[-3.0, -2.0, 2.0]]


def test_float32_columns_in_square_volts_keep_their_digits():
    """Squares of 1e-12 V^2 need float64."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 40)
    X = ((rng.normal(size=(80, 3)) + 2 * y[:, None]) * 1e-13 + 1e-12).astype(np.float32)
    chain = build_chain([use("standardize"), use("lda")]).fit(X, y)
    assert (chain.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("last", [{"name": "logistic_regression"}, {"name": "ridge"}], ids=str)
def test_refits_on_the_span_of_the_samples_are_the_refits(last):
    rng = np.random.default_rng(0)
    X, new, y = rng.normal(size=(40, 300)), rng.normal(size=(15, 300)), np.tile([0, 1], 20)
    prepared = build_chain([use("standardize"), use(**last)]).prepare(X)
    small = prepared.compressed()
    assert small.X.shape == (40, 39)  # standardised columns sum to zero
    expected = prepared.refit_scores(y, prepared.held(new))
    assert np.allclose(small.refit_scores(y, small.held(new)), expected, atol=2e-3)


def test_what_is_not_invariant_is_not_compressed(columns):
    X, _ = columns
    wide = np.tile(X, 40)
    for last in (use("lda"), use("random_forest"), use("logistic_regression", l1_ratio=0.5)):
        prepared = build_chain([use("standardize"), last]).prepare(wide)
        assert prepared.compressed() is prepared
    narrow = build_chain([use("standardize"), use("ridge")]).prepare(X)
    assert narrow.compressed() is narrow
