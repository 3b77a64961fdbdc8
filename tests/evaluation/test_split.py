"""The split: laws over generated cohorts, and each way of splitting on a cohort small enough to see."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurocli.data.samples import constant, joined
from neurocli.errors import ConfigError, Exit, InputError
from neurocli.evaluation.split import Fold, Split, folds


def cohort(n_subjects=4, tasks=("arithmetic", "rest"), runs=(None,)):
    return [
        {"subject": f"{i + 1:02}", "task": task} | ({"run": run} if run else {})
        for i in range(n_subjects)
        for task in tasks
        for run in runs
    ]


def table(recordings, n=6, duration=4.0, step=4.0):
    rows = [constant(r, n) | {"onset": [step * i for i in range(n)], "duration": [duration] * n} for r in recordings]
    return joined(rows)


SPLITS = [
    {"leave_out": "subject"},
    {"leave_out": "run"},
    {"leave_out": "recording"},
    {"leave_out": "task"},
    {"leave_out": "run", "within": "subject"},
    {"k_fold": 2, "by": "subject"},
    {"k_fold": 3, "within": "recording"},
    {"k_fold": 3, "within": "subject"},
    {"fixed": {"test": {"subject": ["01"]}}},
    {"leave_out": "subject", "few_shot": 1},
]


@given(
    split=st.sampled_from(SPLITS),
    n_subjects=st.integers(2, 5),
    n=st.integers(3, 9),
    step=st.sampled_from([1.0, 2.0, 4.0]),
    seed=st.integers(0, 9),
)
def test_train_and_test_are_disjoint_in_samples_and_in_time(split, n_subjects, n, step, seed):
    recordings = cohort(n_subjects, runs=("1", "2"))
    samples = table(recordings, n, step=step)
    for fold in Split(**split).folds(recordings, seed=seed):
        train, test = fold.masks(samples)
        assert not set(train) & set(test)
        for i in test:
            same = [j for j in train if all(samples[k][i] == samples[k][j] for k in ("subject", "task", "run"))]
            assert all(abs(samples["onset"][i] - samples["onset"][j]) >= 4.0 for j in same)


@given(
    split=st.sampled_from([s for s in SPLITS if "fixed" not in s and "few_shot" not in s]), n_subjects=st.integers(2, 5)
)
def test_every_sample_is_tested_exactly_once(split, n_subjects):
    recordings = cohort(n_subjects, runs=("1", "2"))
    samples = table(recordings)
    tested = np.concatenate([fold.masks(samples)[1] for fold in Split(**split).folds(recordings)])
    assert sorted(tested) == list(range(len(samples["subject"])))


@given(split=st.sampled_from(SPLITS), seed=st.integers(0, 9))
def test_a_fold_survives_json_and_the_order_of_recordings(split, seed):
    recordings = cohort(runs=("1", "2"))
    found = Split(**split).folds(recordings, seed=seed)
    assert [Fold.from_dict(json.loads(json.dumps(fold.to_dict()))) for fold in found] == found
    assert len({fold.name for fold in found}) == len(found)
    again = Split(**split).folds(recordings[::-1], seed=seed)
    samples = table(recordings)
    for one, other in zip(found, again, strict=True):
        assert one.name == other.name
        assert [list(part) for part in one.masks(samples)] == [list(part) for part in other.masks(samples)]


def test_a_subject_left_out_has_nothing_in_training():
    recordings = cohort(3)
    first, *_ = folds(Split(leave_out="subject"), recordings)
    assert first.name == "sub-01"
    train, test = first.masks(table(recordings))
    assert list(test) == list(range(12))
    assert list(train) == list(range(12, 36))


def test_a_bare_word_leaves_that_group_out():
    assert Split.model_validate("subject") == Split(leave_out="subject")


def test_runs_belong_to_their_subject():
    names = [fold.name for fold in Split(leave_out="run").folds(cohort(2, runs=("1", "2")))]
    assert names == ["sub-01_run-1", "sub-01_run-2", "sub-02_run-1", "sub-02_run-2"]


def test_within_a_subject_only_that_subject_trains():
    recordings = cohort(2, runs=("1", "2"))
    samples = table(recordings)
    train, test = Split(leave_out="run", within="subject").folds(recordings)[0].masks(samples)
    assert {samples["subject"][i] for i in [*train, *test]} == {"01"}
    assert {samples["run"][i] for i in train} == {"2"}


def test_run_10_comes_after_run_2():
    recordings = [{"subject": "1", "run": run} for run in ("10", "2", "1")]
    names = [f.name for f in Split(leave_out="run", within="subject", forward=True).folds(recordings)]
    assert names == ["sub-1_run-2", "sub-1_run-10"]


def test_forward_trains_on_earlier_runs_only():
    recordings = [{"subject": "1", "run": run} for run in "123"]
    samples = table(recordings)
    split = Split(leave_out="run", within="subject", forward=True)
    seen = [{samples["run"][i] for i in fold.masks(samples)[0]} for fold in split.folds(recordings)]
    assert seen == [{"1"}, {"1", "2"}]


def test_forward_blocks_train_on_the_past_only():
    recordings = cohort(1)
    samples = table(recordings, n=9)
    for fold in Split(within="recording", k_fold=3, forward=True).folds(recordings):
        train, test = fold.masks(samples)
        assert max(samples["onset"][i] for i in train) < min(samples["onset"][i] for i in test)


def test_blocks_are_contiguous_and_have_a_gap_of_one_sample():
    recordings = [{"subject": "01"}]
    samples = table(recordings, n=9)
    train, test = Split(within="recording", k_fold=3).folds(recordings)[1].masks(samples)
    assert list(test) == [3, 4, 5]
    assert list(train) == [0, 1, 7, 8]
    train, _ = Split(within="recording", k_fold=3, gap="0 s").folds(recordings)[1].masks(samples)
    assert list(train) == [0, 1, 2, 6, 7, 8]


def test_overlapping_windows_are_never_on_both_sides_even_without_a_gap():
    recordings = [{"subject": "01"}]
    samples = table(recordings, n=12, duration=4.0, step=1.0)
    train, test = Split(within="recording", k_fold=3, gap=0).folds(recordings)[0].masks(samples)
    assert list(test) == [0, 1, 2, 3]
    assert list(train) == [7, 8, 9, 10, 11]  # the last test sample ends at 7 s


def test_few_shots_are_the_first_samples_of_each_class():
    recordings = cohort(2)
    samples = table(recordings)
    fold = Split(leave_out="subject", few_shot=2).folds(recordings)[0]
    train, test = fold.masks(samples, samples["task"])
    assert [i for i in train if samples["subject"][i] == "01"] == [0, 1, 6, 7]
    assert list(test) == [2, 3, 4, 5, 8, 9, 10, 11]


def test_k_fold_keeps_groups_whole_and_even_and_moves_with_the_seed():
    recordings = cohort(7)
    split = Split(k_fold=3, by="subject")
    sizes = [len(fold.held_out) for fold in split.folds(recordings)]
    assert sorted(sizes) == [2, 2, 3]
    assert split.folds(recordings, seed=1) == split.folds(recordings, seed=1)
    assert any(split.folds(recordings, seed=s) != split.folds(recordings, seed=0) for s in range(1, 4))


def test_stratify_spreads_a_column():
    people = {f"{i + 1:02}": {"group": "patient" if i < 4 else "control"} for i in range(8)}
    for fold in Split(k_fold=4, by="subject", stratify="group").folds(cohort(8), people):
        assert {people[subject]["group"] for (subject,) in fold.held_out} == {"patient", "control"}


def test_repeats_deal_anew():
    found = Split(k_fold=2, by="subject", repeats=2).folds(cohort(6))
    assert [fold.name for fold in found] == ["repeat-1_fold-1", "repeat-1_fold-2", "repeat-2_fold-1", "repeat-2_fold-2"]
    assert found[0].held_out not in (found[2].held_out, found[3].held_out)


@pytest.mark.parametrize("prefix", ["", "sub-"])
def test_a_site_is_a_column_of_the_participants(prefix):
    people = {f"{prefix}{i + 1:02}": {"site": "AB"[i // 2]} for i in range(4)}
    found = Split(leave_out="site").folds(cohort(4), people)
    assert [fold.name for fold in found] == ["site-A", "site-B"]
    assert found[0].held_out == (("01",), ("02",))


def test_fixed_lists_name_their_missing():
    fixed = {"test": {"subject": ["01", "99"]}, "train": {"subject": ["02"], "task": "rest"}}
    (fold,) = Split(fixed=fixed).folds(cohort(3))
    assert fold.missing == ("subject-99",)
    train, test = fold.masks(table(cohort(3)))
    assert len(test) == 12
    assert len(train) == 6


@pytest.mark.parametrize(
    ("split", "recordings", "sentence"),
    [
        ({"leave_out": "subject"}, cohort(1), "needs at least 2 groups by 'subject', and there are 1: sub-01"),
        ({"k_fold": 5, "by": "subject"}, cohort(4), "needs at least 5 groups by 'subject', and there are 4"),
        ({"leave_out": "run", "within": "subject"}, cohort(2, runs=("1",)), "by 'run' within sub-01"),
        ({"fixed": {"test": {"subject": "99"}}}, cohort(2), "leaves nobody to test"),
        ({"fixed": {"test": {"subject": ["01", "02"]}}}, cohort(2), "leaves nobody to train"),
        ({"leave_out": "run"}, [*cohort(2), {"subject": "03", "run": "1"}], "'run', which is not known of sub-01_task"),
        (
            {"fixed": {"test": {"subject": ["01"]}, "train": {"subject": ["01", "02"]}}},
            cohort(2),
            "both trains on and tests sub-01",
        ),
    ],
)
def test_recordings_that_cannot_be_split_are_refused(split, recordings, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        Split(**split).folds(recordings)
    assert error.value.code == "E-INPUT-FOLDS"
    assert error.value.exit_status == Exit.INPUT


def test_a_subject_without_a_site_is_named():
    with pytest.raises(InputError, match="'site', which is not known of sub-02_task-arithmetic, sub-02_task-rest"):
        Split(leave_out="site").folds(cohort(2), {"01": {"site": "A"}, "02": {"site": "n/a"}})


def test_an_unknown_group_has_a_nearest_name():
    with pytest.raises(ConfigError, match="Did you mean 'subject'") as error:
        Split(leave_out="subjct").folds(cohort())
    assert error.value.code == "E-CONFIG-SPLIT"


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        ({}, "give one of leave_out, k_fold or fixed, got none"),
        ({"leave_out": "subject", "k_fold": 5, "by": "subject"}, "got leave_out and k_fold"),
        ({"k_fold": 5}, "k_fold needs"),
        ({"k_fold": 1, "by": "subject"}, "greater than or equal to 2"),
        ({"leave_out": "subject", "gap": "4 s"}, "'gap' does not go with this split"),
        ({"k_fold": 5, "within": "recording", "gap": "4 Hz"}, "is a frequency, expected a time"),
        ({"leave_out": "subject", "stratify": "age"}, "'stratify' does not go"),
        ({"leave_one": "subject"}, "Extra inputs"),
    ],
)
def test_a_split_that_says_two_things_is_refused(split, sentence):
    with pytest.raises(ValidationError, match=sentence):
        Split(**split)


@pytest.mark.parametrize(
    ("split", "speaks"),
    [
        ({"leave_out": "subject"}, "new subjects"),
        ({"k_fold": 5, "by": "subject"}, "new subjects"),
        ({"leave_out": "run"}, "new runs of the same subjects"),
        ({"leave_out": "run", "within": "subject", "forward": True}, "later runs of the same subjects"),
        ({"within": "recording", "k_fold": 5}, "other times of the same recordings"),
        ({"leave_out": "scanner"}, "a new scanner"),
        ({"leave_out": "subject", "few_shot": 5}, "new subjects, after 5 samples a class of their own"),
    ],
)
def test_a_split_says_to_whom_it_speaks(split, speaks):
    assert Split(**split).generalises_to == speaks


def test_the_split_imports_no_numpy():
    code = "import sys; import neurocli.evaluation.split; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("split", "keys"), [("subject", ("subject",)), ("run", ("subject", "run"))])
def test_leaving_groups_out_is_that_of_scikit_learn(split, keys):
    from sklearn.model_selection import LeaveOneGroupOut

    recordings = cohort(3, runs=("1", "2"))
    samples = table(recordings)
    groups = ["/".join(row) for row in zip(*(samples[key] for key in keys), strict=True)]
    theirs = LeaveOneGroupOut().split(np.zeros(len(groups)), groups=groups)
    ours = [fold.masks(samples) for fold in Split(leave_out=split).folds(recordings)]
    for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(test, their_test)


def test_sessions_within_a_subject_are_the_cross_session_evaluation_of_benchmarks():
    """Each session of each subject once, trained on that subject's other sessions alone."""
    recordings = [{"subject": s, "session": x} for s in "12" for x in "abc"]
    samples = table(recordings)
    found = Split(leave_out="session", within="subject").folds(recordings)
    assert [fold.name for fold in found] == [f"sub-{s}_ses-{x}" for s in "12" for x in "abc"]
    for fold in found:
        train, test = fold.masks(samples)
        assert {samples["subject"][i] for i in train} == {samples["subject"][i] for i in test}
        assert len({samples["session"][i] for i in train}) == 2
