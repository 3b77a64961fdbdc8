"""Picking, re-referencing and interpolating channels, against MNE."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from pydantic import ValidationError

from neurocli.errors import InputError
from neurocli.preprocessing._mne import to_raw
from neurocli.preprocessing.interpolate_bads import InterpolateBads
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.reference import Reference
from tests.preprocessing.simulated import eeg


def test_pick_by_type_name_exclusion_and_bads():
    recording = eeg(bads=("Cz",))
    assert Pick(types=["ecg"]).run(recording).ch_names == ("ECG",)
    assert Pick(channels=["Pz", "Fp1"]).run(recording).ch_names == ("Fp1", "Pz")
    found = Pick(types=["eeg"], exclude=["Fz"], exclude_bads=True).run(recording)
    assert found.data.shape == (17, 4000)
    assert not {"Fz", "Cz", "ECG"} & set(found.ch_names)
    assert found.bads == ()
    assert found.notes[-1] == {"step": "pick", "n_channels": 17, "dropped": ["Fz", "Cz", "ECG"]}
    np.testing.assert_array_equal(found.positions, np.delete(recording.positions, [4, 9, 19], axis=0))


@pytest.mark.parametrize(
    ("settings", "changes", "sentence"),
    [
        ({"channels": ["Fzz"]}, {}, "Unknown channel 'Fzz'. Did you mean 'Fz'?"),
        ({"types": ["mag"]}, {}, r"No channel is left of types \['mag'\]; the recording has types ecg, eeg."),
        ({"types": ["eeg"]}, {"ch_names": ("Fp1",) * 20}, "Several channels are called 'Fp1'."),
    ],
)
def test_channels_that_cannot_be_picked_are_refused(settings, changes, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        Pick(**settings).run(eeg(**changes))
    assert error.value.code == "E-INPUT-CHANNELS"


@pytest.mark.parametrize("to", ["average", ["P7", "P8"], ["Cz"]])
def test_reference_is_mne_set_eeg_reference(to):
    recording = eeg(bads=("Cz",))
    found = Reference(to=to).run(recording)
    expected = mne.set_eeg_reference(to_raw(recording), to, copy=True, verbose="ERROR")[0].get_data()
    np.testing.assert_allclose(found.data, expected, rtol=0, atol=1e-15 * 1e3 * np.abs(expected).max())


def test_the_median_reference_is_not_moved_by_one_wild_channel():
    recording = eeg()
    x = recording.data.copy()
    x[0] *= 1e6
    found = Reference(to="median").run(replace(recording, data=x))
    np.testing.assert_array_equal(np.median(found.data[:19], axis=0), np.zeros(4000))
    shift = recording.data[5] - found.data[5]
    assert np.abs(shift).max() < np.abs(recording.data[:19]).max()
    np.testing.assert_array_equal(found.data[19], recording.data[19])


def test_bipolar_is_mne_set_bipolar_reference():
    recording = eeg(bads=("Fz",))
    found = Reference(to="bipolar", pairs=[("Fp1", "F3"), ("Fz", "Cz")]).run(recording)
    raw = to_raw(recording)
    expected = mne.set_bipolar_reference(raw, ["Fp1", "Fz"], ["F3", "Cz"], on_bad="ignore", verbose="ERROR")
    for name in ("Fp1-F3", "Fz-Cz", "ECG", "O1"):
        np.testing.assert_allclose(
            found.data[found.ch_names.index(name)], expected.get_data(picks=[name])[0], rtol=1e-12, atol=1e-20
        )
    assert set(found.ch_names) == set(expected.ch_names)
    assert found.bads == ("Fz-Cz",)
    np.testing.assert_allclose(found.positions[0], (recording.positions[0] + recording.positions[3]) / 2)


def test_bipolar_montages_take_no_average_reference():
    names = ("FP1-F7", "F7-T7", "T7-P7", "P7-O1")
    recording = replace(
        eeg(), data=eeg().data[:4], ch_names=names, ch_types=("eeg",) * 4, units=("V",) * 4, positions=None
    )
    with pytest.raises(InputError, match=r"bipolar already \(FP1-F7\)") as error:
        Reference().run(recording)
    assert error.value.code == "E-INPUT-REFERENCE"
    referential = replace(recording, ch_names=("Fp1-REF", "F7-LE", "T7-A1", "P7-Ref"))
    assert Reference().run(referential).reference == "average"


def test_nothing_to_reference_is_said():
    with pytest.raises(InputError, match="There is no channel of type seeg to re-reference"):
        Reference(types=["seeg"]).run(eeg())
    with pytest.raises(InputError, match="All channels are marked bad"):
        Reference().run(eeg(bads=eeg().ch_names[:19]))


def test_bipolar_and_pairs_go_together():
    with pytest.raises(ValidationError, match="go together"):
        Reference(to="bipolar")
    with pytest.raises(ValidationError, match="go together"):
        Reference(pairs=[("a", "b")])


def test_interpolation_is_mne_interpolate_bads():
    recording = eeg(bads=("Cz", "O1"))
    x = recording.data.copy()
    x[9] = np.nan
    found = InterpolateBads().run(replace(recording, data=x))
    expected = to_raw(recording).copy().interpolate_bads(verbose="ERROR").get_data()
    np.testing.assert_allclose(found.data, expected, rtol=1e-9, atol=1e-12 * np.abs(expected[:19]).max())
    assert found.bads == ()
    assert found.notes[-1]["interpolated"] == ["Cz", "O1"]


def test_interpolation_needs_positions_and_neighbours():
    with pytest.raises(InputError, match="Interpolation needs sensor positions, and Fp1, Fp2, F7, F3, Fz and others"):
        InterpolateBads().run(eeg(bads=("Cz",), positions=None))
    with pytest.raises(InputError, match="3 good eeg channels are too few"):
        InterpolateBads().run(eeg(bads=eeg().ch_names[:16]))
    assert InterpolateBads().run(eeg(positions=None)).notes[-1] == {"step": "interpolate_bads", "interpolated": []}
