"""Bad channels: PREP's numbers (pyprep is the oracle), and channels that were spoilt on purpose."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from mne.channels.interpolation import _make_interpolation_matrix

from neurocli.errors import InputError
from neurocli.preprocessing import _bad_channels as criteria
from neurocli.preprocessing._spline import directions, spline_weights
from neurocli.preprocessing.bad_channels import BadChannels
from neurocli.preprocessing.pick import Pick
from tests.preprocessing.simulated import eeg

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def clean():
    return Pick(types=["eeg"]).run(eeg(seconds=30.0, sfreq=250.0, n_sources=4))


def spoilt(recording, **channels):
    """Return the recording with some channels replaced: name -> function of the samples."""
    x = recording.data.copy()
    for name, change in channels.items():
        index = recording.ch_names.index(name)
        x[index] = change(x[index])
    return replace(recording, data=x)


@pytest.mark.filterwarnings("ignore")
def test_the_numbers_are_those_of_pyprep(clean):
    pyprep = pytest.importorskip("pyprep.find_noisy_channels")
    info = mne.create_info(list(clean.ch_names), 250.0, "eeg")
    oracle = pyprep.NoisyChannels(mne.io.RawArray(clean.data, info, verbose="ERROR"), do_detrend=False)
    oracle.find_bad_by_deviation()
    oracle.find_bad_by_hfnoise()
    oracle.find_bad_by_correlation()
    found = oracle._extra_info
    deviations = found["bad_by_deviation"]["robust_channel_deviations"]
    np.testing.assert_allclose(criteria.deviation(clean.data), deviations, atol=1e-12)
    noise = found["bad_by_hf_noise"]["hf_noise_zscores"]
    np.testing.assert_allclose(criteria.noisiness(clean.data, oracle.EEGFiltered), noise, atol=1e-12)
    r = found["bad_by_correlation"]["max_correlations"]  # pyprep leaves the last window out
    np.testing.assert_allclose(criteria.window_correlation(oracle.EEGFiltered, 250)[:, : r.shape[1]], r, atol=1e-12)


def test_splines_are_those_of_mne(clean):
    unit = directions(clean.positions)
    expected = _make_interpolation_matrix(unit[:15], unit[15:])
    np.testing.assert_allclose(spline_weights(unit[:15], unit[15:]), expected, atol=1e-9)


def test_a_clean_recording_has_no_bad_channel(clean):
    found = BadChannels(ransac=0.75).run(clean, RNG(0))
    assert found.bads == ()
    np.testing.assert_array_equal(found.data, clean.data)


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("dead", np.zeros_like),
        ("dead", lambda x: np.full_like(x, 1e-3)),
        ("dead", lambda x: np.where(np.arange(len(x)) == 5, np.nan, x)),
        ("deviation", lambda x: 20 * x),
        ("noise", lambda x: x + RNG(1).standard_normal(len(x)) * x.std()),
        ("correlation", lambda x: np.roll(x, 1733)),
    ],
)
def test_each_way_of_being_bad_is_found_by_its_criterion(clean, why, change):
    found = BadChannels().run(spoilt(clean, C3=change), RNG(0))
    assert found.bads == ("C3",)
    assert "C3" in found.notes[-1][why]


def test_ransac_finds_a_fine_signal_in_the_wrong_place(clean):
    x = clean.data.copy()
    x[0] = -x[17]  # Fp1 holds what belongs to O1, with the wires crossed
    moved = replace(clean, data=x)
    found = BadChannels(ransac=0.75).run(moved, RNG(0))
    assert found.bads == ("Fp1",)
    assert found.notes[-1]["ransac"] == ["Fp1"]
    assert BadChannels().run(moved, RNG(0)).bads == ()


def test_channels_that_are_bad_already_stay_so_and_are_not_judged(clean):
    found = BadChannels().run(replace(spoilt(clean, Cz=np.zeros_like, O2=np.zeros_like), bads=("O2",)), RNG(0))
    assert found.bads == ("Cz", "O2")
    assert found.notes[-1]["dead"] == ["Cz"]


def test_what_cannot_be_judged_is_said(clean):
    with pytest.raises(InputError, match="RANSAC needs sensor positions"):
        BadChannels(ransac=0.75).run(replace(clean, positions=None), RNG(0))
    with pytest.raises(InputError, match="3 good channels are too few"):
        BadChannels().run(Pick(channels=["Cz", "Pz", "Fz"]).run(clean))
    with pytest.raises(InputError, match="Less than 4 s"):
        BadChannels().run(replace(clean, data=clean.data[:, :500]))
