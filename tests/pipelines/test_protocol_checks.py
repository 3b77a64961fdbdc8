"""Protocols that do not fit the rest of a pipeline are refused at their line."""

from __future__ import annotations

import pytest

from neurocli.pipelines.config import load

TEXT = """version: 1
pipelines:
  one:
    input: {datatype: eeg}
    target: {events: trial_type, positive: face}
    preprocess: [{epoch: {events: trial_type, tmax: 0.6 s}}]
    train:
      split: {leave_out: subject}
      model: [vectorize, lda]
      over_time: {window: 40 ms, generalise: true}
    evaluate: {metrics: [roc_auc], clusters: {permutations: 200}}
"""
EVENTS, OVER_TIME = "target: {events: trial_type, positive: face}", "over_time: {window: 40 ms, generalise: true}"
MISTAKES = [
    (f"      {OVER_TIME}\n", "", "E-CONFIG-STAGE", "10:36", "evaluate.clusters tests decoding over time, and there is"),
    (OVER_TIME, "over_time: {window: -1 s}", "E-CONFIG-VALUE", "10:27", "train.over_time.window"),
    (OVER_TIME, "over_time: {windw: 1 s}", "E-CONFIG-UNKNOWN", "10:19", "Did you mean 'window'?"),
    ("    train:", "    featurize: [log_variance]\n    train:", "E-CONFIG-STAGE", "11:7", "featurize leaves none"),
    (OVER_TIME, OVER_TIME + "\n      search: {over: {lda.shrinkage: [0, 1]}}", "E-CONFIG-STAGE", "10:7", "one model"),
    ("{leave_out: subject}", "{within: recording, k_fold: 3}\n      few_shot: [0, 2]", "E-CONFIG-STAGE", "9:7",
     "holds out none whole"),
    ("{leave_out: subject}", "{leave_out: subject, few_shot: 2}\n      few_shot: [0, 2]", "E-CONFIG-STAGE", "9:7",
     "the split takes 2 already"),
    (OVER_TIME, OVER_TIME + "\n      few_shot: [2, 1]", "E-CONFIG-VALUE", "11:17", "rise from 0 on, got 2, 1"),
    (OVER_TIME, OVER_TIME + "\n      ablation: [0, 2]", "E-CONFIG-VALUE", "11:17", "shares rise from 0 to 1, got 0, 2"),
    (OVER_TIME, OVER_TIME + "\n      ablation: {}", "E-CONFIG-STAGE", "11:7", "there is no featurize"),
    ("face}", "face, otherwise: none}", "E-CONFIG-STAGE", "5:61", "cuts them round events alone"),
    (EVENTS, "target: {entity: task, otherwise: none}", "E-CONFIG-VALUE", "5:39", "'otherwise' goes with events"),
    (EVENTS, "target: {events: trial_type, otherwise: ''}", "E-CONFIG-VALUE", "5:45", "at least 1 characters"),
    (EVENTS, "target: {events: trial_type, ahead: 5 min}", "E-CONFIG-VALUE", "5:34", "'ahead' needs `positive`"),
    ("face}", "face, ahead: {occurrence: 5 parsec}}", "E-CONFIG-UNIT", "5:70", "parsec"),
    ("face}", "face, only: [face, a], ahead: 5 min}", "E-CONFIG-VALUE", "5:67", "leave 'only' and 'otherwise' out"),
    ("[roc_auc]", "[roc_auc], forecast: {k: 2, n: 3}", "E-CONFIG-STAGE", "11:36", "the target foretells none"),
    ("[roc_auc]", "[roc_auc], forecast: {k: 4, n: 3}", "E-CONFIG-VALUE", "11:56", "4 is more than 3"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "where", "said"), MISTAKES)
def test_a_protocol_that_does_not_fit_is_refused_at_its_line(tmp_path, monkeypatch, old, new, code, where, said):
    monkeypatch.chdir(tmp_path)
    assert old in TEXT
    (tmp_path / "pipelines.yaml").write_text(TEXT.replace(old, new))
    problems = load(tmp_path / "pipelines.yaml").problems()
    found = [problem for problem in problems if said in str(problem)]
    assert [(problem.code, problem.where) for problem in found] == [(code, f"pipelines.yaml:{where}")], problems


def test_bare_values_stand_for_the_first_setting(tmp_path):
    changed = TEXT.replace("{window: 40 ms, generalise: true}", "40 ms").replace("{permutations: 200}", "200")
    changed = changed.replace("face}", "face, ahead: 5 min}").replace(
        "events: trial_type, tmax: 0.6 s", "duration: 4 s"
    )
    (tmp_path / "pipelines.yaml").write_text(changed)
    pipeline = load(tmp_path / "pipelines.yaml").pipelines["one"]
    assert pipeline.train.over_time.window == 0.04
    assert pipeline.evaluate.clusters.permutations == 200
    assert pipeline.target.ahead.occurrence == 300
    assert pipeline.target.document()["ahead"]["recovery"] == 600


def test_what_is_not_asked_for_leaves_no_trace_in_a_key(tmp_path):
    (tmp_path / "pipelines.yaml").write_text(TEXT)
    pipeline = load(tmp_path / "pipelines.yaml").pipelines["one"]
    assert {"otherwise", "ahead"}.isdisjoint(pipeline.target.document())
    assert set(pipeline.train.protocols()) == {"over_time"}
