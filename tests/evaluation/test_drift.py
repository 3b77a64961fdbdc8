"""The drift control: which recordings it takes, and when there is none."""

from __future__ import annotations

import numpy as np

from neurocli.evaluation.drift import drift_task
from neurocli.evaluation.null import exchangeable

from .cohorts import recordings, table


def control(y, samples, classes=("rest", "arithmetic")):
    return drift_task(y, classes, samples, exchangeable(y, samples))


def test_the_longer_class_is_halved_in_time():
    samples = table(recordings(2), n={"rest": 6, "arithmetic": 2})
    y = (np.array(samples["task"]) == "arithmetic").astype(int)
    found = control(y, samples)
    assert {samples["task"][i] for i in found.kept} == {"rest"}
    assert found.y.tolist() == [0, 0, 0, 1, 1, 1] * 2
    assert found.note == "first or second half of the 'rest' recordings"


def test_halves_follow_time_not_the_order_of_the_table():
    samples = table(recordings(1), n=4)
    samples["onset"] = [12.0, 8.0, 4.0, 0.0] * 2
    y = (np.array(samples["task"]) == "arithmetic").astype(int)
    assert control(y, samples).y.tolist() == [1, 1, 0, 0]


def test_blocks_within_a_recording_have_a_control_over_all_of_it():
    samples = table([{"subject": "01"}], n=12)
    found = control(np.repeat([0, 1, 0], 4), samples)
    assert len(found.kept) == 12


def test_labels_that_change_from_trial_to_trial_have_none():
    samples = table([{"subject": "01"}], n=12)
    found = control(np.arange(12) % 2, samples)
    assert len(found.kept) == 0
    assert "changes from sample to sample" in found.note


def test_a_label_of_the_person_and_a_number_have_none():
    samples = table(recordings(2))
    y = (np.array(samples["subject"]) == "01").astype(int)
    assert "label is the subject's" in control(y, samples).note
    assert "number" in control(y.astype(float), samples, classes=()).note
