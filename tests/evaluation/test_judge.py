"""The judge: its document, worked by hand and against scipy, and its word on thin evidence."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurocli.data.fitted import Fitted
from neurocli.errors import InputError
from neurocli.evaluation.aggregate import MEAN, POOLED, Part, Parts, resampled
from neurocli.evaluation.calibration import brier_parts
from neurocli.evaluation.intervals import interval
from neurocli.evaluation.judge import judge
from neurocli.evaluation.metrics import get
from neurocli.evaluation.metrics.calibration import brier

CLASSES = ("rest", "arithmetic")


def fit(subject, right, n=10, role="model", seed=1, **saw):
    """Return a fold in which a share `right` of each class is decided rightly."""
    y = np.repeat([0, 1], n)
    wrong = np.arange(2 * n) % n >= round(right * n)
    p = np.where(wrong, 1 - y, y) * 0.6 + 0.2
    samples = {"subject": [subject] * 2 * n, "signal": [str(i) for i in range(2 * n)]}
    saw = {"seed": seed, "n_train": 80, **saw}
    return Fitted(role, f"sub-{subject}", y, np.column_stack([1 - p, p]), samples, CLASSES, saw=saw)


def null(subject, shares, first=0, seed=1):
    fits = [fit(subject, share) for share in shares]
    saw = {"first": first, "end": first + len(shares), "n_possible": 64, "blocks": "recording", "n_blocks": 12}
    y = np.array([f.y_true for f in fits])
    return Fitted(
        "null", f"sub-{subject}", y, np.array([f.y_score for f in fits]), {}, CLASSES, saw=saw | {"seed": seed}
    )


RIGHT = {"01": 0.9, "02": 0.8, "03": 0.7, "04": 0.6, "05": 0.8}


def everything():
    fits = [fit(s, r) for s, r in RIGHT.items()]
    fits += [fit(s, 0.5, role="majority") for s in RIGHT] + [fit(s, 0.6, role="linear") for s in RIGHT]
    fits += [fit(s, 0.7, role="drift", drift="halves") for s in RIGHT]
    return fits + [null(s, [0.4, 0.5, 0.6, 0.8]) for s in RIGHT]


def one(document, metric="balanced_accuracy"):
    return next(score for score in document["scores"] if score["metric"] == metric)


def test_a_score_stands_beside_what_it_is_compared_with():
    score = one(judge(everything(), ["balanced_accuracy"]))
    assert score["mean"] == pytest.approx(0.76)
    assert score["chance"] == 0.5
    assert score["rivals"] == pytest.approx({"majority": 0.5, "linear": 0.6})
    assert score["drift"] == pytest.approx(0.7)
    assert score["p_null"] == 2 / 5  # one of four permutations does as well
    assert score["null"] == pytest.approx([0.4, 0.5, 0.6, 0.8])
    assert score["null_facts"]["smallest_p"] == 1 / 5
    assert (score["n_subjects"], score["n_samples"]) == (5, 100)
    assert score["per_fold"][0] == {"fold": "sub-01", "value": 0.9, "n_samples": 20, "n_train": 80}
    assert score["per_subject"][1] == {"subject": "02", "value": 0.8, "n_samples": 20}
    assert [row["value"] for row in score["per_subject"]] == pytest.approx(list(RIGHT.values()))
    assert score["aggregate"] == MEAN
    low, high = score["ci"]
    assert 0.6 < low < 0.76 < high < 0.9


def test_the_linear_rival_is_tested_fold_by_fold():
    """Differences .3 .2 .1 0 .2; Student's t with 1/5 + 20/80 in the place of 1/5."""
    versus = one(judge(everything(), ["accuracy"]), "accuracy")["versus_linear"]
    d = np.array([0.3, 0.2, 0.1, 0.0, 0.2])
    t = d.mean() / np.sqrt(d.var(ddof=1) * (1 / 5 + 20 / 80))
    assert versus["difference"] == pytest.approx(0.16)
    assert versus["p"] == pytest.approx(stats.t.sf(t, 4))
    alone = judge([fit(s, 0.8) for s in RIGHT], ["accuracy"])
    assert one(alone, "accuracy")["versus_linear"] is None


