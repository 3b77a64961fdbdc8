"""Ground truth: a mixed recording to which a known line, with harmonics and a wandering phase, was added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.preprocessing._line_noise import interpolated
from neurocli.preprocessing.line_noise import LineNoise
from neurocli.preprocessing.notch import Notch
from neurocli.preprocessing.pick import Pick
from tests.preprocessing.simulated import eeg

SFREQ = 250.0


@pytest.fixture(scope="module")
def clean():
    return Pick(types=["eeg"]).run(eeg(seconds=30.0, sfreq=SFREQ))


@pytest.fixture(scope="module")
def noisy(clean):
    time = np.arange(clean.n_times) / SFREQ
    mains = np.sin(2 * np.pi * 50 * time + 0.3 * np.sin(time)) + 0.3 * np.sin(2 * np.pi * 100 * time)
    sources = np.stack([mains, np.cos(2 * np.pi * 50 * time)])
    mixing = np.random.default_rng(5).standard_normal((19, 2)) * 20e-6
    return replace(clean, data=clean.data + mixing @ sources)


def error(found, clean):
    return np.linalg.norm(found.data - clean.data) / np.linalg.norm(clean.data)


def correlation(found, clean):
    return np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(found.data, clean.data, strict=True)])


@pytest.mark.parametrize("method", ["zapline", "interpolate"])
def test_what_remains_is_nearer_to_the_truth_than_after_any_notch_of_mne(clean, noisy, method):
    found = LineNoise(freq="50 Hz", method=method).run(noisy)
    rivals = [Notch(freqs=[50.0, 100.0], method=how).run(noisy) for how in ("fir", "spectrum_fit")]
    assert correlation(found, clean) > max(correlation(rival, clean) for rival in rivals)
    assert error(found, clean) < min(error(rival, clean) for rival in rivals)
    note = found.notes[-1]["types"]["eeg"]
    assert note["line_db_before"] > 35
    assert abs(note["line_db_after"]) < 2  # as high as its neighbours: no peak, and no hole


def test_zapline_removes_as_many_components_as_the_line_has_sources(noisy):
    assert LineNoise().run(noisy).notes[-1]["types"]["eeg"]["n_removed"] == 2


def test_zapline_leaves_a_recording_without_line_alone(clean):
    found = LineNoise().run(clean)
    np.testing.assert_array_equal(found.data, clean.data)
    assert found.notes[-1]["types"]["eeg"]["n_removed"] == 0


def test_zapline_touches_nothing_away_from_the_harmonics(noisy):
    taper = np.hanning(noisy.n_times)  # so that the line does not leak into other bins
    before, after = (np.fft.rfft(x.data * taper) for x in (noisy, LineNoise().run(noisy)))
    freqs = np.fft.rfftfreq(noisy.n_times, 1 / SFREQ)
    far = np.abs(freqs[:, None] - [0.0, 50.0, 100.0]).min(axis=1) > 3
    np.testing.assert_allclose(after[:, far], before[:, far], rtol=0, atol=1e-3 * np.median(np.abs(before[:, far])))


def test_interpolation_gives_the_line_the_amplitude_of_its_neighbours_exactly():
    n, sfreq = 10_000, 250.0
    spectrum = np.ones(n // 2 + 1, dtype=complex)
    spectrum[[0, -1]] = 0
    truth = np.fft.irfft(spectrum, n)
    spectrum[2000] = 1000.0  # 50 Hz
    found = interpolated(np.fft.irfft(spectrum, n)[None], sfreq, 50.0, 1.0)
    np.testing.assert_allclose(found[0], truth, atol=1e-12)


def test_bad_channels_neither_help_nor_are_touched(noisy):
    x = noisy.data.copy()
    x[3] = np.nan
    found = LineNoise().run(replace(noisy, data=x, bads=("F3",)))
    assert np.isnan(found.data[3]).all()
    assert np.isfinite(np.delete(found.data, 3, axis=0)).all()


def test_what_cannot_be_done_is_said(clean):
    with pytest.raises(InputError, match="60 Hz is not below 50 Hz"):
        LineNoise(freq=60).run(replace(clean, sfreq=100.0))
    with pytest.raises(InputError, match="Less than 4 s of signal"):
        LineNoise().run(replace(clean, data=clean.data[:, :900]))


@pytest.mark.parametrize(("line_freq", "expected"), [(60.0, 60.0), (None, 50.0)])
def test_auto_takes_the_mains_of_the_sidecar_or_says_that_there_are_none(line_freq, expected):
    recording = eeg(line_freq=line_freq)
    found = LineNoise(freq=50.0, auto=True).run(recording)
    np.testing.assert_array_equal(found.data, LineNoise(freq=expected).run(recording).data)
    assert found.notes[-1]["freq"] == expected
    assert ("warning" in found.notes[-1]) == (line_freq is None)
