"""Scorers of seizures side by side, alarms, and the community's tables."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.data.fitted import Fitted
from neurocli.data.hed_score import Annotation, Annotations, from_tsv, to_tsv
from neurocli.errors import InputError
from neurocli.evaluation.seizures.alarms import alarms, events_of, k_of_n
from neurocli.evaluation.seizures.counts import pooled
from neurocli.evaluation.seizures.files import score_folders, scored_folders
from neurocli.evaluation.seizures.forecasting import forecast
from neurocli.evaluation.seizures.side_by_side import SCORERS, side_by_side
from neurocli.evaluation.seizures.szcore import event_counts

HOUR = 900  # windows of 4 s


def fit(subject, true, said, n=HOUR, seed=1, classes=("bckg", "sz")):
    """Return a fold: windows of 4 s, labelled and scored 0.9 between the given windows, 0.1 elsewhere."""
    y, p = np.zeros(n, int), np.full(n, 0.1)
    for first, last in true:
        y[first:last] = 1
    for first, last in said:
        p[first:last] = 0.9
    samples = {"subject": [subject] * n, "task": ["szMonitoring"] * n}
    samples |= {"onset": [4.0 * i for i in range(n)], "duration": [4.0] * n}
    return Fitted("model", f"sub-{subject}", y, np.column_stack([1 - p, p]), samples, classes, saw={"seed": seed})


def test_every_scorer_has_a_row_and_they_differ():
    """One hour: an event of 80 s found but for its first 20 s, one of 40 s missed, and a false one of 40 s."""
    found = side_by_side([fit("01", [(100, 120), (500, 510)], [(105, 120), (800, 810)])])
    rows = {row["scorer"]: row["pooled"] for row in found["scorers"]}
    assert rows.keys() == SCORERS.keys()
    assert rows["SzCORE event"]["sensitivity"] == 0.5
    assert rows["SzCORE event"]["fp_per_day"] == pytest.approx(24)
    assert rows["NEDC OVLP"]["f1"] == 0.5
    assert rows["NEDC TAES"]["sensitivity"] == pytest.approx(0.75 / 2)
    assert rows["SzCORE sample"]["sensitivity"] == pytest.approx(60 / 120)
    assert rows["NEDC EPOCH"]["precision"] == pytest.approx(0.6, abs=0.01)
    assert found["latency"] == {"median_s": 20.0, "n_found": 1, "n_events": 2}
    assert found["recordings"][0]["detected"] == [[420.0, 480.0, 0.9], [3200.0, 3240.0, 0.9]]
    assert found["recordings"][0]["recording"] == "sub-01_task-szMonitoring"


def test_rates_are_pooled_and_means_over_subjects():
    """Three events in one subject, all found; one in the other, missed: 3 / 4 pooled, 1 / 2 as a mean."""
    events = [(100, 110), (300, 310), (600, 610)]
    found = side_by_side([fit("01", events, events), fit("02", [(400, 410)], [])])
    row = found["scorers"][0]
    assert row["pooled"]["sensitivity"] == 0.75
    assert row["per_subject"]["sensitivity"] == 0.5
    assert row["per_subject"]["precision"] == 1.0  # of the only subject of whom something was said


def test_false_alarms_at_a_fixed_sensitivity_are_those_of_the_threshold_that_reaches_it():
    found = side_by_side([fit("01", [(100, 110)], [(100, 110), (800, 805)])], sensitivity=1.0)
    assert found["false_alarms"] == {"sensitivity": 1.0, "per_hour": 1.0, "threshold": 0.9}


def test_clips_get_scores_but_no_rates_in_time():
    found = side_by_side([fit("01", [(10, 20)], [(12, 20)], n=60)])
    assert found["false_alarms"]["refused"] == found["latency"]["refused"] == "E-INPUT-CLIPS"
    assert found["scorers"][0]["pooled"]["sensitivity"] == 1.0


def test_folds_of_one_recording_are_put_together_and_one_seed_is_enough():
    whole = fit("01", [(100, 120)], [(105, 120)])
    halves = []
    for rows in (np.arange(450, 900), np.arange(450)):
        samples = {name: [column[i] for i in rows] for name, column in whole.samples.items()}
        halves.append(Fitted("model", f"b{rows[0]}", whole.y_true[rows], whole.y_score[rows], samples, whole.classes))
    again = [fit("01", [(100, 120)], [(700, 720)], seed=2)]
    assert side_by_side(halves) == side_by_side([whole, *again])


def test_decision_values_are_thresholded_where_the_model_decides():
    one = fit("01", [(100, 120)], [(105, 120)])
    d = np.where(one.y_score[:, 1] > 0.5, 3.0, -2.0)
    other = Fitted("model", one.fold, one.y_true, np.column_stack([-d, d]), one.samples, one.classes, saw=one.saw)
    found = side_by_side([other])
    assert found["scorers"] == side_by_side([one])["scorers"]


def test_three_classes_are_refused():
    with pytest.raises(InputError, match="two classes, and there are 3") as caught:
        side_by_side([fit("01", [], [], classes=("a", "b", "c"))])
    assert caught.value.code == "E-INPUT-CLASSES"


def test_windows_without_an_onset_are_refused():
    one = fit("01", [], [])
    one.samples["onset"] = [None] * HOUR
    with pytest.raises(InputError, match="windows have no onset"):
        side_by_side([one])


# -- alarms -----------------------------------------------------------------------------------------------------------


@given(high=st.lists(st.booleans(), min_size=1, max_size=40), n=st.integers(1, 6), data=st.data())
def test_k_of_n_counts_the_last_n(high, n, data):
    k = data.draw(st.integers(1, n))
    found = k_of_n(np.array(high), k, n)
    assert found.tolist() == [sum(high[max(0, i + 1 - n) : i + 1]) >= k for i in range(len(high))]


def test_an_alarm_comes_when_its_window_ends_and_then_there_is_peace():
    onset = np.arange(0, 100, 5.0)
    high = np.isin(onset, [10, 15, 40, 80])
    assert alarms(onset, high, window=5.0, refractory=30.0) == [15.0, 45.0, 85.0]
    assert events_of(onset, high, 5.0) == [(10.0, 20.0), (40.0, 45.0), (80.0, 85.0)]


def test_a_random_forecaster_is_exposed_and_one_that_knows_is_not():
    """Scores of windows over three days: noise, or raised in the half hour before an onset; k of n alarms of both."""
    rng = np.random.default_rng(0)
    duration, window = 3 * 86_400.0, 60.0
    onset = np.arange(0, duration, window)
    seizures = np.sort(rng.uniform(7200, duration, 12))
    preictal = np.any((onset[:, None] > seizures - 2100) & (onset[:, None] < seizures - 300), axis=1)
    found = {}
    for name, score in {
        "random": rng.normal(size=len(onset)),
        "knows": rng.normal(size=len(onset)) + 2 * preictal,
    }.items():
        high = k_of_n(score > 1.0, 4, 6)
        raised = alarms(onset, high, window=window, refractory=1800.0)
        found[name] = forecast(raised, seizures, duration, np.random.default_rng(1))
    assert found["random"].p > 0.05
    assert found["knows"].p < 0.01
    assert found["knows"].improvement > 0.4 > found["random"].improvement


# -- tables -----------------------------------------------------------------------------------------------------------

GOLDEN = (
    "onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration\n"
    "296.00\t40.00\tsz-foc-ia\t0.8700\tT7,P7\t2016-11-06 13:43:04\t3600.00\n"
    "1467.00\t27.00\tsz\tn/a\tn/a\t2016-11-06 13:43:04\t3600.00\n"
)
START = datetime(2016, 11, 6, 13, 43, 4)


def test_the_table_is_the_communitys(tmp_path):
    rows = (Annotation(1467, 27), Annotation(296, 40, "sz-foc-ia", 0.87, ("T7", "P7")))
    assert to_tsv(Annotations(rows, 3600, START)) == GOLDEN
    (tmp_path / "events.tsv").write_text(GOLDEN)
    found = from_tsv(tmp_path / "events.tsv")
    assert found == Annotations(rows[::-1], 3600, START)
    assert found.seizures == [(296, 336), (1467, 1494)]


def test_a_recording_without_seizures_is_one_row_of_background(tmp_path):
    (tmp_path / "events.tsv").write_text(to_tsv(Annotations((), 60, START)))
    found = from_tsv(tmp_path / "events.tsv")
    assert found.rows == (Annotation(0, 60, "bckg"),)
    assert found.seizures == []


def test_the_tables_of_real_recordings_are_read(shared_data):
    paths = sorted((shared_data / "seizure" / "chbmit").rglob("*_events.tsv"))
    found = [from_tsv(path) for path in paths]
    assert {row.event_type for one in found for row in one.rows} == {"bckg", "sz"}
    assert sum(len(one.seizures) for one in found) == sum("\tsz\t" in path.read_text() for path in paths)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: a table of seizures lacks the columns onset"),
        (GOLDEN.splitlines()[0] + "\n", "line 1: a table of seizures has no rows"),
        (GOLDEN + "1\t2\n", "line 4: a table of seizures has 2 cells for 7 columns"),
        (GOLDEN.replace("296.00", "soon"), "could not convert string to float: 'soon'"),
    ],
)
def test_a_table_that_is_none_is_named(tmp_path, text, said):
    (tmp_path / "events.tsv").write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        from_tsv(tmp_path / "events.tsv")
    assert caught.value.code == "E-INPUT-EVENTS"


def test_folders_of_tables_are_scored_by_every_scorer(tmp_path):
    for folder, rows in (("ref", (Annotation(100, 60),)), ("hyp", (Annotation(110, 20), Annotation(2000, 30)))):
        (tmp_path / folder / "sub-01").mkdir(parents=True)
        (tmp_path / folder / "sub-01" / "a.tsv").write_text(to_tsv(Annotations(rows, 3600, START)))
    counts = score_folders(tmp_path / "ref", tmp_path / "hyp")
    assert counts.keys() == SCORERS.keys()
    expected = event_counts([(100, 160)], [(110, 130), (2000, 2030)], 3600)
    assert pooled(list(counts["SzCORE event"].values())) == expected
    (tmp_path / "hyp" / "sub-01" / "a.tsv").unlink()
    with pytest.raises(InputError, match=r"1 of 1 annotated recordings have no table of detections: sub-01/a.tsv"):
        score_folders(tmp_path / "ref", tmp_path / "hyp")


def write_tables(root, folder, tables, duration):
    for name, rows in tables.items():
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_tsv(Annotations(tuple(Annotation(*row) for row in rows), duration, START)))


def test_rates_of_folders_are_pooled_and_means_over_subjects(tmp_path):
    true = {"sub-01/a_events.tsv": [(100, 60)], "sub-02/a_events.tsv": [(100, 60)], "sub-02/b_events.tsv": [(900, 60)]}
    said = {"sub-01/a_desc-net_events.tsv": [(110, 20)], "sub-02/a_events.tsv": [(2000, 30)], "sub-02/b_events.tsv": []}
    write_tables(tmp_path, "ref", true, 3600)
    write_tables(tmp_path, "hyp", said, 3600)
    (tmp_path / "ref" / "participants.tsv").write_text("participant_id\nsub-01\n")  # a dataset has other tables, too
    found = scored_folders(tmp_path / "ref", tmp_path / "hyp")
    assert (found["n_recordings"], found["n_subjects"]) == (3, 2)
    assert found["latency"] == {"median_s": 10.0, "n_found": 1, "n_events": 3}
    row = next(row for row in found["scorers"] if row["scorer"] == "SzCORE event")
    assert row["counts"] == {"tp": 1, "fn": 2, "fp": 1}
    assert row["pooled"]["sensitivity"] == pytest.approx(1 / 3)
    assert row["pooled"]["fp_per_day"] == pytest.approx(8.0)  # one in three hours
    assert row["per_subject"]["sensitivity"] == pytest.approx((1 + 0) / 2)


def test_rates_over_time_are_refused_for_clips(tmp_path):
    for folder in ("ref", "hyp"):
        write_tables(tmp_path, folder, {"sub-01/a.tsv": [(10, 20)]}, 60)
    found = scored_folders(tmp_path / "ref", tmp_path / "hyp")
    assert found["refused"] == "E-INPUT-CLIPS"
    assert found["latency"] is None
    assert all(row["pooled"]["fp_per_day"] is None and row["pooled"]["f1"] == 1 for row in found["scorers"])
