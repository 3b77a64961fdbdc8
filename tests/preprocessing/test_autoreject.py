"""Limits that the recording sets for itself, on epochs that were spoilt in known ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.preprocessing.autoreject import Autoreject
from neurocli.preprocessing.epoch import Epoch
from neurocli.preprocessing.pick import Pick
from tests.preprocessing.simulated import eeg

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def clean():
    """Forty epochs of one second in which all channels follow the same course, over noise."""
    recording = Pick(types=["eeg"]).run(eeg(seconds=40.0, sfreq=100.0))
    course = 20e-6 * np.sin(2 * np.pi * 2 * np.arange(recording.n_times) / 100)
    return Epoch(duration=1.0).run(replace(recording, data=recording.data + course))


@pytest.fixture(scope="module")
def spoilt(clean):
    x = clean.data.copy()
    x[[3, 8, 21], 5] += 400e-6 * np.hanning(100)  # F4, alone
    x[[11, 30]] += 400e-6 * np.hanning(100) * RNG(0).choice([-1, 1], (2, 19, 1))  # everything at once
    return replace(clean, data=x)


def test_single_channels_are_interpolated_and_ruined_epochs_dropped(clean, spoilt):
    found = Autoreject().run(spoilt, RNG(0))
    onsets = found.samples["onset"]
    assert not {11.0, 30.0} & set(onsets)
    assert {3.0, 8.0, 21.0} <= set(onsets)
    assert found.notes[-1]["interpolated"]["F4"] >= 3
    kept = [int(onset) for onset in onsets]
    repaired = [kept.index(i) for i in (3, 8, 21)]
    left = np.abs(found.data[repaired, 5] - clean.data[[3, 8, 21], 5]).max()
    assert left < 0.15 * 400e-6


def test_the_average_is_nearer_to_the_truth_than_with_one_limit_for_all(clean, spoilt):
    truth = clean.data.mean(axis=0)
    found = Autoreject().run(spoilt, RNG(0)).data.mean(axis=0)
    rival = spoilt.data[np.ptp(spoilt.data, axis=-1).max(axis=1) < 150e-6].mean(axis=0)
    assert np.linalg.norm(found - truth) < np.linalg.norm(rival - truth)
    assert np.linalg.norm(found - truth) < 0.3 * np.linalg.norm(spoilt.data.mean(axis=0) - truth)


def test_limits_lie_between_the_clean_and_the_spoilt(clean, spoilt):
    limits = Autoreject().run(spoilt, RNG(0)).notes[-1]["limits"]
    assert limits["F4"] < 400e-6
    usual = np.ptp(clean.data, axis=-1).min(axis=0)
    assert all(limit >= least for limit, least in zip(limits.values(), usual, strict=True))


def test_what_cannot_be_judged_is_said(spoilt):
    few = replace(spoilt, data=spoilt.data[:5], samples={"onset": [0.0] * 5})
    with pytest.raises(InputError, match="5 epochs are fewer than the 10 folds"):
        Autoreject().run(few, RNG(0))
    with pytest.raises(InputError, match="needs sensor positions"):
        Autoreject().run(replace(spoilt, positions=None), RNG(0))
    with pytest.raises(InputError, match="3 good channels are too few"):
        Autoreject().run(Pick(channels=["Fz", "Cz", "Pz"]).run(spoilt), RNG(0))


def test_a_flat_channel_is_left_alone_and_helps_no_other(spoilt):
    x = spoilt.data.copy()
    x[:, 7] = 0.0
    found = Autoreject().run(replace(spoilt, data=x), RNG(0))
    assert (found.data[:, 7] == 0).all()
    assert not {11.0, 30.0} & set(found.samples["onset"])
    at = found.samples["onset"].index(3.0)
    assert np.ptp(found.data[at, 5]) < 0.5 * np.ptp(x[3, 5])  # F4 is interpolated still
