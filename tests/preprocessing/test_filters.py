"""Filters are MNE's; what they are is noted, and what they cannot do is refused."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from pydantic import ValidationError

from neurocli.errors import ConfigError, InputError
from neurocli.preprocessing.filter import Filter
from neurocli.preprocessing.filter_bank import FilterBank
from neurocli.preprocessing.notch import Notch
from neurocli.preprocessing.resample import Resample
from tests.preprocessing.simulated import bold, eeg


@pytest.mark.parametrize(
    "settings",
    [
        {"l_freq": 1.0, "h_freq": 45.0},
        {"l_freq": 2.0},
        {"h_freq": 30.0, "h_trans_bandwidth": 5.0},
        {"l_freq": 1.0, "h_freq": 40.0, "phase": "minimum"},
        {"l_freq": 1.0, "h_freq": 40.0, "method": "iir"},
        {"l_freq": 1.0, "h_freq": 40.0, "method": "iir", "phase": "forward"},
    ],
)
def test_filter_is_mne_filter_data(settings):
    recording = eeg()
    found = Filter(**settings).run(recording)
    widths = {name: value for name, value in settings.items() if name not in ("l_freq", "h_freq")}
    if settings.get("method") == "iir":
        widths["iir_params"] = {"order": 4, "ftype": "butter", "output": "sos"}
    expected = mne.filter.filter_data(
        recording.data, 200.0, settings.get("l_freq"), settings.get("h_freq"), **widths, verbose="ERROR"
    )
    np.testing.assert_array_equal(found.data, expected)


def test_filter_is_what_raw_filter_does_of_the_eeg():
    recording = eeg()
    info = mne.create_info(list(recording.ch_names), 200.0, list(recording.ch_types))
    raw = mne.io.RawArray(recording.data, info, copy="both", verbose="ERROR").filter(1.0, 45.0, verbose="ERROR")
    found = Filter(l_freq=1.0, h_freq=45.0, types=["eeg"]).run(recording)
    np.testing.assert_array_equal(found.data, raw.get_data())


def test_each_stretch_between_cuts_is_filtered_alone():
    recording = eeg(annotations=((10.0, 0.0, "EDGE boundary"),))
    found = Filter(l_freq=2.0, h_freq=40.0).run(recording)
    for part in (slice(0, 2000), slice(2000, 4000)):
        expected = mne.filter.filter_data(recording.data[:, part].copy(), 200.0, 2.0, 40.0, verbose="ERROR")
        np.testing.assert_array_equal(found.data[:, part], expected)


def test_the_notes_say_what_the_filter_is():
    note = Filter(l_freq="1 Hz", h_freq="45 Hz").run(eeg()).notes[-1]
    # MNE's rule: transitions of min(max(f / 4, 2 Hz), f), and 3.3 / width seconds of a Hamming window, made odd
    assert note["l_trans_bandwidth"] == 1.0
    assert note["h_trans_bandwidth"] == 11.25
    assert note["filter_length"] == 661
    assert note["delay_s"] == 0.0


def test_the_delay_of_a_causal_filter_is_where_an_impulse_goes():
    x = np.zeros((1, 4000))
    x[0, 2000] = 1.0
    recording = replace(eeg(), data=x, ch_names=("Cz",), ch_types=("eeg",), units=("V",), positions=None)
    found = Filter(h_freq=20.0, method="iir", phase="forward").run(recording)
    delay = np.abs(found.data[0]).argmax() / 200 - 10
    # the envelope of an impulse peaks near the group delay of the middle of the band; two samples are its width
    assert found.notes[-1]["delay_s"] == pytest.approx(delay, abs=2 / 200)
    assert delay > 0


@pytest.mark.parametrize("method", ["fir", "iir", "spectrum_fit"])
def test_notch_is_mne_notch_filter(method):
    recording = eeg()
    found = Notch(freqs=[50.0], method=method).run(recording)
    length = "10s" if method == "spectrum_fit" else "auto"
    expected = mne.filter.notch_filter(recording.data, 200.0, [50.0], length, method=method, verbose="ERROR")
    np.testing.assert_array_equal(found.data, expected)


def test_several_gaps_by_iir_are_one_after_the_other():
    recording = eeg()
    found = Notch(freqs=[20.0, 50.0], method="iir").run(recording).data
    step = Notch(freqs=[50.0], method="iir").run(Notch(freqs=[20.0], method="iir").run(recording)).data
    np.testing.assert_array_equal(found, step)


def test_the_mains_of_the_sidecar_come_before_those_of_the_settings():
    recording = eeg(line_freq=30.0)
    found = Notch(freqs=[20.0, 40.0], auto=True).run(recording)
    np.testing.assert_array_equal(found.data, Notch(freqs=[30.0, 60.0]).run(recording).data)
    assert found.notes[-1]["freqs"] == [30.0, 60.0]
    assert "sidecar" in found.notes[-1]["mains_from"]
    assert "warning" not in found.notes[-1]


def test_a_sidecar_without_mains_leaves_those_of_the_settings_and_says_so():
    found = Notch(freqs=[20.0], auto=True).run(eeg())
    np.testing.assert_array_equal(found.data, Notch(freqs=[20.0]).run(eeg()).data)
    assert "20 Hz is taken" in found.notes[-1]["warning"]


def test_notch_removes_the_line_and_leaves_the_rest():
    recording = eeg()
    time = np.arange(recording.n_times) / 200
    noisy = replace(recording, data=recording.data + 30e-6 * np.sin(2 * np.pi * 50 * time))
    found = Notch(freqs=["50 Hz"]).run(noisy)
    middle = slice(1000, 3000)  # 10 s away from the edges: bin 500 is 50 Hz
    before, after = (np.abs(np.fft.rfft(x.data[0, middle])) for x in (noisy, found))
    assert after[500] < 0.01 * before[500]
    np.testing.assert_allclose(after[:400], before[:400], rtol=0.02, atol=before[:400].max() * 1e-3)


@pytest.mark.parametrize("method", ["fft", "polyphase"])
@pytest.mark.parametrize("sfreq", [128.0, 100.0, 512.0])
def test_resample_is_raw_resample(sfreq, method):
    recording = eeg(sfreq=256.0)
    info = mne.create_info(list(recording.ch_names), 256.0, list(recording.ch_types))
    raw = mne.io.RawArray(recording.data, info, copy="both", verbose="ERROR")
    expected = raw.resample(sfreq, method=method, verbose="ERROR").get_data()
    found = Resample(sfreq=sfreq, method=method).run(recording)
    assert found.sfreq == sfreq
    np.testing.assert_array_equal(found.data, expected)


def test_resample_keeps_events_in_seconds_and_notes_their_jitter():
    found = Resample(sfreq=100.0).run(eeg())
    assert found.events["onset"] == [2.0, 6.013, 10.5, 15.0]
    assert found.notes[-1]["event_jitter_s"] == pytest.approx(0.003)  # 6.013 s lies 3 ms beside a sample at 100 Hz


def test_resample_keeps_trigger_codes_whole():
    recording = eeg()
    codes = np.zeros((1, recording.n_times))
    codes[0, 400:420] = 7
    found = Resample(sfreq=50.0).run(
        replace(
            recording,
            data=np.concatenate([recording.data, codes]),
            ch_names=(*recording.ch_names, "STI"),
            ch_types=(*recording.ch_types, "stim"),
            units=(*recording.units, "1"),
            positions=None,
        )
    )
    assert set(found.data[-1]) == {0.0, 7.0}
    assert np.flatnonzero(found.data[-1]).tolist() == [100, 101, 102, 103, 104]


def test_a_filter_bank_stacks_bands_as_channels():
    recording = eeg(bads=("Fz",))
    bank = FilterBank(bands={"13Hz": ["12 Hz", "14 Hz"], "21Hz": ["20 Hz", "22 Hz"]}, types=["eeg"])
    found = bank.run(recording)
    assert found.ch_names[:2] == ("Fp1@13Hz", "Fp2@13Hz")
    assert found.ch_names[19] == "Fp1@21Hz"
    assert found.bads == ("Fz@13Hz", "Fz@21Hz")
    alone = Filter(l_freq=20.0, h_freq=22.0, method="iir", types=["eeg"]).run(recording)
    np.testing.assert_array_equal(found.data[19:], alone.data[:19])
    np.testing.assert_array_equal(found.positions[19:], recording.positions[:19])


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"l_freq": 45.0, "h_freq": 1.0}, "need 0 Hz < l_freq < h_freq, got l_freq 45.0 and h_freq 1.0 Hz"),
        ({"l_freq": 10.0, "h_freq": 10.0}, "l_freq < h_freq"),
        ({"l_freq": 0.0}, "need 0 Hz"),
        ({}, "give l_freq, h_freq or both"),
        ({"l_freq": "40 ms"}, "is a time, expected a frequency"),
        ({"l_freq": 1.0, "phase": "forward"}, "phase 'forward' does not go with method 'fir'"),
        ({"lfreq": 1.0}, "Extra inputs are not permitted"),
        ({"l_freq": 1.0, "l_trans_bandwidth": 2.0}, "a transition of 2 Hz below l_freq, 1 Hz, would end below 0 Hz"),
        ({"l_freq": 1.0, "l_trans_bandwidth": 0.0}, "greater than 0"),
        ({"h_freq": 30.0, "h_trans_bandwidth": -1.0}, "greater than 0"),
        ({"l_freq": 1.0, "method": "iir", "order": 0}, "greater than or equal to 1"),  # it would do nothing
    ],
)
def test_impossible_filters_are_refused_when_yaml_is_read(settings, word):
    with pytest.raises(ValidationError, match=word):
        Filter(**settings)


@pytest.mark.parametrize("step", [Filter(h_freq=100.0), Notch(freqs=[100.0]), FilterBank(bands={"x": (90.0, 110.0)})])
def test_frequencies_above_nyquist_are_refused(step):
    with pytest.raises(InputError, match=r"Hz is not below 100 Hz, half the sampling frequency") as error:
        step.run(eeg())
    assert error.value.code == "E-INPUT-NYQUIST"
    assert error.value.where == "sub-01_task-rest_eeg"


def test_what_lies_beside_a_frequency_must_be_below_nyquist_too():
    with pytest.raises(InputError, match=r"E-INPUT-NYQUIST .*80 Hz ends at 110 Hz, beyond half .*frequency, 100 Hz"):
        Filter(h_freq=80.0, h_trans_bandwidth=30.0).run(eeg())
    with pytest.raises(InputError, match=r"E-INPUT-NYQUIST .*99.5 Hz and the 1 Hz beside it is not below 100 Hz"):
        Notch(freqs=[99.5]).run(eeg())
    assert Filter(h_freq=80.0, h_trans_bandwidth=20.0).run(eeg()).notes[-1]["h_trans_bandwidth"] == 20.0


@pytest.mark.parametrize("settings", [{"freqs": [50.0, 50.5]}, {"freqs": [0.4]}, {"freqs": [50.0], "widths": 120.0}])
def test_gaps_that_are_no_filter_are_refused_in_our_words(settings):
    with pytest.raises(ConfigError, match=r"E-CONFIG-VALUE sub-01_task-rest_eeg: notch: there is no such filter"):
        Notch(**settings).run(eeg())


@pytest.mark.parametrize("settings", [{"freqs": [0.0]}, {"freqs": [-50.0]}, {"freqs": [50.0], "widths": 0.0}])
def test_gaps_at_no_frequency_are_refused_when_yaml_is_read(settings):
    with pytest.raises(ValidationError, match=r"above 0 Hz|greater than 0"):
        Notch(**settings)


@pytest.mark.parametrize("step", [Filter(l_freq=1.0), Notch(freqs=[50.0])])
def test_a_recording_shorter_than_the_filter_is_refused(step):
    with pytest.raises(InputError, match="1 s of signal are shorter than the filter of") as error:
        step.run(eeg(seconds=1.0))
    assert error.value.code == "E-INPUT-SHORT"


@pytest.mark.parametrize("step", [Filter(l_freq=1.0), Notch(freqs=[50.0]), Resample(sfreq=100.0)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_channel_that_is_not_finite_is_refused_unless_it_is_bad(step, value):
    recording = eeg()
    x = recording.data.copy()
    x[3, 100] = value
    with pytest.raises(InputError, match="Samples of channel F3 are not finite numbers") as error:
        step.run(replace(recording, data=x))
    assert error.value.code == "E-INPUT-NAN"
    with np.errstate(invalid="ignore"):
        found = step.run(replace(recording, data=x, bads=("F3",)))
    assert np.isfinite(np.delete(found.data, 3, axis=0)).all()


def test_a_filter_refuses_an_image():
    with pytest.raises(ConfigError, match="'filter' takes recording or epochs, but is given image") as error:
        Filter(l_freq=1.0).run(bold())
    assert error.value.code == "E-CONFIG-ORDER"
