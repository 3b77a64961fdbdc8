"""Pipelines compared from their scores: order, pairing, and correction for their number."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import ConfigError
from neurocli.evaluation.compare import compare, holm


def document(values, best="max", metric="accuracy"):
    rows = [{"subject": f"{i:02}", "value": v, "n_samples": 20} for i, v in enumerate(values)]
    folds = [{"fold": f"sub-{i:02}", "value": v, "n_samples": 20, "n_train": 220} for i, v in enumerate(values)]
    score = {
        "metric": metric, "best": best, "mean": float(np.mean(values)), "ci": None, "chance": 0.5, "p_null": 0.01,
        "n_subjects": len(values), "null_facts": {"mean": 0.5}, "rivals": {"majority": 0.5, "linear": 0.6},
        "per_subject": rows, "per_fold": folds,
    }  # fmt: skip
    return {"scores": [score]}


RNG = np.random.default_rng(0)
GOOD, FAIR, SAME = RNG.normal(0.9, 0.02, 12), RNG.normal(0.7, 0.02, 12), RNG.normal(0.7, 0.02, 12)


def test_a_clear_difference_is_found_and_none_is_not():
    found = compare({"fair": document(FAIR), "good": document(GOOD), "same": document(SAME)}, "accuracy")
    assert found["rows"][0]["pipeline"] == "good"
    assert found["rows"][0]["shuffled"] == 0.5
    assert found["rows"][0]["linear"] == 0.6
    first, second, third = found["pairs"]
    for pair in (first, second):
        assert pair["better"] == "good"
        assert pair["p_subjects"] == pytest.approx(3 * 2 / 2**12, rel=0.5)  # the smallest possible, of three
        assert pair["p_folds"] < 0.001
        assert pair["probability"]["better"] > 0.99
        assert pair["difference"] == pytest.approx(0.2, abs=0.02)
    assert third["p_subjects"] > 0.05
    assert third["p_folds"] > 0.05
    json.dumps(found, allow_nan=False)


def test_low_is_good_where_the_metric_is_an_error():
    found = compare({"bad": document(GOOD, "min"), "good": document(FAIR, "min")}, "accuracy")
    assert [row["pipeline"] for row in found["rows"]] == ["good", "bad"]
    assert found["pairs"][0]["difference"] > 0


def test_only_what_both_have_is_compared():
    found = compare({"a": document(GOOD), "b": document(FAIR[:9])}, "accuracy")
    assert found["pairs"][0]["n_subjects"] == 9


def test_one_subject_is_no_test():
    pair = compare({"a": document(GOOD[:1]), "b": document(FAIR[:1])}, "accuracy")["pairs"][0]
    assert pair["p_subjects"] is None
    assert pair["p_folds"] is None


def test_a_metric_that_a_run_lacks_is_named():
    with pytest.raises(ConfigError, match="b: Unknown metric 'accuracy'") as error:
        compare({"a": document(GOOD), "b": document(GOOD, metric="f1")}, "accuracy")
    assert error.value.code == "E-CONFIG-METRIC"


def test_holm_by_hand():
    assert holm([0.01, 0.04, None, 0.03]) == pytest.approx([0.03, 0.06, None, 0.06])


@given(p=st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_and_keeps_the_order(p):
    corrected = holm(p)
    assert all(1 >= c >= raw for c, raw in zip(corrected, p, strict=True))
    order = np.argsort(p, kind="stable")
    assert all(np.diff([corrected[i] for i in order]) >= 0)
