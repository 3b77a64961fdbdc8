"""Ground truth: trials with a phase of their own, or none. Oracle: NumPy's transform of each trial, line by line."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.features.engine import compute

SFREQ, RATE, TRIAL = 256.0, 1.25, 4.0
N_TRIALS, N = 30, 1024
TIMES = np.arange(N_TRIALS * N) / SFREQ
NOISE = np.random.default_rng(0).standard_normal((3, TIMES.size))


def value(name, x, sfreq=SFREQ, **settings):
    settings = {"rates": [RATE], "trial": TRIAL, "n_neighbours": 3, **settings}
    channels = [f"E{i}" for i in range(x.shape[0])]
    (block,) = compute(x[None], sfreq, [(name, {"tagged": settings})], ch_names=channels)
    return block.values[0]


def spectra(x, harmonics=1, n_neighbours=5, n_skip=1):
    """Return the coefficients (n_trials, n_series, n_harmonics, n_lines) of the bins of the rate and beside it."""
    trials = x.reshape(len(x), -1, N).swapaxes(0, 1)
    transform = np.fft.fft(trials - trials.mean(axis=-1, keepdims=True)) / N
    steps = np.arange(n_skip + 1, n_skip + n_neighbours + 1)
    bins = [round(RATE * k * TRIAL) + np.r_[0, -steps[::-1], steps] for k in range(1, harmonics + 1)]
    return transform[..., np.array(bins)]


def z(lines):
    return (lines[..., 0] - lines[..., 1:].mean(axis=-1)) / lines[..., 1:].std(axis=-1, ddof=1)


@pytest.mark.parametrize(("harmonics", "n_neighbours", "n_skip"), [(1, 3, 1), (3, 2, 0)])
def test_all_are_what_the_transform_of_each_trial_gives(harmonics, n_neighbours, n_skip):
    settings = {"harmonics": harmonics, "n_neighbours": n_neighbours, "n_skip": n_skip}
    c = spectra(NOISE, **settings)
    coherence = abs((c / abs(c)).mean(axis=0)).mean(axis=1)
    amplitude = 2 * abs(c.mean(axis=0)).sum(axis=1)
    mean = amplitude[..., 1:].mean(axis=-1)
    expected = {
        "itc": coherence[..., 0],
        "itc_z": z(coherence),
        "tagging_amplitude": amplitude[..., 0] - mean,
        "tagging_snr": amplitude[..., 0] / mean,
        "tagging_z": z(amplitude),
    }
    for name, by_hand in expected.items():
        np.testing.assert_allclose(value(name, NOISE, **settings), by_hand, rtol=1e-8, atol=1e-12)


def test_a_steady_phase_is_coherent_and_a_random_one_is_not():
    phases = np.random.default_rng(1).uniform(0, 2 * np.pi, N_TRIALS).repeat(N)
    steady, random = (np.sin(2 * np.pi * RATE * TIMES + p) + 0.1 * NOISE[:1] for p in (0.7, phases))
    assert value("itc", steady)[0] > 0.99
    assert value("itc", random)[0] < 3 * np.sqrt(np.pi / (4 * N_TRIALS))
    assert value("itc_z", steady)[0] > 5
    assert abs(value("itc_z", NOISE)).max() < 5


def test_jitter_lowers_the_coherence_as_the_theory_of_directions_says():
    """The mean resultant length of a normal phase of standard deviation s is exp(-s^2 / 2)."""
    jitter = np.random.default_rng(2).normal(0, 0.8, 400).repeat(N)
    x = np.sin(2 * np.pi * RATE * np.arange(400 * N) / SFREQ + jitter)[None]
    np.testing.assert_allclose(value("itc", x), np.exp(-0.32), atol=0.05)


@pytest.mark.parametrize("rate", [1.25, 1.3, 1.4142])
def test_the_amplitude_of_any_rate_is_found_and_does_not_leak_into_its_neighbours(rate):
    """One trial of 30 s; the rates are no bins of its transform."""
    x = 3e-6 * np.sin(2 * np.pi * rate * TIMES[: 30 * 256] + 0.3)[None]
    assert value("tagging_amplitude", x, rates=[rate], trial=None)[0] == pytest.approx(3e-6, rel=0.03)
    assert value("tagging_snr", x, rates=[rate], trial=None)[0] > 50


def test_harmonics_add_up():
    x = (np.sin(2 * np.pi * RATE * TIMES) + 0.5 * np.sin(4 * np.pi * RATE * TIMES))[None]
    assert value("tagging_amplitude", x, harmonics=2, n_neighbours=2)[0] == pytest.approx(1.5, rel=1e-9)


def test_noise_has_a_z_about_zero_and_a_ratio_about_one():
    x = np.random.default_rng(3).standard_normal((300, 2 * N))
    settings = {"rates": [20.0], "n_neighbours": 15, "trial": None}
    assert abs(np.mean(value("tagging_z", x, **settings))) < 0.25
    assert np.mean(value("tagging_snr", x, **settings)) == pytest.approx(1, abs=0.1)


def test_trials_that_are_no_whole_number_of_samples_do_not_drift():
    """At 256 Hz a third of a second is 85 1/3 samples; after 300 such trials the phase is still there."""
    x = np.sin(2 * np.pi * 6 * np.arange(300 * 256 // 3) / SFREQ)[None]
    assert value("itc", x, rates=[6.0], trial=1 / 3, n_neighbours=1, n_skip=0)[0] > 0.99


def test_columns_are_named_by_the_rate():
    asked = [("itc", {"tagged": {"rates": [1.25, 5.0], "trial": TRIAL, "n_neighbours": 3}})]
    (block,) = compute(NOISE[None, :1], SFREQ, asked, ch_names=["Cz"])
    assert block.columns == ("itc/1.25Hz/Cz", "itc/5Hz/Cz")


@pytest.mark.parametrize("name", ["itc", "itc_z"])
@pytest.mark.parametrize("trial", [None, 100.0, 500.0])
def test_coherence_of_one_trial_is_refused(name, trial):
    with pytest.raises(InputError) as error:
        value(name, NOISE, trial=trial)
    assert error.value.code == "E-FEATURES-TRIALS"


@pytest.mark.parametrize("settings", [{"rates": [0.25]}, {"rates": [127.5]}, {"harmonics": 200}])
def test_neighbours_beyond_the_spectrum_are_refused(settings):
    with pytest.raises(InputError, match="neighbours of"):
        value("tagging_z", NOISE, **settings)


def test_a_constant_has_no_phase_and_no_response():
    x = np.full((1, 10 * N), 0.1)
    for name in ("itc", "itc_z", "tagging_snr", "tagging_z"):
        assert np.isnan(value(name, x)).all()
    assert value("tagging_amplitude", x)[0] == 0
