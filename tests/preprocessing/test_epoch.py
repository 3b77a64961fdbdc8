"""Epochs are MNE's, and the sample table says where each comes from."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurocli.data.samples import signal_hash
from neurocli.errors import InputError, unknown
from neurocli.preprocessing._signal import before_fit
from neurocli.preprocessing.epoch import Epoch
from tests.preprocessing.simulated import eeg


def raw_of(recording):
    info = mne.create_info(list(recording.ch_names), recording.sfreq, list(recording.ch_types))
    raw = mne.io.RawArray(recording.data, info, copy="both", verbose="ERROR")
    if recording.annotations:
        raw.set_annotations(mne.Annotations(*zip(*recording.annotations, strict=True)))
    return raw


def mne_epochs(recording, **options):
    events = np.array([[round(onset * recording.sfreq), 0, 1] for onset in recording.events["onset"][:3]])
    picks = "all"
    return mne.Epochs(
        raw_of(recording), events, picks=picks, preload=True, on_outside="ignore", verbose="ERROR", **options
    )


@given(
    duration=st.floats(0.1, 7.0),
    overlap=st.floats(0.0, 0.9),
    sfreq=st.sampled_from([100.0, 128.0, 200.0, 250.5]),
)
def test_equal_pieces_are_those_of_mne(duration, overlap, sfreq):
    recording = replace(eeg(), sfreq=sfreq)
    overlap = overlap * duration
    expected = mne.make_fixed_length_epochs(raw_of(recording), duration, overlap=overlap, preload=True, verbose="ERROR")
    found = Epoch(duration=duration, overlap=overlap).run(recording)
    np.testing.assert_array_equal(found.data, expected.get_data(picks="all"))
    onsets = expected.events[:, 0] / recording.sfreq
    assert found.samples["onset"] == pytest.approx(onsets)


def test_windows_round_events_are_those_of_mne_with_baseline():
    recording = eeg()
    found = Epoch(events="trial_type", tmin=-0.5, tmax=1.0, baseline=(None, 0.0)).run(recording)
    expected = mne_epochs(recording, tmin=-0.5, tmax=1.0, baseline=(None, 0)).get_data(picks="all")
    np.testing.assert_allclose(found.data, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert found.tmin == -0.5
    assert found.samples["events/trial_type"] == ["left", "right", "left"]
    assert found.samples["subject"] == ["01"] * 3
    assert found.samples["onset"] == [1.5, 5.515, 10.0]  # 6.013 s is nearest to sample 1203
    assert found.samples["duration"] == [301 / 200] * 3


def test_amplitude_limits_drop_what_mne_drops():
    recording = eeg()
    x = recording.data.copy()
    x[4, 1210] += 1e-3
    x[-1, 2150] += 1.0  # the ECG has no limit
    recording = replace(recording, data=x)
    found = Epoch(events="trial_type", tmin=0, tmax=1, reject={"eeg": "800 uV"}).run(recording)
    expected = mne_epochs(recording, tmin=0, tmax=1, baseline=None, reject={"eeg": 8e-4})
    np.testing.assert_array_equal(found.data, expected.get_data(picks="all"))
    assert found.samples["events/trial_type"] == ["left", "left"]
    assert found.notes[-1]["dropped"] == {"above reject": 1}
    assert found.notes[-1]["channels"] == {"Fz": 1}
    kept = Epoch(events="trial_type", tmin=0, tmax=1, reject={"eeg": 8e-4}).run(replace(recording, bads=("Fz",)))
    assert kept.data.shape[0] == 3


def test_flat_epochs_are_dropped():
    recording = eeg()
    x = recording.data.copy()
    x[2, :900] = x[2, 0]
    found = Epoch(duration=2, flat={"eeg": "0.1 uV"}).run(replace(recording, data=x))
    assert found.notes[-1]["dropped"] == {"below flat": 2}


def test_bad_spans_drop_what_mne_drops():
    recording = eeg(annotations=((3.9, 0.3, "BAD_blink"), (8.0, 2.0, "bad segment"), (12.5, 1.0, "fine")))
    found = Epoch(duration=1.0).run(recording)
    expected = mne.make_fixed_length_epochs(raw_of(recording), 1.0, preload=True, verbose="ERROR")
    np.testing.assert_array_equal(found.data, expected.get_data(picks="all"))
    assert found.notes[-1]["dropped"] == {"under 'BAD_blink'": 2, "under 'bad segment'": 2}


def test_events_outside_the_recording_are_skipped_and_counted():
    recording = eeg(events={"onset": [-3.0, 5.0, 19.9, 400.0], "duration": [0.0] * 4, "trial_type": list("abcd")})
    found = Epoch(events="trial_type", tmin=0, tmax=1).run(recording)
    assert found.samples["events/trial_type"] == ["b"]
    assert found.notes[-1]["dropped"] == {"outside the recording": 3}


def test_only_takes_the_values_named():
    found = Epoch(events="trial_type", only=["right"], tmax=1).run(eeg())
    assert found.samples["events/trial_type"] == ["right"]


def test_without_tmax_a_window_lasts_as_its_event_and_average_takes_its_mean():
    recording = eeg(events={"onset": [1.0, 5.0], "duration": [2.0, 3.0], "trial_type": ["a", "b"]})
    with pytest.raises(InputError, match=r"Events last 2 to 3 s, so windows differ\. Give tmax, or average"):
        Epoch(events="trial_type").run(recording)
    found = Epoch(events="trial_type", average=True).run(recording)
    assert found.data.shape == (2, 20, 1)
    np.testing.assert_allclose(found.data[1, :, 0], recording.data[:, 1000:1600].mean(axis=-1), rtol=1e-12)
    assert found.samples["duration"] == [2.0, 3.0]


def test_equal_pieces_carry_the_event_that_covers_their_middle():
    found = Epoch(duration=2.0).run(eeg())
    assert found.samples["events/trial_type"][:6] == [None, "left", None, "right", None, "left"]


def test_the_signal_column_is_the_hash_of_the_piece_as_it_was_cut():
    recording = eeg()
    found = Epoch(duration=2.0).run(recording)
    assert found.samples["signal"][1] == signal_hash(recording.data[:, 400:800])
    based = Epoch(duration=2.0, baseline=(None, None)).run(recording)
    assert based.samples["signal"] == found.samples["signal"]
    assert len(set(found.samples["signal"])) == 10


def test_after_a_fit_the_signal_column_still_tells_copies_from_others():
    def fitted(seed, noise):
        recording = eeg(seed)
        note = {"step": "ica", **before_fit(recording)}
        return replace(recording, data=recording.data + noise, notes=(note,))

    tables = [Epoch(duration=2.0).run(fitted(*case)).samples["signal"] for case in ((0, 1e-9), (0, 2e-9), (1, 1e-9))]
    assert tables[0] == tables[1]
    assert not set(tables[0]) & set(tables[2])


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "give either duration"),
        ({"duration": 1, "events": "x"}, "give either duration"),
        ({"duration": 1, "overlap": 1}, "overlap must be below duration"),
        ({"duration": "0 s"}, "greater than 0"),
        ({"duration": "4 Hz"}, "is a frequency, expected a time"),
        ({"events": "x", "tmin": 1, "tmax": 0}, "tmin must not be above tmax"),
        ({"duration": 1, "reject": {"eeg": "100 fT"}}, "is a flux density, expected a voltage"),
        ({"duration": 1, "reject": {"EEG": 1}}, "Extra inputs"),
        ({"duration": 1, "reject": {"eeg": 150}}, "150 V is beyond any recording. Did you mean '150 uV'"),
        ({"duration": 1, "flat": {"mag": 4000}}, "4000 T is beyond any recording. Did you mean '4000 fT'"),
        ({"duration": 1, "reject": {"grad": 3000}}, "Did you mean '3000 fT/cm'"),
    ],
)
def test_impossible_settings_are_refused_when_yaml_is_read(settings, word):
    with pytest.raises(ValidationError, match=word):
        Epoch(**settings)


@pytest.mark.parametrize(
    ("settings", "changes", "code", "sentence"),
    [
        ({"duration": 30}, {}, "E-INPUT-EPOCHS", "Of 0 windows none is left (the recording is too short for one)."),
        ({"duration": 4, "reject": {"eeg": 1e-9}}, {}, "E-INPUT-EPOCHS", "Of 5 windows none is left (5 above reject)."),
        ({"duration": 1e-9}, {}, "E-INPUT-EPOCHS", "1e-09 s are shorter than one sample."),
        (
            {"events": "trial_type"},
            {"events": {}},
            "E-INPUT-EVENTS",
            "There are no events: sub-01_task-rest_events.tsv is missing or has no rows.",
        ),
        (
            {"events": "trialtype"},
            {},
            "E-INPUT-EVENTS",
            "sub-01_task-rest_events.tsv: " + unknown("column", "trialtype", ["onset", "duration", "trial_type"]),
        ),
        (
            {"events": "trial_type", "only": ["lefd"]},
            {},
            "E-INPUT-EVENTS",
            "Unknown value of trial_type 'lefd'. Did you mean 'left'? Known: left, right.",
        ),
        (
            {"duration": 1, "reject": {"mag": 1e-12}},
            {},
            "E-INPUT-CHANNELS",
            "reject or flat names mag, and no channel is of that type.",
        ),
        (
            {"events": "trial_type", "tmax": 1, "baseline": (-0.2, -0.1)},
            {},
            "E-INPUT-EPOCHS",
            "No sample of the window lies in the baseline -0.2 to -0.1 s.",
        ),
    ],
)
def test_what_a_recording_cannot_give_is_said(settings, changes, code, sentence):
    with pytest.raises(InputError) as error:
        Epoch(**settings).run(eeg(**changes))
    assert error.value.code == code
    assert error.value.message == sentence


def test_a_thousand_channels_are_cut():
    x = np.random.default_rng(0).standard_normal((1000, 1000))
    names = tuple(f"E{i}" for i in range(1000))
    recording = replace(
        eeg(), data=x, ch_names=names, ch_types=("eeg",) * 1000, units=("V",) * 1000, positions=None, events={}
    )
    assert Epoch(duration=1.0).run(recording).data.shape == (5, 1000, 200)


def test_windows_round_the_response_are_those_of_mne():
    """The last two have no answer; what was asked for is looked at when it was given."""
    recording = eeg()
    times = ["0.5", 0.72, "n/a", None]
    recording = replace(recording, events={**recording.events, "response_time": times, "kind": ["a", "b", "a", "b"]})
    found = Epoch(events="kind", lock="response_time", tmin=-0.1, tmax=0.2).run(recording)
    at = [round((onset + delay) * 200) for onset, delay in ((2.0, 0.5), (6.013, 0.72))]
    expected = np.stack([recording.data[:, i - 20 : i + 41] for i in at])
    np.testing.assert_array_equal(found.data, expected)
    assert found.samples["events/kind"] == ["a", "b"]
    with pytest.raises(ValueError, match="lock needs events and tmax"):
        Epoch(duration=1.0, lock="response_time")
    with pytest.raises(InputError, match="response_tim"):
        Epoch(events="kind", lock="response_tim", tmax=0.2).run(recording)
