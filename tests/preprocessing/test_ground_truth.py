"""Everything at once: what the chain gives back is nearer to the truth than the best recipe of MNE's own steps."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest

from neurocli import registry
from neurocli.preprocessing._mne import to_raw
from tests.preprocessing.simulated import eeg, with_eyes_and_heart

SFREQ = 200.0


BURSTS = (2500, 6100, 9700)
LENGTH = 160


@pytest.fixture(scope="module")
def clean():
    return eeg(seconds=60.0, sfreq=SFREQ)


@pytest.fixture(scope="module")
def truth(clean):
    """Return what is asked for: the clean recording between 1 and 40 Hz."""
    return mne.filter.filter_data(clean.data[:19], SFREQ, 1.0, 40.0, verbose="ERROR")


@pytest.fixture(scope="module")
def spoilt(clean):
    """Add blinks, heartbeats, mains, three bursts, and make one channel noise."""
    recording = with_eyes_and_heart(clean)
    rng = np.random.default_rng(8)
    x = recording.data.copy()
    time = np.arange(recording.n_times) / SFREQ
    x[:19] += np.outer(rng.standard_normal(19) * 15e-6, np.sin(2 * np.pi * 50 * time))
    for start in BURSTS:
        x[:19, start : start + LENGTH] += np.outer(rng.standard_normal(19), rng.standard_normal(LENGTH)) * 150e-6
    x[8] = rng.standard_normal(recording.n_times) * 60e-6
    return replace(recording, data=x)


def ours(data):
    steps = [
        ("line_noise", {"freq": 50.0}),
        ("bad_channels", {}),
        ("filter", {"l_freq": 1.0, "h_freq": 40.0}),
        ("ica", {}),
        ("asr", {"cutoff": 20.0}),
        ("interpolate_bads", {}),
        ("reference", {"to": "average"}),
    ]
    for name, settings in steps:
        data = registry.get("steps", name)(**settings).run(data, np.random.default_rng(0))
    return data


def recipes(data):
    """Yield what MNE's steps give: filtering alone, with the bad channel named by hand, with ICA or regression."""
    raw = to_raw(data).copy().filter(1.0, 40.0, picks="all", verbose="ERROR")
    yield raw.copy()
    raw.info["bads"] = ["C3"]
    yield raw.copy().interpolate_bads(verbose="ERROR")
    ica = mne.preprocessing.ICA(method="picard", random_state=0, verbose="ERROR").fit(raw, picks="eeg", verbose="ERROR")
    eyes = ica.find_bads_eog(raw, verbose="ERROR")[0]
    heart = ica.find_bads_ecg(raw, method="correlation", threshold=3.0, verbose="ERROR")[0]
    yield ica.apply(raw.copy(), exclude=[int(i) for i in {*eyes, *heart}], verbose="ERROR").interpolate_bads(
        verbose="ERROR"
    )
    regressed = raw.copy().set_eeg_reference(projection=False, verbose="ERROR")
    model = mne.preprocessing.EOGRegression(picks="eeg", exclude="bads").fit(regressed)
    yield model.apply(regressed, copy=True).interpolate_bads(verbose="ERROR")


def correlation(x, truth, where):
    """Return the mean over channels of the correlation with the truth, both against the average."""
    a, b = (y[:19, where] - y[:19, where].mean(axis=0) for y in (x, truth))
    return np.mean([np.corrcoef(p, q)[0, 1] for p, q in zip(a, b, strict=True)])


def test_the_chain_beats_every_recipe_and_says_what_it_removed(truth, spoilt):
    found = ours(spoilt)
    bursts = np.zeros(truth.shape[1], dtype=bool)
    for start in BURSTS:
        bursts[start - 40 : start + LENGTH + 40] = True
    rivals = [raw.get_data() for raw in recipes(spoilt)]
    for where, margin in ((np.ones_like(bursts), 0.2), (~bursts, 0.05)):
        score = correlation(found.data, truth, where)
        assert score > max(correlation(rival, truth, where) for rival in rivals) + margin
        assert score > 0.9
    notes = {note["step"]: note for note in found.notes}
    assert notes["line_noise"]["types"]["eeg"]["n_removed"] >= 1
    assert notes["interpolate_bads"]["interpolated"] == ["C3"]
    assert {removed["why"] for removed in notes["ica"]["removed"]} == {"eog", "ecg"}
    assert bursts.mean() / 2 < notes["asr"]["changed_share"] < 3 * bursts.mean()
