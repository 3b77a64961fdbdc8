"""The cohort: recordings joined by name, read by index, and refused when they do not match."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.data.features import Block, Features
from neurocli.data.recording import Epochs, Recording
from neurocli.data.samples import constant
from neurocli.errors import ConfigError, InputError
from neurocli.pipelines.cohort import gather


def features(subject, n=3, columns=("a/C3", "a/C4"), seed=0, **blocks):
    values = np.random.default_rng([seed, int(subject)]).normal(size=(n, len(columns))).astype(np.float32)
    blocks = blocks or {"a": (values, columns)}
    made = tuple(Block(name, array, tuple(names), "V^2") for name, (array, names) in blocks.items())
    entities = {"subject": subject, "task": "rest"}
    samples = {**constant(entities, n), "onset": [4.0 * i for i in range(n)]}
    return Features(made, samples, entities, sfreq=100.0)


def epochs(subject, ch_names=("C3", "C4"), n_times=5, sfreq=100.0):
    data = np.random.default_rng(int(subject)).normal(size=(4, len(ch_names), n_times))
    kinds = {"ch_types": ("eeg",) * len(ch_names), "units": ("V",) * len(ch_names)}
    entities = {"subject": subject}
    return Epochs(data, sfreq, 0.0, tuple(ch_names), entities=entities, samples=constant(entities, 4), **kinds)


@given(index=st.lists(st.integers(0, 8), max_size=12))
def test_rows_come_in_the_order_of_the_index(index):
    parts = [features("01"), features("02", n=4), features("03", n=2)]
    whole = np.concatenate([part.blocks[0].values for part in parts])
    found = gather(parts).X(np.array(index, int))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, whole[index])


def test_samples_stand_one_below_the_other():
    cohort = gather([features("01"), features("02", n=1)])
    assert cohort.samples["subject"] == ["01", "01", "01", "02"]
    assert cohort.columns == ("a/C3", "a/C4")
    assert cohort.n_samples == 4


def test_columns_of_several_features_are_joined():
    one = np.arange(6.0).reshape(3, 2)
    two = np.arange(12.0).reshape(3, 2, 2)
    part = features("01", one=(one, ("x", "y")), two=(two, ("p", "q", "r", "s")))
    cohort = gather([part])
    assert cohort.columns == ("x", "y", "p", "q", "r", "s")
    np.testing.assert_array_equal(cohort.X(), np.column_stack([one, two.reshape(3, 4)]))


def test_channels_in_another_order_are_matched_by_name():
    first, second = epochs("01"), epochs("02", ("C4", "C3"))
    found = gather([first, second]).X()
    np.testing.assert_array_equal(found[4:], second.data[:, ::-1])


def test_one_array_a_sample_keeps_its_shape():
    cov = np.ones((3, 2, 2))
    assert gather([features("01", cov=(cov, ()))]).X().shape == (3, 2, 2)


def test_only_the_recordings_asked_for_are_read():
    class Unread:
        ndim, shape = 2, (3, 2)

        def __getitem__(self, rows):
            raise AssertionError("this recording was not asked for")

    silent = features("02", a=(Unread(), ("a/C3", "a/C4")))
    assert gather([features("01"), silent]).X(np.array([2, 0])).shape == (2, 2)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            [features("01"), features("02", columns=("a/C3", "a/Cz"))],
            "sub-02_task-rest lacks a/C4 and has besides a/Cz, unlike sub-01",
        ),
        ([epochs("01"), epochs("02", ("C3",))], "sub-02 lacks C4, unlike sub-01"),
        ([epochs("01"), epochs("02", n_times=6)], "samples of shape (6,), not (5,)"),
        ([epochs("01"), epochs("02", sfreq=250.0)], "sampled at 250 Hz, not 100 Hz"),
        ([features("01", c=(np.ones((3, 2, 2)), ())), features("02", c=(np.ones((3, 4, 4)), ()))], "shape (4, 4)"),
        ([], "no recording to learn from"),
    ],
)
def test_recordings_that_do_not_match_are_named(parts, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)) as error:
        gather(parts)
    assert error.value.code == "E-INPUT-COHORT"


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (Recording(np.ones((1, 9)), 100.0, ("C3",), ("eeg",), ("V",), {"subject": "01"}), "gives a Recording"),
        (features("01", c=(np.ones((3, 2, 2)), ()), a=(np.ones((3, 1)), ("a",))), "c is neither"),
    ],
)
def test_what_is_no_sample_is_refused(part, sentence):
    with pytest.raises(ConfigError, match=sentence) as error:
        gather([part])
    assert error.value.code == "E-CONFIG-COHORT"