def test_the_document_is_json_and_the_same_for_the_same_seed_in_any_order():
    metrics = ["balanced_accuracy", "roc_auc", "log_loss", "itr"]
    texts = [json.dumps(judge(fits, metrics, seed=3), allow_nan=False) for fits in (everything(), everything())]
    assert texts[0] == texts[1]
    backwards = judge([*everything()[5:], *everything()[:5]], metrics, seed=3)
    assert json.dumps(backwards) == texts[0]


def test_permutations_come_in_blocks_and_only_those_that_every_fold_has_count():
    fits = [fit(s, 0.8) for s in RIGHT] + [null(s, [0.4, 0.5]) for s in RIGHT]
    fits += [null(s, [0.9, 0.9], first=2) for s in list(RIGHT)[1:]]  # a block of sub-01 is missing
    assert one(judge(fits, ["accuracy"]), "accuracy")["null"] == pytest.approx([0.4, 0.5])


def test_one_subject_has_no_interval_and_the_document_says_so():
    document = judge([fit("01", 0.8)], ["accuracy"])
    score = one(document, "accuracy")
    assert score["ci"] is None
    assert score["ci_method"] == "none: one subject"
    assert "No confidence interval: one subject." in document["warnings"]
    assert score["p_null"] is None
    assert "The null was not run, so no p is given." in document["warnings"]


def test_two_subjects_have_no_interval_either():
    assert one(judge([fit("01", 0.8), fit("02", 0.6)], ["accuracy"]), "accuracy")["ci_method"] == "none: 2 subjects"


def test_who_was_asked_for_and_not_scored_is_named():
    asked = [f"sub-{s}_task-{t}_eeg" for s in ("01", "02", "09") for t in ("rest", "arithmetic")]
    cohort = judge([fit("01", 0.8), fit("02", 0.6)], ["accuracy"], asked=asked)["cohort"]
    assert cohort["sentence"] == "n = 2 of 3, missing: sub-09"


def test_leaks_and_stamps_reach_the_document():
    leak = {"kind": "overlap", "units": ["sub-01_task-rest"]}
    fits = [
        fit("01", 0.8, leaks=[leak], allow_leak="a demonstration"),
        fit("02", 0.8, transductive=["center by subject"]),
    ]
    document = judge(fits, ["accuracy"], generalises_to="new subjects", transductive=["ica"])
    assert document["certificate"]["transductive"] == ["ica", "center by subject"]
    assert document["leaks"] == [leak]
    assert document["certificate"]["clean"] is False
    assert document["certificate"]["generalises_to"] == "new subjects"
    assert "A leak was allowed: a demonstration." in document["warnings"]
    assert any(note.startswith("Transductive: ica, center by subject used") for note in document["warnings"])


def test_folds_that_lack_a_class_are_scored_together():
    one_class = [
        Fitted("model", f"run-{i}", np.full(4, i % 2), np.tile([0.4, 0.6], (4, 1)), {"subject": [str(i)] * 4}, CLASSES)
        for i in range(4)
    ]
    document = judge(one_class, ["roc_auc"])
    assert one(document, "roc_auc")["aggregate"] == POOLED
    assert one(document, "roc_auc")["mean"] == 0.5
    assert one(document, "roc_auc")["per_fold"][0]["value"] is None
    assert "Held-out predictions of different fits were scored together." in document["notes"]


