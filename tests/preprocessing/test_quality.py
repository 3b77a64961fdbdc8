"""Quality measures what is known of a simulated signal, and leaves the signal alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocli.preprocessing.epoch import Epoch
from neurocli.preprocessing.notch import Notch
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.quality import Quality
from tests.preprocessing.simulated import bold, eeg


def white(**changes):
    plain = eeg(seconds=60.0, sfreq=250.0)
    x = 10e-6 * np.random.default_rng(0).standard_normal(plain.data.shape)
    return replace(plain, data=x, **changes)


def measured(data):
    return Quality().run(data).notes[-1]


def test_white_noise_has_its_amplitude_and_equal_bands():
    note = measured(white())
    assert note["amplitude"] == pytest.approx(10e-6, rel=0.01)
    assert note["snr_db"] == pytest.approx(0.0, abs=0.2)  # as much from 1 to 30 Hz as from 30 to 45 Hz
    assert np.median(note["psd"]) == pytest.approx(10e-6**2 / 125, rel=0.05)  # all of the power below half the rate
    assert note["n_channels"] == 19
    assert note["n_flat"] == 0


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_mains_stand_out_by_their_power_and_a_notch_takes_them_away(mains):
    """A sine of amplitude a on white noise of density d: a^2 / 2 in the 1.5 bins of a Hann window, 0.5 Hz wide each."""
    plain = white()
    times = np.arange(plain.n_times) / plain.sfreq
    noisy = replace(plain, data=plain.data + 20e-6 * np.sin(2 * np.pi * mains * times))
    expected = 10 * np.log10((20e-6**2 / 2) / (1.5 * 0.5) / (10e-6**2 / 125) + 1)
    found = measured(noisy)["line_db"]
    other = "60" if mains == 50 else "50"
    assert found[f"{mains:g}"] == pytest.approx(expected, abs=0.3)
    assert abs(found[other]) < 2
    assert measured(Notch(freqs=[mains]).run(noisy))["line_db"][f"{mains:g}"] < 2


def test_a_bad_channel_does_not_count_and_is_named():
    x = white().data.copy()
    x[3] *= 1e6
    note = measured(replace(white(), data=x, bads=("F3",)))
    assert note["amplitude"] == pytest.approx(10e-6, rel=0.01)
    assert (note["n_channels"], note["bads"]) == (18, ["F3"])


def test_epochs_and_what_is_too_slow_for_the_mains():
    assert measured(Epoch(duration=2.0).run(white()))["amplitude"] == pytest.approx(10e-6, rel=0.01)
    slow = measured(replace(white(), sfreq=100.0))
    assert slow["line_db"] == {"50": None, "60": None}


def test_where_no_channel_is_of_a_brain_there_is_nothing_to_measure():
    heart = Pick(types=["ecg"]).run(eeg())
    assert Quality().run(heart).notes[-1] == {"step": "quality", "types": [], "n_channels": 0, "bads": []}


def test_the_signal_is_left_alone():
    plain = white()
    assert Quality().run(plain).data is plain.data


def test_the_ratio_of_a_series_to_its_noise():
    """A brain of 1000 with noise of 20 has a ratio of 50."""
    assert measured(bold())["tsnr"] == pytest.approx(50, rel=0.05)
    assert measured(replace(bold(), data=bold().data[..., 0]))["tsnr"] is None


def test_voxels_that_are_no_numbers_outside_the_head_change_no_number():
    image = bold()
    inside = np.asarray(image.mask) != 0
    dark = replace(image, data=np.where(inside[..., None], image.data, -1e3))  # as dark as nothing is
    hollow = replace(image, data=np.where(inside[..., None], image.data, np.nan))
    whole, found = measured(dark), measured(hollow)
    assert found["tsnr"] == pytest.approx(whole["tsnr"], rel=1e-12)
    assert found["dvars_median"] == pytest.approx(whole["dvars_median"], rel=1e-12)
    assert (found["overlap"], found["carpet"]) == (1.0, whole["carpet"])
    assert max(max(row) for row in found["planes"][0]["grey"]) > 90  # of 99 shades


def test_a_series_of_nothing_has_no_number_rather_than_none_that_is_one():
    note = measured(replace(bold(), data=np.zeros(bold().data.shape)))
    assert note["dvars"] == [None] * 40
    assert (note["dvars_median"], note["tsnr"]) == (None, None)
