"""What every member of `train.model` keeps, whatever it is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from neurocli import registry
from neurocli.errors import ConfigError, InputError
from neurocli.models._chain import Chain, build_chain
from neurocli.models._save import from_bytes, to_bytes

DEFINITIONS = registry.definitions("models")
SMALL = {
    "random_forest": {"n_estimators": 10},
    "gradient_boosting": {"max_iter": 10},
    "select": {"k": 3},
    "canonical_correlation": {"freqs": [8.0, 12.0]},
    "confound_regression": {"columns": ["age"]},
    "calibrated": {"model": ["standardize", "lda"], "n_splits": 4},
    "select_variance": {"k": 3},
}
DEEP = {"n_epochs": 2, "batch_size": 16, "learning_rate": 0.01}
SMALL |= {
    "eegnet": DEEP,
    "shallow_convnet": {**DEEP, "n_filters": 8},
    "deep4": {**DEEP, "n_filters": 4, "kernel": 0.02, "pool": 2},
    "eeg_conformer": {**DEEP, "depth": 1, "window": 0.1},
    "dbconformer": {**DEEP, "depth": 1, "patch": 0.1},
    "seizure_transformer": {**DEEP, "widths": [8, 16], "depth": 1, "n_heads": 2, "n_hidden": 16},
    "edge_dnn": DEEP,
    "edge_cnn": {**DEEP, "widths": [8, 8]},
    "edge_lstm": {**DEEP, "window": 0.05},
    "feature_attention": {**DEEP, "depth": 1, "width": 8},
    "histn": {**DEEP, "window": 0.1, "kernel": 0.1},
    "ricci_graph": {**DEEP, "n_bands": 8, "width": 8},
    "adversarial_attention": {**DEEP, "depth": 1, "width": 8, "patch": 0.1},
    "tcn": {**DEEP, "n_blocks": 2, "n_filters": 8},
}
every_model = pytest.mark.parametrize("name", DEFINITIONS)
N, N_CHANNELS, N_TIMES, SFREQ = 96, 4, 64, 128.0


def simulated(kind: str, seed: int = 0, effect: float = 1.5):
    """Return samples of a kind, two classes of them, and the sample table of four subjects."""
    rng = np.random.default_rng(seed)
    y = np.tile([0, 1], N // 2)
    samples = {"subject": [f"{i // 24:02d}" for i in range(N)], "age": [20.0 + i // 24 for i in range(N)]}
    samples["duration"] = [N_TIMES / SFREQ] * N
    if kind in ("columns", "any"):
        return rng.normal(size=(N, 6)) + effect * y[:, None] * (np.arange(6) < 2), y, samples
    epochs = rng.normal(size=(N, N_CHANNELS, N_TIMES))
    epochs[:, 0] *= 1 + effect * y[:, None]
    if kind == "epochs":  # besides its power, each class has a rhythm of its own, 8 or 12 Hz
        epochs[:, 1] += effect * np.sin(2 * np.pi * (8 + 4 * y[:, None]) * np.arange(N_TIMES) / SFREQ)
        return epochs.astype(np.float32), y, samples
    return np.einsum("ict,idt->icd", epochs, epochs) / N_TIMES, y, samples


def setting(name: str, **more):
    return DEFINITIONS[name](**SMALL.get(name, {}) | more)


def chain_of(name: str, seed: int = 0, **more) -> tuple[Chain, str]:
    """Return the shortest chain that holds a member, and the kind of sample it takes."""
    use = setting(name, **more)
    takes = "columns" if name == "calibrated" else use.takes
    kind = use.gives if use.gives != "same" else use.takes
    tail = {"columns": ["lda"], "any": ["lda"], "covariances": ["mdm"], "epochs": ["csp", "lda"]}[kind]
    uses = [use] if use.predicts else [use, *(setting(other) for other in tail)]
    return build_chain(uses, seed), takes


@every_model
def test_it_has_a_sentence_and_says_what_it_takes(name):
    definition = DEFINITIONS[name]
    assert (definition.__doc__ or "").strip().split("\n")[0].endswith((".", ";"))
    assert definition.takes in ("any", "columns", "covariances", "epochs")
    assert definition.gives in ("same", "columns", "covariances", "epochs")


@every_model
def test_an_estimator_is_its_parameters(name):
    estimator = setting(name).build(np.random.default_rng(0))
    copy = clone(estimator)
    assert copy is not estimator
    assert str(copy.get_params()) == str(estimator.get_params())


@every_model
def test_the_same_seed_gives_the_same_scores_and_the_same_bytes(name):
    (one, kind), (two, _) = chain_of(name, seed=3), chain_of(name, seed=3)
    X, y, samples = simulated(kind)
    one.fit(X, y, samples)
    two.fit(X.copy(), y.copy(), samples)
    assert np.array_equal(one.decision(X, samples), two.decision(X, samples))
    assert np.array_equal(to_bytes(one), to_bytes(two))


@every_model
def test_a_stored_chain_scores_as_before(name):
    chain, kind = chain_of(name)
    X, y, samples = simulated(kind)
    chain.fit(X, y, samples)
    again = from_bytes(to_bytes(chain))
    assert np.array_equal(again.decision(X, samples), chain.decision(X, samples))
    assert np.array_equal(again.classes_, chain.classes_)


@every_model
def test_it_leaves_its_input_alone(name):
    chain, kind = chain_of(name)
    X, y, samples = simulated(kind)
    before = X.copy()
    chain.fit(X, y, samples).decision(X, samples)
    assert np.array_equal(X, before)


@every_model
def test_shuffled_labels_score_at_chance(name):
    """Over 3 × 96 held-out samples, 4.5 standard deviations of a fair coin."""
    hits = []
    for seed in range(3):
        chain, kind = chain_of(name, seed)
        X, y, samples = simulated(kind, seed, effect=0)
        shuffled = np.random.default_rng(seed + 10).permutation(y)
        held, truth, table = simulated(kind, seed + 100, effect=0)
        hits += list(chain.fit(X, shuffled, samples).predict(held, table) == truth)
    assert abs(np.mean(hits) - 0.5) < 4.5 * np.sqrt(0.25 / len(hits))


@every_model
def test_an_effect_is_found(name):
    if name == "majority":
        pytest.skip("it looks at no sample")
    more = {"n_epochs": 12} if hasattr(DEFINITIONS[name], "network") else {}
    chain, kind = chain_of(name, **more)
    X, y, samples = simulated(kind)
    held, truth, table = simulated(kind, seed=1)
    assert np.mean(chain.fit(X, y, samples).predict(held, table) == truth) > 0.7


@every_model
def test_a_value_that_is_not_a_number_is_named(name):
    chain, kind = chain_of(name)
    X, y, samples = simulated(kind)
    X[(5, *([1] * (X.ndim - 1)))] = np.nan
    if DEFINITIONS[name].accepts_nan:
        assert np.isfinite(chain.fit(X, y, samples).decision(X, samples)).all()
        return
    columns = [f"feature/part/{i}" for i in range(X[0].size)]
    named = columns[1 if X.ndim == 2 else X.shape[2] + 1]
    with pytest.raises(InputError, match=named) as caught:
        chain.fit(X, y, samples, columns=columns)
    assert caught.value.code == "E-INPUT-NAN"


@every_model
def test_one_class_is_refused(name):
    chain, kind = chain_of(name)
    X, y, samples = simulated(kind)
    with pytest.raises(InputError, match="two classes") as caught:
        chain.fit(X, np.zeros_like(y), samples)
    assert caught.value.code == "E-INPUT-CLASSES"


@every_model
def test_a_number_is_predicted_or_refused(name):
    chain, kind = chain_of(name)
    X, y, samples = simulated(kind)
    if "number" in DEFINITIONS[name].targets and DEFINITIONS[name].predicts:
        chain.fit(X, y * 3.5, samples)
        assert chain.decision(X, samples).shape == (N, 1)
        assert chain.classes_.size == 0
    elif DEFINITIONS[name].predicts:
        with pytest.raises(ConfigError, match="cannot predict a number"):
            chain.fit(X, y * 3.5, samples)


@every_model
def test_a_label_free_member_does_not_look_at_labels(name):
    """What `uses_labels = False` promises: the permutation null shares its fit."""
    definition = DEFINITIONS[name]
    if definition.uses_labels:
        return
    chain, kind = chain_of(name)
    X, y, samples = simulated(kind)
    first = chain.fit(X, y, samples).fitted_[0][1]
    shown = vars(first)
    hidden = chain.fit(X, 1 - y, samples).fitted_[0][1]
    assert str(vars(hidden)) == str(shown)
