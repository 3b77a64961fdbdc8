"""Artifact subspace reconstruction, on bursts whose place and truth are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.errors import InputError
from neurocli.preprocessing._amplitudes import usual_amplitude
from neurocli.preprocessing._asr import geometric_median
from neurocli.preprocessing.asr import Asr
from neurocli.preprocessing.filter import Filter
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.reference import Reference
from tests.preprocessing.simulated import eeg


@pytest.fixture(scope="module")
def clean():
    return Filter(l_freq=1.0).run(Pick(types=["eeg"]).run(eeg(seconds=40.0, sfreq=250.0)))


def bursts(recording):
    """Return the recording with five bursts of 0.8 s from one place each, and where they are."""
    rng = np.random.default_rng(1)
    x, mask = recording.data.copy(), np.zeros(recording.n_times, dtype=bool)
    for start in range(1000, 9000, 1700):
        part = slice(start, start + 200)
        x[:, part] += np.outer(rng.standard_normal(19), rng.standard_normal(200) * np.hanning(200)) * 3e-4
        mask[part] = True
    return replace(recording, data=x), mask


def correlation(a, b):
    return np.mean([np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)])


def test_bursts_are_rebuilt_and_the_rest_stays(clean):
    spoilt, mask = bursts(clean)
    found = Asr().run(spoilt)
    assert correlation(spoilt.data[:, mask], clean.data[:, mask]) < 0.2
    assert correlation(found.data[:, mask], clean.data[:, mask]) > 0.98
    assert correlation(found.data[:, ~mask], clean.data[:, ~mask]) > 0.999
    note = found.notes[-1]
    assert mask.mean() < note["changed_share"] < 2 * mask.mean()
    assert note["most_removed"] == 1


def test_a_clean_recording_stays_as_it_is(clean):
    np.testing.assert_array_equal(Asr().run(clean).data, clean.data)


def test_an_average_reference_stays_one(clean):
    spoilt, mask = bursts(clean)
    found = Asr().run(Reference().run(spoilt))
    np.testing.assert_allclose(found.data.sum(axis=0), 0, atol=1e-16)
    assert correlation(found.data[:, mask], Reference().run(clean).data[:, mask]) > 0.98


def test_the_scale_does_not_matter(clean):
    spoilt, _ = bursts(clean)
    in_microvolts = Asr().run(replace(spoilt, data=spoilt.data * 1e6)).data
    np.testing.assert_allclose(in_microvolts * 1e-6, Asr().run(spoilt).data, rtol=0, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_the_usual_amplitude_is_that_of_the_clean_windows(share):
    rng = np.random.default_rng(0)
    n = 4000
    amplitudes = rng.normal(10.0, 1.0, n)
    amplitudes[: int(share * n)] = rng.uniform(15, 200, int(share * n))
    mean, spread = usual_amplitude(amplitudes)
    assert mean == pytest.approx(10.0, abs=0.15)  # the bin width of the search is about a tenth of the spread
    assert spread == pytest.approx(1.0, abs=0.25)


@given(st.integers(0, 100))
def test_the_geometric_median_is_not_moved_far_by_outliers(seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((60, 4)) * 1e-12
    points[:15] += 1.0
    assert np.linalg.norm(geometric_median(points)) < 1e-11


def test_what_cannot_be_repaired_is_said(clean):
    with pytest.raises(InputError, match="s are clean; the repair needs 10 s"):
        Asr().run(replace(clean, data=clean.data[:, :2000]))
    with pytest.raises(InputError, match="Fewer than two good channels"):
        Asr(types=["mag"]).run(clean)


def test_silence_is_refused(clean):
    with pytest.raises(InputError, match=r"E-INPUT-CHANNELS .*All channels are silent"):
        Asr().run(replace(clean, data=np.zeros_like(clean.data)))
