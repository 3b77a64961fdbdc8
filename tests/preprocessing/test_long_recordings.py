"""What is done to a signal that stays in its file is what is done to a plain array, to the bit."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from neurocli.data import lazy
from neurocli.errors import InputError
from neurocli.preprocessing.epoch import Epoch
from neurocli.preprocessing.filter import Filter
from neurocli.preprocessing.notch import Notch
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.resample import Resample
from tests.preprocessing.simulated import eeg

SETTINGS = {
    "pieces": {"duration": 1.5},
    "overlapping": {"duration": 2.0, "overlap": 0.7},
    "events": {"events": "trial_type", "tmin": -0.5, "tmax": 1.0},
    "baseline": {"events": "trial_type", "tmin": -0.5, "tmax": 1.0, "baseline": (None, 0.0)},
    "reject": {"duration": 1.0, "reject": {"eeg": 1.2e-4}},
    "rejected after baseline": {"duration": 1.0, "baseline": (None, None), "reject": {"eeg": 1.2e-4}},
    "average": {"duration": 1.0, "average": True},
}
FILTERS = [
    Filter(l_freq=1.0, h_freq=40.0), Filter(h_freq=30.0, types=["eeg"]), Filter(l_freq=1.0, method="iir"),
    Notch(freqs=[50.0]), Notch(freqs=[50.0], method="spectrum_fit"), Notch(freqs=[60.0], types=["eeg"], method="iir"),
    Resample(sfreq=128.0), Resample(sfreq=100.0, method="polyphase"),
]  # fmt: skip
BAD = ((3.2, 0.5, "BAD_movement"),)


def long(recording):
    x = recording.data
    return replace(recording, data=lazy.Series(lambda rows, start, stop: x[rows, start:stop].copy(), x.shape))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("annotations", [(), BAD])
@pytest.mark.parametrize("mapped", [True, False])
def test_epochs_of_a_long_recording_have_the_bits_of_a_short_one(monkeypatch, name, annotations, mapped):
    short = eeg(annotations=annotations)
    step = Epoch(**SETTINGS[name])
    expected = step.run(short)
    monkeypatch.setattr(lazy, "LAZY", 0)
    found = step.run(long(short) if mapped else short)
    assert isinstance(found.data, lazy.Lazy) or name == "average"
    np.testing.assert_array_equal(np.asarray(found.data), expected.data)
    assert (found.samples, found.notes, found.tmin) == (expected.samples, expected.notes, expected.tmin)


@pytest.mark.parametrize("step", FILTERS, ids=str)
@pytest.mark.parametrize("annotations", [(), ((8.0, 0.0, "EDGE boundary"),)])
def test_a_long_recording_is_filtered_channel_by_channel_to_the_same_bits(monkeypatch, step, annotations):
    short = eeg(annotations=annotations)
    expected = step.run(short)
    monkeypatch.setattr(lazy, "LARGE", 0)
    found = step.run(short)
    assert isinstance(found.data, np.memmap)
    np.testing.assert_array_equal(found.data, expected.data)
    assert found.notes == expected.notes


def test_memory_is_that_of_a_channel_where_a_long_recording_is_filtered(monkeypatch):
    short = eeg(seconds=200.0)
    monkeypatch.setattr(lazy, "LARGE", 0)
    Filter(l_freq=1.0, h_freq=40.0).run(short)  # what is imported and planned once
    tracemalloc.start()
    try:
        Filter(l_freq=1.0, h_freq=40.0).run(short)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * short.data.nbytes


def test_pick_leaves_the_signal_in_its_file():
    short = eeg()
    found = Pick(channels=["Cz", "O1", "ECG"]).run(long(short))
    assert isinstance(found.data, lazy.Series)
    np.testing.assert_array_equal(np.asarray(found.data), Pick(channels=["Cz", "O1", "ECG"]).run(short).data)


def test_pick_after_epoch(monkeypatch):
    monkeypatch.setattr(lazy, "LAZY", 0)
    epochs = Epoch(duration=1.0).run(long(eeg()))
    found = Pick(types=["ecg"]).run(epochs)
    np.testing.assert_array_equal(found.data, np.asarray(epochs.data)[:, -1:])


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
def test_a_broken_sample_anywhere_is_refused(fault):
    broken = eeg()
    broken.data[4, 3210] = fault
    with pytest.raises(InputError, match=f"Samples of channel {broken.ch_names[4]} are not finite"):
        Epoch(duration=1.0).run(long(broken))


@pytest.mark.parametrize("kind", ["float64", "float32", "every other sample", "in its file"])
def test_infinities_of_both_signs_are_refused_in_words(kind):
    """Their sum is no number, on which NumPy would warn."""
    broken = eeg()
    x = broken.data.astype("float32" if kind == "float32" else "float64")
    x = x[:, ::2] if kind == "every other sample" else x
    x[4, [7, 3000 // 2]] = np.inf, -np.inf
    with pytest.raises(InputError, match=f"Samples of channel {broken.ch_names[4]} are not finite"):
        Epoch(duration=1.0).run(long(replace(broken, data=x)) if kind == "in its file" else replace(broken, data=x))


def test_a_baseline_outside_the_window_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(lazy, "LAZY", 0)
    with pytest.raises(InputError, match="lies in the baseline"):
        Epoch(duration=1.0, baseline=(5.0, 6.0)).run(long(eeg()))
