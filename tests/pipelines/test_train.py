"""One unit of `train`, in each role, on a cohort with a known effect."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from neurocli.data.features import Block, Features
from neurocli.data.payload import restore
from neurocli.data.recording import Epochs
from neurocli.errors import ConfigError, InputError
from neurocli.evaluation.metrics import get
from neurocli.evaluation.split import Split
from neurocli.models._save import from_bytes
from neurocli.pipelines.train import fit_unit

N = {"rest": 12, "arithmetic": 6}


def recording(subject, task, *, effect=2.0, n=None, seed=0):
    """Return features of which the first tells the task, plus what is the person's own."""
    n = n or N[task]
    rng = np.random.default_rng([seed, int(subject), task == "rest"])
    own = np.random.default_rng([seed, int(subject)]).normal(size=4)
    values = (rng.normal(size=(n, 4)) + 0.3 * own).astype(np.float32)
    values[:, 0] += effect * (task == "arithmetic")
    entities = {"subject": subject, "task": task}
    samples = {name: [value] * n for name, value in entities.items()}
    samples |= {"onset": [4.0 * i for i in range(n)], "duration": [4.0] * n}
    samples["signal"] = [f"{subject}/{task}/{i}" for i in range(n)]
    return Features((Block("f", values, ("f/a", "f/b", "f/c", "f/d"), "1"),), samples, entities)


class Shelf:
    """Payloads by key, each written and read again."""

    def __init__(self, *parts, participants=()):
        self.parts = {f"{id(self)}/{i}": part.to_payload() for i, part in enumerate(parts)}
        self.context = SimpleNamespace(participants=tuple(participants))

    @property
    def members(self):
        return [{"key": key} for key in self.parts]

    def payload(self, key):
        return restore(*self.parts[key])

    def fit(self, role="model", fold=None, **changes):
        return fit_unit(recipe(role, fold, **changes), self.members, self)


def entities(n_subjects=4):
    return [{"subject": f"{i + 1:02}", "task": task} for i in range(n_subjects) for task in ("arithmetic", "rest")]


FOLDS = Split(leave_out="subject").folds(entities())


def recipe(role, fold=None, **changes):
    return {
        "role": role,
        "fold": {"name": "all"} if role == "all" else (fold or FOLDS[0]).to_dict(),
        "target": {"entity": "task", "positive": "arithmetic"},
        "model": [
            {"name": "standardize", "settings": {}},
            {"name": "logistic_regression", "settings": {"C": 0.1}},
        ],
        "balance": "weights",
        "search": None,
        "seed": 42,
        "permutations": [0, 8],
        "allow_leak": None,
    } | changes


@pytest.fixture
def shelf():
    return Shelf(*(recording(e["subject"], e["task"]) for e in entities()))


def same(one, other):
    arrays, meta = one.to_payload()
    others, other_meta = other.to_payload()
    assert meta == other_meta
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name])


