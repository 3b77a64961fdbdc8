"""Epochs end to end: what compares trials compares epochs. Oracles: SciPy's circular variance, MNE's epochs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from neurocli.data.recording import Epochs
from neurocli.errors import InputError
from neurocli.features.featurize import featurize
from neurocli.preprocessing.join_epochs import JoinEpochs

SFREQ, N, RATE = 128.0, 128, 10.0


def epochs(conditions: list[str | None], steady: str = "tone", seed: int = 0) -> Epochs:
    """Return epochs of one second, apart from each other, whose phase at 10 Hz is steady in one condition alone."""
    rng = np.random.default_rng(seed)
    times = np.arange(N) / SFREQ
    phases = [0.7 if one == steady else rng.uniform(0, 2 * np.pi) for one in conditions]
    wave = np.stack([np.sin(2 * np.pi * RATE * times + phase) for phase in phases])
    data = 1e-5 * (wave[:, None] + 0.3 * rng.standard_normal((len(conditions), 2, N)))
    samples = {
        "subject": ["01"] * len(conditions),
        "onset": [3.0 * i for i in range(len(conditions))],
        "duration": [1.0] * len(conditions),
        "events/trial_type": conditions,
        "signal": [f"{i:032x}" for i in range(len(conditions))],
    }
    names = ("Fz", "Cz")
    return Epochs(data, SFREQ, -0.2, names, ("eeg",) * 2, ("V",) * 2, {"subject": "01", "datatype": "eeg"}, samples)


def itc(data: Epochs) -> np.ndarray:
    asked = [("itc", {"tagged": {"rates": [RATE], "trial": N / SFREQ, "n_neighbours": 2}})]
    return np.asarray(featurize(data, asked).blocks[0].values)


def test_the_coherence_over_separate_epochs_is_the_resultant_length_of_their_phases():
    data = epochs(["tone", "noise"] * 20)
    found = itc(JoinEpochs(by="trial_type").run(data))
    assert found.shape == (2, 2)
    spectrum = np.fft.rfft(data.data)[..., round(RATE * N / SFREQ)]
    for row, condition in enumerate(("tone", "noise")):
        phases = np.angle(spectrum[np.array(data.samples["events/trial_type"]) == condition])
        np.testing.assert_allclose(found[row], 1 - stats.circvar(phases, axis=0), rtol=1e-9)
    assert found[0].min() > 0.95
    assert found[1].max() < 0.5


def test_the_phases_are_those_of_mne():
    """Of MNE's Fourier coefficients of the same epochs."""
    mne = pytest.importorskip("mne")
    data = epochs(["tone", "noise"] * 8)
    info = mne.create_info(["Fz", "Cz"], SFREQ, "eeg")
    spectrum = mne.EpochsArray(data.data, info, verbose="error").compute_psd(
        method="welch", output="complex", n_fft=N, window="boxcar", average=False, verbose="error"
    )
    bins = spectrum.get_data()[:, :, np.argmin(abs(spectrum.freqs - RATE)), 0]
    expected = abs((bins / abs(bins)).mean(axis=0))
    np.testing.assert_allclose(itc(JoinEpochs().run(data))[0], expected, rtol=1e-9)


def test_as_many_epochs_of_each_condition_as_the_rarest_has():
    data = epochs(["tone", "noise", "tone", None, "tone", "noise"])
    found = JoinEpochs(by="trial_type").run(data)
    assert found.data.shape == (2, 2, 2 * N)
    np.testing.assert_array_equal(found.data[0], np.concatenate([data.data[0], data.data[2]], axis=-1))
    np.testing.assert_array_equal(found.data[1], np.concatenate([data.data[1], data.data[5]], axis=-1))
    assert found.notes[-1] == {
        "step": "join_epochs", "n_epochs": 2, "joined": 2, "found": {"tone": 3, "noise": 2},
    }  # fmt: skip
    assert found.samples["events/trial_type"] == ["tone", "noise"]
    assert (found.samples["onset"], found.samples["duration"]) == ([0.0, 3.0], [7.0, 13.0])


def test_a_row_says_what_its_epochs_agree_on_and_has_a_hash_of_theirs():
    data = epochs(["tone", "noise"])
    found = JoinEpochs().run(data)
    assert found.samples["subject"] == ["01"]
    assert found.samples["events/trial_type"] == [None]
    assert len(found.samples["signal"][0]) == 32
    assert found.samples["signal"] != JoinEpochs().run(epochs(["tone"])).samples["signal"]
    constant = replace(data, samples={**data.samples, "signal": [None, None]})
    assert JoinEpochs().run(constant).samples["signal"] == [None]


def test_an_entity_joins_too():
    assert len(JoinEpochs(by="subject").run(epochs(["tone", "noise"])).data) == 1


@pytest.mark.parametrize(
    ("by", "conditions", "code", "sentence"),
    [
        ("trial_typ", ["tone"], "E-INPUT-EVENTS", "Did you mean 'trial_type'"),
        ("trial_type", [None, None], "E-INPUT-EPOCHS", "No epoch is left to join"),
        (None, [], "E-INPUT-EPOCHS", "No epoch is left to join"),
    ],
)
def test_what_cannot_be_joined_is_refused(by, conditions, code, sentence):
    data = epochs(conditions or ["tone"])
    data = data if conditions else replace(data, data=data.data[:0], samples={name: [] for name in data.samples})
    with pytest.raises(InputError, match=sentence) as caught:
        JoinEpochs(by=by).run(data)
    assert caught.value.code == code