def test_numbers_are_scored_together_and_have_no_drift():
    rng = np.random.default_rng(0)
    fits = []
    for i in range(5):
        y = np.full(3, 20.0 + i)
        fits.append(Fitted("model", f"{i}", y, (y + rng.normal(size=3))[:, None], {"subject": [str(i)] * 3}))
    document = judge(fits, ["mae", "r2"])
    assert document["target"] == "number"
    assert document["confusion"] is None
    assert one(document, "mae")["aggregate"] == POOLED
    assert one(document, "mae")["chance"] == pytest.approx(1.2)
    assert one(document, "mae")["drift"] is None


def test_people_are_voted_on_where_the_label_is_theirs():
    """Three of four windows right makes a person right; the fourth person is lost by two to two in confidence."""
    p = {"a": [0.9, 0.8, 0.7, 0.3], "b": [0.6, 0.7, 0.8, 0.9], "c": [0.1, 0.2, 0.3, 0.6], "d": [0.4, 0.45, 0.9, 0.95]}
    truth = {"a": 1, "b": 1, "c": 0, "d": 0}
    fits = []
    for name, share in p.items():
        score = np.column_stack([1 - np.array(share), share])
        fits.append(Fitted("model", name, np.full(4, truth[name]), score, {"subject": [name] * 4}, CLASSES))
    assert one(judge(fits, ["accuracy"]), "accuracy")["voted"] == 0.75
    assert one(judge(everything(), ["accuracy"]), "accuracy")["voted"] is None


def test_seeds_are_averaged_and_samples_counted_once():
    fits = [fit(s, 0.6, seed=1) for s in RIGHT] + [fit(s, 0.8, seed=2) for s in RIGHT]
    score = one(judge(fits, ["accuracy"]), "accuracy")
    assert score["mean"] == pytest.approx(0.7)
    assert score["n_samples"] == 100
    assert {fold["seed"] for fold in score["per_fold"]} == {1, 2}


def test_confusion_counts_rows_as_truth():
    table = judge([fit("01", 0.9), fit("02", 0.8)], ["accuracy"])["confusion"]
    assert table == {"classes": ["rest", "arithmetic"], "counts": [[17, 3], [3, 17]]}


def test_a_metric_that_needs_probabilities_says_so_of_decision_values():
    fits = [fit(s, 0.8) for s in RIGHT]
    for item in fits:
        item.y_score[:] = 10 * item.y_score - 5
    document = judge(fits, ["log_loss", "roc_auc"])
    assert one(document, "log_loss")["mean"] is None
    assert document["calibration"] is None
    assert any(note.startswith("log_loss is not defined") for note in document["warnings"])
    assert one(document, "roc_auc")["mean"] is not None


def test_warnings_of_fits_are_counted():
    note = ({"member": "logistic_regression", "warning": "did not converge"},)
    fits = [Fitted(**{**vars(fit(s, 0.8)), "notes": note if s < "03" else ()}) for s in RIGHT]
    warnings = judge(fits, ["accuracy"])["warnings"]
    assert "While fitting, in 2 of 5 folds, logistic_regression: did not converge" in warnings


def test_nothing_fitted_is_nothing_to_judge():
    with pytest.raises(InputError, match="nothing to judge"):
        judge([], ["accuracy"])


# -- intervals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_that_of_scipy(seed):
    """Both draw 20,000 times: the bounds differ by the Monte Carlo error of a tail quantile, .06 s.e. at 60,000."""
    x = np.random.default_rng(seed).exponential(size=20)
    ours = interval(lambda drawn: float(drawn @ x / drawn.sum()), 20, np.random.default_rng(seed), n_draws=20000)
    rng = np.random.default_rng(seed + 9)
    theirs = stats.bootstrap((x,), np.mean, n_resamples=20000, method="BCa", rng=rng).confidence_interval
    assert ours.method == "BCa"
    assert ours.bounds == pytest.approx(tuple(theirs), abs=0.2 * x.std() / np.sqrt(20))


def test_groups_that_agree_have_an_interval_of_no_width():
    assert interval(lambda _: 0.7, 8, np.random.default_rng(0)).bounds == pytest.approx((0.7, 0.7))


