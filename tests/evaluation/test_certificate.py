"""The leak certificate: nothing is found in honest folds, and each kind of leak is named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import ConfigError, Exit, InputError
from neurocli.evaluation import certificate
from neurocli.evaluation.fold import Fold
from neurocli.evaluation.split import Split

from .cohorts import recordings, table

HONEST = [
    {"leave_out": "subject"},
    {"leave_out": "recording"},
    {"k_fold": 2, "by": "subject"},
    {"k_fold": 3, "within": "recording"},
    {"leave_out": "subject", "few_shot": 2},
]


@given(split=st.sampled_from(HONEST), step=st.sampled_from([0.5, 2.0, 4.0]))
def test_our_own_splits_do_not_leak(split, step):
    entities = recordings(4)
    samples = table(entities, n=9, step=step)
    for fold in Split(**split).folds(entities):
        assert certificate.leaks(fold, samples, *fold.masks(samples)) == []


def random_windows(n, seed=0):
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[n // 5 :]), np.sort(order[: n // 5])


def test_random_overlapping_windows_are_caught():
    samples = table(recordings(2), n=40, step=2.0)
    (leak,) = certificate.leaks(Fold("random-1"), samples, *random_windows(160))
    assert leak["kind"] == "overlap"
    assert leak["units"] == [f"sub-0{s}_task-{t}" for s in (1, 2) for t in ("arithmetic", "rest")]


def test_random_windows_break_the_groups_that_were_declared():
    samples = table(recordings(2), n=40)
    fold = Fold("sub-01", ("subject",), (("01",),))
    assert {"kind": "group", "units": ["sub-01", "sub-02"]} in certificate.leaks(fold, samples, *random_windows(160))


def test_a_recording_copied_under_another_name_is_caught():
    entities = recordings(3)
    samples = table(entities)
    for i in range(6):
        samples["signal"][12 + i] = samples["signal"][i]
    fold = Split(leave_out="subject").folds(entities)[0]
    found = certificate.leaks(fold, samples, *fold.masks(samples))
    assert found == [{"kind": "duplicate_signal", "units": ["sub-01_task-arithmetic", "sub-02_task-arithmetic"]}]


def test_constant_epochs_are_equal_for_no_reason():
    entities = recordings(2)
    samples = table(entities) | {"signal": [None] * 24}
    fold = Split(leave_out="subject").folds(entities)[0]
    assert certificate.leaks(fold, samples, *fold.masks(samples)) == []


@given(
    onsets=st.lists(st.integers(0, 30), min_size=2, max_size=12),
    durations=st.lists(st.integers(1, 9), min_size=12, max_size=12),
    n_test=st.integers(1, 5),
)
def test_overlaps_are_those_of_the_slow_formula(onsets, durations, n_test):
    n = len(onsets)
    samples = {"subject": ["01"] * n, "onset": onsets, "duration": durations[:n]}
    test, train = np.arange(n)[:n_test], np.arange(n)[n_test:]
    ends = [onset + duration for onset, duration in zip(onsets, durations, strict=False)]
    slow = any(onsets[i] < ends[j] and onsets[j] < ends[i] for i in test for j in train)
    assert bool(certificate.leaks(Fold("x"), samples, train, test)) == slow


def test_a_leak_stops_with_the_fold_and_the_recordings_named():
    found = [{"kind": "overlap", "units": ["sub-01_task-rest"]}]
    with pytest.raises(InputError, match=r"Fold 'fold-1' leaks\. Windows .* share time: sub-01_task-rest") as error:
        certificate.refuse(Fold("fold-1"), found, None)
    assert error.value.code == "E-LEAK"
    assert error.value.exit_status == Exit.INPUT


def test_a_reason_lets_a_leak_pass():
    certificate.refuse(Fold("fold-1"), [{"kind": "overlap", "units": ["sub-01"]}], "to show how much it inflates")


CENTER = SimpleNamespace(name="center", by="recording", transductive=True)


def test_centring_by_recording_is_refused_where_the_recording_is_the_label():
    levels = certificate.constant_in("entity", recordings(2), "task")
    assert levels == ("recording",)
    with pytest.raises(ConfigError, match="the label is constant within each recording") as error:
        certificate.check_centering([CENTER], levels)
    assert error.value.code == "E-LEAK-CENTER"


def test_centring_by_subject_is_fine_for_tasks_and_refused_for_people():
    by_subject = SimpleNamespace(name="center", by="subject", transductive=True)
    certificate.check_centering([by_subject], certificate.constant_in("entity", recordings(2), "task"))
    with pytest.raises(ConfigError, match="within each subject"):
        certificate.check_centering([by_subject], certificate.constant_in("participants", recordings(2), "group"))


def test_sessions_with_one_task_each_are_noticed():
    entities = [{"subject": "1", "session": x, "task": x} for x in "ab"]
    assert "session" in certificate.constant_in("entity", entities, "task")
    assert "subject" not in certificate.constant_in("entity", entities, "task")


def test_labels_of_events_are_not_known_before_reading():
    assert certificate.constant_in("events", recordings(2), "trial_type") == ()


def test_transductive_members_are_named_with_their_group():
    plain = SimpleNamespace(name="standardize", transductive=False)
    assert certificate.transductive([plain, CENTER]) == ["center by recording"]