ROLES = ["model", "majority", "linear", "drift", "null", "all"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("balance", ["weights", "subsample", "none"])
def test_the_same_seed_gives_the_same_bytes_and_survives_the_store(shelf, role, balance):
    again = Shelf(*(recording(e["subject"], e["task"]) for e in entities()))
    fitted = shelf.fit(role, balance=balance)
    same(fitted, again.fit(role, balance=balance))
    same(fitted, restore(*fitted.to_payload()))


def test_the_model_is_what_scikit_learn_fits_on_the_others(shelf):
    """Oracle: the same pipeline, balanced weights, by hand."""
    fitted = shelf.fit()
    parts = [shelf.payload(key) for key in shelf.parts]
    X = np.concatenate([part.blocks[0].values for part in parts]).astype(float)
    y = np.concatenate([[part.entities["task"] == "arithmetic"] * part.n_samples for part in parts]).astype(int)
    held = np.concatenate([[part.entities["subject"] == "01"] * part.n_samples for part in parts])
    scaler = StandardScaler().fit(X[~held])
    oracle = LogisticRegression(C=0.1, class_weight="balanced").fit(scaler.transform(X[~held]), y[~held])
    np.testing.assert_allclose(fitted.y_score, oracle.predict_proba(scaler.transform(X[held])), atol=1e-4)
    np.testing.assert_array_equal(fitted.y_true, y[held])
    assert fitted.classes == ("rest", "arithmetic")
    assert set(fitted.samples["subject"]) == {"01"}


def test_the_model_that_is_kept_is_the_one_fitted_on_everybody(shelf):
    parts = [shelf.payload(key) for key in shelf.parts]
    X = np.concatenate([part.blocks[0].values for part in parts]).astype(float)
    y = np.concatenate([[part.entities["task"] == "arithmetic"] * part.n_samples for part in parts]).astype(int)
    scaler = StandardScaler().fit(X)
    oracle = LogisticRegression(C=0.1, class_weight="balanced").fit(scaler.transform(X), y)
    kept = from_bytes(shelf.fit("all").model).decision(X, {})
    np.testing.assert_allclose(kept, oracle.predict_proba(scaler.transform(X)), atol=1e-4)
    assert shelf.fit("model").model is None  # of a fold the predictions are kept, not the model


def test_what_was_seen_is_said(shelf):
    saw = shelf.fit().saw
    assert saw["subjects"] == ["02", "03", "04"]
    assert (saw["n_train"], saw["n_test"]) == (54, 18)
    assert saw["n_of_class"] == {"rest": 36, "arithmetic": 18}
    assert saw["leaks"] == []


def test_fold_all_learns_from_everybody_and_scores_nobody(shelf):
    fitted = shelf.fit("all")
    assert fitted.saw["n_train"] == 72
    assert fitted.y_score.shape == (0, 2)
    assert fitted.model is not None


def test_patterns_point_at_the_feature_that_tells_the_task(shelf):
    fitted = shelf.fit("all")
    assert fitted.patterns.shape == (1, 4)
    assert np.abs(fitted.patterns).argmax() == 0
    assert fitted.patterns[0, 0] > 0  # arithmetic, the positive class, has more of it
    assert fitted.columns == ("f/a", "f/b", "f/c", "f/d")


def test_the_majority_scores_at_chance(shelf):
    fitted = shelf.fit("majority")
    assert get("balanced_accuracy")(fitted.y_true, fitted.y_score) == 0.5
    assert get("roc_auc")(fitted.y_true, fitted.y_score) == 0.5
    np.testing.assert_allclose(fitted.y_score[0], [2 / 3, 1 / 3])


def test_a_permutation_has_the_same_labels_in_every_fold_and_however_it_is_cut(shelf):
    whole = [shelf.fit("null", fold, permutations=[0, 6]) for fold in FOLDS]
    parts = [shelf.fit("null", FOLDS[0], permutations=[first, first + 3]) for first in (0, 3)]
    np.testing.assert_array_equal(np.concatenate([part.y_score for part in parts]), whole[0].y_score)
    np.testing.assert_array_equal(np.concatenate([part.y_true for part in parts]), whole[0].y_true)
    for number in range(6):
        labels = np.concatenate([fold.y_true[number] for fold in whole])
        assert labels.sum() in range(4 * 6, 4 * 12 + 1, 6)
    assert whole[0].saw["blocks"] == "recording"
    assert whole[0].saw["n_possible"] == 16


@pytest.mark.parametrize("balance", ["weights", "none", "subsample"])
def test_a_refit_is_the_model_fitted_on_the_permuted_labels(shelf, balance):
    """Of 16 labellings the true one is met soon; its refit scores as the model does."""
    fitted, null = shelf.fit(balance=balance), shelf.fit("null", permutations=[0, 40], balance=balance)
    everyone = [shelf.fit("null", fold, permutations=[0, 40], balance=balance) for fold in FOLDS]
    truth = [shelf.fit(fold=fold, balance=balance).y_true for fold in FOLDS]
    true = [p for p in range(40) if all((n.y_true[p] == t).all() for n, t in zip(everyone, truth, strict=True))]
    assert true
    if balance != "subsample":  # which draws another part each time
        np.testing.assert_allclose(null.y_score[true[0]], fitted.y_score, atol=1e-6)
    assert get("roc_auc")(null.y_true[true[0]], null.y_score[true[0]]) > 0.6


def test_drift_is_asked_of_the_longer_task(shelf):
    fitted = shelf.fit("drift")
    assert fitted.classes == ("first half", "second half")
    assert set(fitted.samples["task"]) == {"rest"}
    assert fitted.y_true.tolist() == [0] * 6 + [1] * 6
    assert "'rest'" in fitted.saw["drift"]


def test_weights_do_not_reach_the_held_out_samples(shelf):
    assert len(shelf.fit(balance="subsample").y_true) == 18


def test_a_number_is_predicted():
    people = [(f"{i + 1:02}", {"age": str(20 + 5 * i)}) for i in range(6)]
    parts = [recording(subject, "rest") for subject, _ in people]
    for i, part in enumerate(parts):
        part.blocks[0].values[:, 1] += 5 * i
    shelf = Shelf(*parts, participants=people)
    folds = Split(leave_out="subject").folds([part.entities for part in parts])
    changes = {
        "target": {"participants": "age", "as": "number"},
        "model": [{"name": "standardize", "settings": {}}, {"name": "ridge", "settings": {}}],
        "fold": folds[2],
    }
    fitted = shelf.fit(**changes)
    assert fitted.y_score.shape == (12, 1)
    assert fitted.y_true.tolist() == [30.0] * 12
    assert abs(fitted.y_score.mean() - 30) < 5
    assert shelf.fit("majority", **changes).y_score[0, 0] == 35.0
    assert shelf.fit("null", **changes).saw["blocks"] == "subject"
    assert "number" in shelf.fit("drift", **changes).saw["drift"]


def test_search_chooses_inside_the_training_samples(shelf):
    search = {"over": {"logistic_regression.C": [1e-9, 1.0]}, "folds": 3, "metric": "log_loss"}
    fitted = shelf.fit(search=search)
    trail = fitted.saw["search"]
    assert [step["settings"] for step in trail] == [{"logistic_regression.C": 1e-9}, {"logistic_regression.C": 1.0}]
    assert trail[1]["score"] < trail[0]["score"]
    assert np.abs(fitted.y_score - 0.5).max() > 0.1  # C = 1e-9 would leave all at a half


def test_epochs_are_learned_from_by_the_linear_rival():
    def epochs(e):
        data = np.random.default_rng([int(e["subject"]), e["task"] == "rest"]).normal(size=(8, 2, 50))
        data[:, 0] *= 3 if e["task"] == "rest" else 1
        samples = {name: [value] * 8 for name, value in e.items()} | {"onset": [4.0 * i for i in range(8)]}
        return Epochs(data, 100.0, 0.0, ("C3", "C4"), ("eeg",) * 2, ("V",) * 2, e, samples)

    fitted = Shelf(*map(epochs, entities())).fit("linear")
    assert get("accuracy")(fitted.y_true, fitted.y_score) == 1.0


def test_what_participants_are_like_is_regressed_out():
    """The first feature follows age alone; without age, nothing is left to tell the tasks by."""
    parts, people = [], []
    for i, e in enumerate(entities(6)):
        part = recording(e["subject"], e["task"], effect=0.0)
        part.blocks[0].values[:, 0] = 10 * (i // 2)
        parts.append(part)
        people.append((e["subject"], {"participant_id": e["subject"], "age": str(20 + i // 2), "sex": "F"}))
    shelf = Shelf(*parts, participants=dict(people).items())
    model = [{"name": "confound_regression", "settings": {"columns": ["age"]}}, {"name": "lda", "settings": {}}]
    fitted = shelf.fit("all", model=model, balance="none")
    left = from_bytes(fitted.model).fitted_[0][1]
    assert left.weights_[0, 0] == pytest.approx(10 * np.std(np.repeat(np.arange(6), 18)), rel=1e-6)
    held_out = shelf.fit("model", model=model, balance="none").samples
    assert not [name for name in held_out if name.startswith("participants/")]
    assert shelf.fit("drift", model=model, balance="none").y_true.size


# -- what is refused ------------------------------------------------------------------------------------------------


def copied(subject):
    """Return the rest of subject 01 under another name."""
    part = recording("01", "rest")
    return Features(part.blocks, {**part.samples, "subject": [subject] * 12}, {**part.entities, "subject": subject})


def test_a_copied_recording_stops_the_fold_unless_a_reason_is_given():
    parts = [recording(e["subject"], e["task"]) for e in entities()[:-1]] + [copied("04")]
    shelf = Shelf(*parts)
    with pytest.raises(InputError, match=r"Bit-identical signals .* sub-01_task-rest, sub-04_task-rest") as error:
        shelf.fit()
    assert error.value.code == "E-LEAK"
    leaks = shelf.fit(allow_leak="both are wanted").saw["leaks"]
    assert leaks == [{"kind": "duplicate_signal", "units": ["sub-01_task-rest", "sub-04_task-rest"]}]


def test_a_fold_without_two_classes_to_learn_from_is_named():
    parts = [recording("01", "rest"), recording("01", "arithmetic"), recording("02", "rest"), recording("03", "rest")]
    with pytest.raises(InputError, match="fold 'sub-01' have fewer than two classes or values: rest"):
        Shelf(*parts).fit()


def test_centring_by_recording_is_refused(shelf):
    model = [{"name": "center", "settings": {"by": "recording"}}, {"name": "lda", "settings": {}}]
    with pytest.raises(ConfigError, match="the label is constant within each recording"):
        shelf.fit(model=model)


def test_centring_by_subject_is_stamped(shelf):
    model = [{"name": "center", "settings": {"by": "subject"}}, {"name": "logistic_regression", "settings": {}}]
    assert shelf.fit(model=model).saw["transductive"] == ["center by subject"]


def test_a_searched_setting_that_does_not_exist_has_a_nearest_name(shelf):
    search = {"over": {"logistic_regression.c": [1.0]}, "folds": 3, "metric": "accuracy"}
    with pytest.raises(ConfigError, match=r"Did you mean 'logistic_regression\.C'"):
        shelf.fit(search=search)


def test_nan_features_are_refused_by_name():
    parts = [recording(e["subject"], e["task"]) for e in entities()]
    parts[2].blocks[0].values[1, 3] = np.nan
    with pytest.raises(InputError, match="f/d") as error:
        Shelf(*parts).fit()
    assert error.value.code == "E-INPUT-NAN"