def test_the_interval_covers_as_often_as_it_says():
    """Means of 15 normal subjects, 200 times: the BCa interval is known to fall a little short of .95 at this size."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        x = rng.normal(size=15)
        low, high = interval(lambda drawn, x=x: float(drawn @ x / 15), 15, rng, n_draws=300).bounds
        hits += low <= 0 <= high
    assert 0.85 <= hits / 200 <= 0.98


@given(seed=st.integers(0, 99), how=st.sampled_from([MEAN, POOLED]))
def test_drawing_every_group_once_gives_the_score(seed, how):
    rng = np.random.default_rng(seed)
    parts = []
    for fold in range(3):
        y = np.append(rng.integers(0, 2, 10), [0, 1])
        parts.append(Part(str(fold), 0, y, rng.dirichlet([1, 1], 12), rng.integers(0, 4, 12)))
    parts = Parts(tuple(parts))
    metric = get("roc_auc")
    assert resampled(metric, parts, how, 4)(np.ones(4, int)) == pytest.approx(parts.score(metric, how))


def test_fixed_folds_and_scored_anew_agree():
    """Two roads to one number: folds of one subject each, drawn with weights or sample by sample."""
    parts = Parts(
        tuple(
            Part(s, 0, f.y_true, f.y_score, np.full(20, i))
            for i, (s, f) in enumerate((s, fit(s, r)) for s, r in RIGHT.items())
        )
    )
    quick = resampled(get("accuracy"), parts, MEAN, 5)
    slow = resampled(get("accuracy"), parts, POOLED, 5)
    drawn = np.array([2, 0, 1, 1, 1])
    assert quick.n_samples == 0
    assert slow.n_samples == 100
    assert quick(drawn) == pytest.approx(slow(drawn))


# -- calibration ----------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 99), n_classes=st.integers(2, 4), n_forecasts=st.integers(1, 200))
def test_the_parts_of_the_brier_score_add_up(seed, n_classes, n_forecasts):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, 60)
    score = rng.dirichlet(np.ones(n_classes), n_forecasts)[rng.integers(0, n_forecasts, 60)]
    parts = brier_parts(y, score)
    total = parts["miscalibration"] - parts["discrimination"] + parts["uncertainty"]
    assert total == pytest.approx(brier(y, score))
    assert min(parts["miscalibration"], parts["discrimination"]) >= -1e-12


def test_the_parts_of_the_brier_score_are_murphys_where_frequencies_rise_with_the_forecast():
    y, p = np.array([0, 0, 0, 1, 0, 1, 1, 1]), np.repeat([0.1, 0.6], 4)
    parts = brier_parts(y, np.column_stack([1 - p, p]))
    assert parts["miscalibration"] == pytest.approx(((0.1 - 0.25) ** 2 + (0.6 - 0.75) ** 2) / 2)
    assert parts["discrimination"] == pytest.approx((0.25 - 0.5) ** 2)
    assert parts["uncertainty"] == pytest.approx(0.25)


def test_forecasts_that_never_come_twice_have_parts_too():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=5000)
    y = (rng.uniform(size=p.size) < p).astype(int)
    true, bent = (brier_parts(y, np.column_stack([1 - q, q])) for q in (p, p**3))
    assert true["miscalibration"] < 0.005
    assert bent["miscalibration"] == pytest.approx(((p**3 - p) ** 2).mean(), rel=0.05)
    assert bent["discrimination"] == pytest.approx(true["discrimination"])  # order is all it looks at
    assert true["discrimination"] == pytest.approx(1 / 12, rel=0.1)  # the variance of the forecasts


def test_the_reliability_curve_accounts_for_every_sample():
    found = judge(everything(), ["accuracy"])["calibration"]
    assert sum(step["n"] for step in found["reliability"]) == 100
    assert found["ece"] == pytest.approx(0.04)  # confidence is .8 throughout, .76 are right
