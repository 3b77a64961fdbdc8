"""The demo dataset: valid BIDS, the same bytes each time, and the truth it claims is in the signal."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.signal import welch

from neurocli.bids import _simulate, demo
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.select import select
from tests.bids.test_write import content, validated


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return demo.write_demo(tmp_path_factory.mktemp("demo") / "bids")


@pytest.fixture(scope="module")
def recordings(root):
    items = select(scan(root, root.parent / "cache"), Question(datatype="eeg"))
    return {item.entities["subject"]: read(root, item) for item in items}


@pytest.fixture(scope="module")
def truth(root):
    return json.loads((root / "sourcedata/ground_truth.json").read_text())


def of_condition(recording, kind):
    """Return the trials of one condition of the scalp channels, shape (n_trials, 19, n_times)."""
    onsets = [o for o, k in zip(recording.events["onset"], recording.events["trial_type"], strict=True) if k == kind]
    starts = [int(onset * recording.sfreq) for onset in onsets]
    return np.array([recording.data[:19, start : start + 1000] for start in starts])


def spectrum(x):
    """Return power at each 0.25 Hz, averaged over trials, shape (n_channels, n_freqs)."""
    return welch(x, 250, nperseg=1000)[1].mean(axis=0)


def test_it_passes_the_validator(root):
    assert validated(root) == []


def test_it_is_small_and_read_without_a_warning(root, recordings):
    assert sum(map(len, content(root).values())) < 10_000_000
    assert list(recordings) == [f"{i:02d}" for i in range(1, 9)]
    for recording in recordings.values():
        assert recording.notes == ()
        assert recording.ch_types == ("eeg",) * 19 + ("eog",)
        assert np.isfinite(recording.positions[:19]).all()
        assert sorted(recording.events["trial_type"]) == ["closed"] * 12 + ["open"] * 12


def test_the_same_seed_gives_the_same_bytes(root, tmp_path):
    person = _simulate.simulate("03", 0)
    demo._write_person(tmp_path, person)
    written = content(tmp_path)
    assert {name: data for name, data in content(root).items() if name in written} == written
    assert len(written) == 3
    demo._write_person(tmp_path, _simulate.simulate("03", 1))
    assert content(tmp_path) != written


def test_what_is_there_is_left_alone(root):
    path = root / "sub-01/eeg/sub-01_task-demo_eeg.edf"
    before = path.stat().st_mtime_ns
    demo._write_person(root, _simulate.simulate("01", 0))
    assert path.stat().st_mtime_ns == before


def test_closed_eyes_raise_alpha_by_the_factor_that_is_claimed(recordings, truth):
    """At O1 and O2, once the background (the power beside the peak) is taken off, power rises by the square."""
    found, claimed = [], []
    for subject, recording in recordings.items():
        person = truth["subjects"][subject]
        peak = slice(round(4 * (person["alpha_freq_hz"] - 1)), round(4 * (person["alpha_freq_hz"] + 1)) + 1)
        power = {}
        for kind in ("open", "closed"):
            psd = spectrum(of_condition(recording, kind))[17:19]
            beside = np.r_[psd[:, 20:26], psd[:, 54:60]].mean()  # 5-6.5 and 13.5-15 Hz
            power[kind] = psd[:, peak].mean() - beside
        found.append(np.log(power["closed"] / power["open"]) / 2)
        claimed.append(np.log(person["alpha_gain"]))
    assert np.corrcoef(found, claimed)[0, 1] > 0.7
    assert np.mean(found) == pytest.approx(np.mean(claimed), abs=0.25)


def test_alpha_is_occipital(recordings):
    names = _simulate.SITES
    rise = np.mean([
        spectrum(of_condition(r, "closed"))[:, 36:45].mean(1) - spectrum(of_condition(r, "open"))[:, 36:45].mean(1)
        for r in recordings.values()
    ], axis=0)  # fmt: skip
    assert {names[i] for i in np.argsort(rise)[-4:]} <= {"O1", "O2", "P3", "P4", "P7", "P8", "Pz"}


def test_the_background_falls_with_frequency(recordings):
    """The slope between 14 and 40 Hz, where neither alpha nor mains is, is that of 1/f to the power of about one."""
    freqs = np.arange(501) / 4
    band = (freqs > 14) & (freqs < 40)
    for recording in recordings.values():
        psd = spectrum(of_condition(recording, "open"))[9]
        slope = np.polyfit(np.log(freqs[band]), np.log(psd[band]), 1)[0]
        assert -1.7 < slope < -0.4


def test_blinks_are_frontal_and_where_they_are_claimed_to_be(recordings, truth):
    for subject, recording in recordings.items():
        starts = [int(t * 250) for t in truth["subjects"][subject]["blink_onsets_s"]]
        mean = np.mean([recording.data[:19, s : s + 75] for s in starts], axis=0)
        height = mean[:, 30:45].mean(1) - mean[:, :5].mean(1)
        assert {_simulate.SITES[i] for i in np.argsort(height)[-2:]} == {"Fp1", "Fp2"}
        assert height[:2].min() > 50e-6


def test_mains_are_at_50_hz(recordings):
    for recording in recordings.values():
        psd = spectrum(of_condition(recording, "open")).mean(0)
        assert psd[200] > 3 * psd[190]


def test_blinks_do_not_tell_the_conditions_apart(recordings, truth):
    """The effect is alpha and nothing else: blinks come as often with open as with closed eyes."""
    n = {"open": 0, "closed": 0}
    for subject, recording in recordings.items():
        blinks = np.array(truth["subjects"][subject]["blink_onsets_s"])
        for onset, kind in zip(recording.events["onset"], recording.events["trial_type"], strict=True):
            n[kind] += int(((blinks >= onset) & (blinks < onset + 4)).sum())
    assert abs(n["open"] - n["closed"]) < 4 * np.sqrt(n["open"])  # Poisson
    assert n["open"] > 30


def test_the_field_of_a_dipole_falls_with_distance_and_turns_with_it():
    """Physics of the forward model: linear, odd in the moment, strongest above a radial source."""
    place, up = np.array([[0.0, 0.0, 0.1]]), np.array([[0.0, 0.0, 1.0]])
    field = _simulate.leadfield(place, up)[:, 0]
    assert _simulate.SITES[int(np.argmax(field))] == "Cz"
    np.testing.assert_allclose(_simulate.leadfield(place, -up)[:, 0], -field)
    deeper = _simulate.leadfield(place - [[0, 0, 0.03]], up)[:, 0]
    assert deeper.max() < field.max()
