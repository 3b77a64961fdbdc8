"""Metrics: one contract over the registry, scikit-learn as the oracle, and values worked by hand."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from neurocli.errors import ConfigError
from neurocli.evaluation import metrics
from neurocli.evaluation.metrics import define

ALL = {name: metrics.get(name) for name in metrics.INDEX}
LABEL = [name for name, metric in ALL.items() if metric.task == "label"]
NUMBER = [name for name, metric in ALL.items() if metric.task == "number"]


@st.composite
def decisions(draw, n_classes=None):
    n_classes = n_classes or draw(st.integers(2, 4))
    n = draw(st.integers(n_classes * 2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    score = rng.dirichlet(np.ones(n_classes), n)
    if draw(st.booleans()):  # ties
        score = np.round(score * 4) + 0.25
        score = score / score.sum(axis=1, keepdims=True)
    return y, score


@st.composite
def numbers(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    n = draw(st.integers(4, 40))
    return rng.normal(size=n).round(2) + np.arange(n), rng.normal(size=(n, 1)).round(1)


def predictions(name):
    return decisions() if name in LABEL else numbers()


def one_hot(y, n_classes):
    return np.eye(n_classes)[y]


# -- the contract ---------------------------------------------------------------------------------------------------


def test_the_light_index_is_what_the_definitions_say():
    folder = Path(metrics.__file__).parent
    for path in folder.glob("*.py"):
        import_module(f"neurocli.evaluation.metrics.{path.stem}" if path.stem != "__init__" else metrics.__name__)
    found = {
        name: (m.func.__module__.rpartition(".")[2], m.task, m.best, m.needs) for name, m in define.METRICS.items()
    }
    assert found == {name: tuple(entry) for name, entry in metrics.INDEX.items()}


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_a_perfect_prediction_has_the_best_value(name, data):
    metric = ALL[name]
    y, score = data.draw(predictions(name))
    perfect = one_hot(y, score.shape[1]) if metric.task == "label" else y[:, None]
    expected = log2(score.shape[1]) if name == "itr" else metric.perfect
    assert metric(y, perfect) == pytest.approx(expected, abs=1e-12)
    worse, better = sorted([metric(y, score), metric(y, perfect)], reverse=metric.best == "min")
    assert better == pytest.approx(expected, abs=1e-12)
    assert worse <= better if metric.best == "max" else worse >= better


@pytest.mark.parametrize("name", ALL)
@given(data=st.data(), seed=st.integers(0, 99))
def test_the_order_of_samples_changes_nothing(name, data, seed):
    y, score = data.draw(predictions(name))
    order = np.random.default_rng(seed).permutation(len(y))
    assert ALL[name](y[order], score[order]) == pytest.approx(ALL[name](y, score), abs=1e-12)


@pytest.mark.parametrize("name", [name for name in LABEL if ALL[name].symmetric])
@given(data=st.data(), seed=st.integers(0, 99))
def test_other_names_of_classes_change_nothing(name, data, seed):
    y, score = data.draw(decisions())
    score = score + 1e-9 * np.random.default_rng(seed).random(score.shape)  # which of equals is first is a convention
    score /= score.sum(axis=1, keepdims=True)
    order = np.random.default_rng(seed).permutation(score.shape[1])
    renamed = np.argsort(order)[y]
    assert ALL[name](renamed, score[:, order]) == pytest.approx(ALL[name](y, score), abs=1e-7)


@pytest.mark.parametrize("name", ["f1", "average_precision"])
@given(data=decisions(n_classes=3), seed=st.integers(0, 99))
def test_of_three_classes_none_is_the_positive_one(name, data, seed):
    y, score = data
    score = score + 1e-9 * np.random.default_rng(seed).random(score.shape)
    order = np.random.default_rng(seed).permutation(3)
    assert ALL[name](np.argsort(order)[y], score[:, order]) == pytest.approx(ALL[name](y, score), abs=1e-7)


@pytest.mark.parametrize("name", ALL)
def test_no_samples_and_no_finite_scores_are_nan(name):
    dtype, width = (int, 2) if name in LABEL else (float, 1)
    assert np.isnan(ALL[name](np.array([], dtype), np.zeros((0, width))))
    assert np.isnan(ALL[name](np.array([0, 1], dtype), np.full((2, width), np.nan)))


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("r2", "pearson", "spearman", "kappa")])
@given(data=st.data())
def test_chance_is_the_best_of_all_constant_guesses(name, data):
    """Brute force: no class, no frequency and no number guessed for all samples scores better than `chance`."""
    metric = ALL[name]
    y, score = data.draw(predictions(name))
    n = len(y)
    if metric.task == "number":
        guesses = [*y, y.mean(), np.median(y)]
        found = [metric(y, np.full((n, 1), guess)) for guess in guesses]
    else:
        k = score.shape[1]
        guesses = [np.eye(k)[c] for c in range(k)] + [np.bincount(y, minlength=k) / n, np.ones(k) / k]
        guesses += [(2 * np.eye(k)[c] + np.eye(k)[c + 1]) / 3 for c in range(k - 1)]  # a second choice
        found = [metric(y, np.tile(guess, (n, 1))) for guess in guesses]
    best = np.nanmax(found) if metric.best == "max" else np.nanmin(found)
    assert metric.chance(y, score.shape[1]) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman", "kappa"])
@given(data=st.data())
def test_a_constant_guess_is_worth_zero(name, data):
    y, score = data.draw(predictions(name))
    guess = np.full((len(y), 1), y.mean()) if name in NUMBER else np.tile(np.eye(score.shape[1])[0], (len(y), 1))
    assert ALL[name](y, guess) == pytest.approx(0, abs=1e-12)
    assert ALL[name].chance(y, score.shape[1]) == 0


def test_eight_classes_are_shown_as_eight():
    y = np.repeat(np.arange(8), 12)
    assert ALL["accuracy"].chance(y, 8) == 0.125
    assert ALL["balanced_accuracy"].chance(y, 8) == 0.125


# -- scikit-learn ---------------------------------------------------------------------------------------------------


def _binary_or_macro(score):
    return "binary" if score.shape[1] == 2 else "macro"


def _indicators(y, score):
    return (y, score[:, 1]) if score.shape[1] == 2 else (one_hot(y, score.shape[1]), score)


ORACLES = {
    "accuracy": lambda y, s: sk.accuracy_score(y, s.argmax(1)),
    "balanced_accuracy": lambda y, s: sk.balanced_accuracy_score(y, s.argmax(1)),
    "f1": lambda y, s: sk.f1_score(y, s.argmax(1), average=_binary_or_macro(s), zero_division=np.nan),
    "kappa": lambda y, s: sk.cohen_kappa_score(y, s.argmax(1), labels=range(s.shape[1])),
    "roc_auc": lambda y, s: sk.roc_auc_score(y, s[:, 1] if s.shape[1] == 2 else s, multi_class="ovr"),
    "average_precision": lambda y, s: sk.average_precision_score(*_indicators(y, s)),
    "log_loss": lambda y, s: sk.log_loss(y, s),
    "brier": lambda y, s: sk.brier_score_loss(y, s[:, 1] if s.shape[1] == 2 else s),
    "r2": lambda y, s: sk.r2_score(y, s[:, 0]),
    "mae": lambda y, s: sk.mean_absolute_error(y, s[:, 0]),
    "rmse": lambda y, s: sk.root_mean_squared_error(y, s[:, 0]),
}  # fmt: skip


@pytest.mark.parametrize("name", ORACLES)
@given(data=st.data())
def test_scikit_learn_says_the_same(name, data):
    y, score = data.draw(predictions(name))
    assert ALL[name](y, score) == pytest.approx(float(ORACLES[name](y, score)), abs=1e-9)


@given(data=numbers())
def test_scipy_says_the_same(data):
    from scipy import stats

    y, score = data
    if np.all(score == score[0]):
        return
    assert ALL["pearson"](y, score) == pytest.approx(stats.pearsonr(y, score[:, 0])[0], abs=1e-9)
    assert ALL["spearman"](y, score) == pytest.approx(stats.spearmanr(y, score[:, 0])[0], abs=1e-9)


# -- by hand --------------------------------------------------------------------------------------------------------


def test_a_second_choice_counts_where_it_is_a_neighbour():
    y = np.array([2, 2, 2, 2])
    score = [[0, 0, 0.6, 0.4], [0, 0.6, 0.4, 0], [0.6, 0, 0.4, 0], [0.5, 0.3, 0.2, 0]]  # right, near, far, third
    assert ALL["sequential_top2"](y, np.array(score)) == 0.5
    assert ALL["sequential_top2"].chance(np.array([0, 0, 1, 2, 2, 2]), 4) == pytest.approx(4 / 6)


def test_itr_of_a_published_example():
    """Four targets at 90 % right: 2 + .9 log2 .9 + .1 log2(.1 / 3) = 1.37 bits a trial."""
    y = np.repeat(np.arange(4), 10)
    guess = y.copy()
    guess[::10] = (guess[::10] + 1) % 4
    expected = 2 + 0.9 * log2(0.9) + 0.1 * log2(0.1 / 3)
    assert ALL["itr"](y, one_hot(guess, 4)) == pytest.approx(expected)
    assert expected == pytest.approx(1.37, abs=0.005)


def test_ece_of_two_bins():
    """Eight at confidence .75, six right: no gap. Two at .95, none right: gap .95. Together .2 x .95."""
    y = np.array([0] * 6 + [1] * 2 + [1, 1])
    score = np.array([[0.75, 0.25]] * 8 + [[0.95, 0.05]] * 2)
    assert ALL["ece"](y, score) == pytest.approx(0.19)


def test_decision_values_are_no_probabilities():
    score = np.array([[-1.0, 1.0], [2.0, -2.0]])
    assert np.isnan(ALL["log_loss"](np.array([1, 0]), score))
    assert ALL["roc_auc"](np.array([1, 0]), score) == 1.0


def test_a_class_without_samples_has_no_auc():
    assert np.isnan(ALL["roc_auc"](np.array([1, 1]), np.array([[0.2, 0.8], [0.4, 0.6]])))


# -- names ----------------------------------------------------------------------------------------------------------


def test_an_unknown_metric_has_a_nearest_name():
    with pytest.raises(ConfigError, match="Did you mean 'roc_auc'"):
        metrics.check_name("roc_acu")


def test_a_metric_of_the_other_kind_is_refused():
    with pytest.raises(ConfigError, match=r"'r2' does not suit a target that is a label\. Use accuracy"):
        metrics.check_name("r2", is_number=False)
    with pytest.raises(ConfigError, match=r"target that is a number\. Use mae"):
        metrics.check_name("accuracy", is_number=True)


def test_naming_metrics_imports_no_numpy():
    named = "from neurocli.evaluation.metrics import check_name; check_name('f1')"
    code = f"{named}; import sys; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
