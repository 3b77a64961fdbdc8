"""Picking, re-referencing and interpolating channels, against MNE."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from pydantic import ValidationError

from neurocli.errors import InputError
from neurocli.preprocessing._mne import to_raw
from neurocli.preprocessing.csd import Csd
from neurocli.preprocessing.interpolate_bads import InterpolateBads
from neurocli.preprocessing.pick import Pick
from neurocli.preprocessing.reference import Reference
from neurocli.preprocessing.shaft_reference import ShaftReference
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


def named(kind, *names):
    """Return channels of these names and of one type."""
    n = len(names)
    return replace(eeg(), data=eeg().data[:n], ch_names=names, ch_types=(kind,) * n, units=("V",) * n, positions=None)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("eeg", ("C3-M2", "C4-M1", "O1-M2", "F3-M2")),  # as sleep is scored
        ("eeg", ("Fp1-Cz", "F7-Cz", "T7-Cz", "P7-Cz")),  # Cz is the reference of all
        ("seeg", ("LAD-1", "LAD-2", "LAD-3", "RA-1")),  # a hyphen before the number of the contact
    ],
)
def test_a_hyphen_alone_makes_no_bipolar_channel(kind, names):
    found = Reference().run(named(kind, *names))
    assert found.reference == "average"
    np.testing.assert_allclose(found.data.mean(axis=0), 0, atol=1e-18)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("seeg", ("LE1-LE2", "LE2-LE3", "LE3-LE4")),  # a shaft whose name begins as that of linked ears
        ("seeg", ("A1-A2", "A2-A3", "A3-A4")),
        ("ecog", ("G1-2", "G2-3", "G3-4")),
        ("eeg", ("FP1-F7", "T8-P8-0", "P8-O2")),
    ],
)
def test_pairs_are_known_however_they_are_written(kind, names):
    with pytest.raises(InputError, match=f"E-INPUT-REFERENCE .*bipolar already .{names[0]}"):
        Reference().run(named(kind, *names))


def test_nothing_to_reference_is_said():
    with pytest.raises(InputError, match="There is no channel of type seeg to re-reference"):
        Reference(types=["seeg"]).run(eeg())
    with pytest.raises(InputError, match="All channels are marked bad"):
        Reference().run(eeg(bads=eeg().ch_names[:19]))


@pytest.mark.parametrize("to", ["average", "median", ["Cz"]])
def test_a_channel_is_no_reference_of_itself_alone(to):
    """Nothing but zeros would be left."""
    with pytest.raises(InputError, match=r"E-INPUT-REFERENCE .*Cz is the only good channel"):
        Reference(to=to).run(eeg(bads=tuple(name for name in eeg().ch_names[:19] if name != "Cz")))


@pytest.mark.parametrize("step", [Csd(), Reference(to="rest")])
def test_what_fits_a_head_needs_four_sensors(step):
    with pytest.raises(InputError, match=r"E-INPUT-POSITIONS .*at least 4 sensors on the head, and there are 2"):
        step.run(Pick(channels=["F3", "Cz"]).run(eeg()))


def test_the_reference_at_infinity_is_that_of_mne():
    recording = eeg(bads=("Cz",))
    found = Reference(to="rest").run(recording)
    raw = to_raw(recording).copy()
    info = raw.copy().pick("eeg", exclude="bads").info
    sphere = mne.make_sphere_model("auto", "auto", info, verbose="ERROR")
    sources = mne.setup_volume_source_space(sphere=sphere, exclude=30.0, pos=15.0, verbose="ERROR")
    forward = mne.make_forward_solution(info, None, sources, sphere, eeg=True, meg=False, verbose="ERROR")
    expected = mne.set_eeg_reference(raw, "REST", forward=forward, verbose="ERROR")[0].get_data()
    np.testing.assert_allclose(found.data, expected, rtol=0, atol=1e-12 * np.abs(expected[:19]).max())
    assert found.reference == "rest"


def test_what_a_constant_added_to_all_channels_was_does_not_matter_at_infinity():
    recording = eeg()
    shifted = replace(recording, data=recording.data + np.sin(np.arange(4000)) * 1e-5)
    a, b = (Reference(to="rest").run(x).data[:19] for x in (recording, shifted))
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


def test_the_surface_laplacian_is_that_of_mne():
    recording = eeg()
    found = Csd().run(recording)
    expected = mne.preprocessing.compute_current_source_density(to_raw(recording)).get_data(picks="csd")
    np.testing.assert_allclose(found.data[:19], expected, rtol=1e-12)
    assert found.ch_types == ("csd",) * 19 + ("ecg",)
    assert found.units == ("V/m^2",) * 19 + ("V",)
    with pytest.raises(InputError, match=r"EEG channels are bad: Cz\. Put interpolate_bads before csd"):
        Csd().run(eeg(bads=("Cz",)))
    with pytest.raises(InputError, match="The surface Laplacian needs sensor positions"):
        Csd().run(eeg(positions=None))


def implant(**changes):
    names = ("A1", "A2", "A3", "A5", "B'1", "B'2", "POL C 01", "EKG")
    recording = replace(
        eeg(), data=eeg().data[:8], ch_names=names, ch_types=("seeg",) * 7 + ("ecg",), units=("V",) * 8, positions=None
    )
    return replace(recording, **changes)


def test_contacts_are_paired_with_the_next_of_their_shaft():
    recording = implant(bads=("A2",))
    found = ShaftReference().run(recording)
    assert found.ch_names == ("A1-A2", "A2-A3", "B'1-B'2", "EKG")
    np.testing.assert_array_equal(found.data[2], recording.data[4] - recording.data[5])
    np.testing.assert_array_equal(found.data[3], recording.data[7])
    assert found.bads == ("A1-A2", "A2-A3")
    assert found.notes[-1]["dropped"] == ["A5", "POL C 01"]
    assert found.notes[-1]["shafts"] == {"A": 4, "B'": 2, "C": 1}


def test_contacts_are_averaged_within_their_shaft_without_bad_ones():
    recording = implant(bads=("A2",))
    found = ShaftReference(to="average").run(recording)
    x = recording.data
    np.testing.assert_allclose(found.data[0], x[0] - x[[0, 2, 3]].mean(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.data[[1, 6, 7]], x[[1, 6, 7]])
    assert found.notes[-1]["unchanged"] == ["POL C 01"]


def test_what_is_no_implantation_is_refused():
    with pytest.raises(InputError, match="No channel of type seeg, ecog, dbs is named as a contact"):
        ShaftReference().run(eeg())
    lonely = implant(ch_names=("A1", "B1", "C1", "D1", "E1", "F1", "G1", "EKG"))
    with pytest.raises(InputError, match="No two contacts of a shaft are neighbours"):
        ShaftReference().run(lonely)


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


@pytest.mark.parametrize("kind", ["eog", "emg", "misc", "dbs"])
def test_a_bad_channel_without_neighbours_stays_as_it_is_and_bad(kind):
    """MNE leaves it alone; the product with what it says would be zero."""
    types = tuple(kind if name == "O1" else each for name, each in zip(eeg().ch_names, eeg().ch_types, strict=True))
    recording = eeg(ch_types=types, bads=("Cz", "O1"))
    alone = InterpolateBads().run(eeg(ch_types=types, bads=("O1",)))
    np.testing.assert_array_equal(alone.data, recording.data)
    found = InterpolateBads().run(recording)
    expected = to_raw(recording).interpolate_bads(exclude=["O1"]).get_data()
    np.testing.assert_allclose(found.data, expected, rtol=0, atol=1e-12 * np.abs(expected[:19]).max())
    assert found.bads == alone.bads == ("O1",)
    assert found.notes[-1]["interpolated"] == ["Cz"]


def test_a_bad_eog_without_a_place_keeps_no_recording_from_being_interpolated():
    found = InterpolateBads().run(eeg(bads=("ECG", "Cz")))
    assert found.bads == ("ECG",)


def test_contacts_that_mne_cannot_interpolate_are_refused_in_our_words():
    types = ("seeg",) * 19 + ("ecg",)  # on a scalp, so on no shaft
    with pytest.raises(InputError, match=r"E-INPUT-POSITIONS .*O1 cannot be interpolated: No shaft found") as error:
        InterpolateBads().run(eeg(ch_types=types, bads=("O1",)))
    assert "exclude_bads" in error.value.remedy


def test_interpolation_needs_positions_and_neighbours():
    with pytest.raises(InputError, match="Interpolation needs sensor positions, and Fp1, Fp2, F7, F3, Fz and others"):
        InterpolateBads().run(eeg(bads=("Cz",), positions=None))
    with pytest.raises(InputError, match="3 good eeg channels are too few"):
        InterpolateBads().run(eeg(bads=eeg().ch_names[:16]))
    assert InterpolateBads().run(eeg(positions=None)).notes[-1] == {"step": "interpolate_bads", "interpolated": []}
