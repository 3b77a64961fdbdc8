"""Reading: the numbers of MNE and nibabel, in SI units, with what the sidecars say."""

from __future__ import annotations

import gzip

import edfio
import mne
import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.bids import places
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.readers import edf
from neurocli.bids.select import select
from neurocli.data import lazy
from neurocli.errors import InputError
from neurocli.preprocessing.epoch import Epoch
from tests.bids.recordings import NAMES, SFREQ, Dataset, image, noise, write_brainvision, write_edf

mne.set_log_level("ERROR")


@pytest.fixture
def dataset(tmp_path):
    return Dataset(tmp_path / "data")


@pytest.fixture
def bold(tmp_path):
    dataset = Dataset(tmp_path / "data", "func", "bold")
    nibabel.save(image(), dataset.path("bold.nii.gz"))
    return dataset


# --- long recordings ---


@pytest.fixture
def long(monkeypatch):
    """Take every recording for a long one."""
    monkeypatch.setattr(lazy, "LAZY", 0)


def _as_bdf(dataset):
    signals = [edfio.BdfSignal(x, SFREQ, label=n, physical_dimension="uV", physical_range=(-4e4, 4e4))
               for n, x in zip(NAMES, noise(), strict=True)]  # fmt: skip
    edfio.Bdf(signals).write(dataset.path("eeg.bdf"))


WRITERS = {
    "EDF": lambda dataset: write_edf(dataset.path("eeg.edf"), noise()),
    "EDF+": lambda dataset: write_edf(dataset.path("eeg.edf"), noise(), annotations=[edfio.EdfAnnotation(1, 1, "x")]),
    "BDF": _as_bdf,
    "BrainVision": lambda dataset: write_brainvision(dataset.folder, "sub-01_task-rest_eeg", noise()),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("unit", ["µV", "mV"])
def test_a_long_recording_has_the_bits_of_a_short_one(dataset, request, kind, unit):
    """The table that says mV is contradicted by the size of the signal, which is looked at channel by channel."""
    WRITERS[kind](dataset)
    dataset.channels(units=unit)
    expected = dataset.read()
    request.getfixturevalue("long")
    found = read(dataset.root, dataset.item(), lazily=True)
    assert isinstance(found.data, lazy.Series)
    np.testing.assert_array_equal(np.asarray(found.data), expected.data)
    np.testing.assert_array_equal(found.data[1:3, 150:333], expected.data[1:3, 150:333])
    about = [{name: value for name, value in vars(one).items() if name != "data"} for one in (found, expected)]
    np.testing.assert_equal(*about)
    assert any("mV" in note.get("warning", "") for note in found.notes) == (unit == "mV")


@pytest.mark.usefixtures("long")
def test_who_asks_for_a_plain_array_gets_one(dataset):
    WRITERS["EDF"](dataset)
    assert type(dataset.read().data) is np.ndarray


@pytest.mark.usefixtures("long")
def test_flat_and_broken_channels_of_a_long_recording_are_told(dataset):
    data = noise()
    data[0], data[1, 7] = 3.0, np.nan
    write_brainvision(dataset.folder, "sub-01_task-rest_eeg", data)
    said = [note["warning"] for note in read(dataset.root, dataset.item(), lazily=True).notes]
    assert said == ["Cz holds NaN or infinity.", "Fp1 is flat."]


# --- numbers -------------------------------------------------------------------------------------------------------


def raw_of(path):
    readers = {".edf": mne.io.read_raw_edf, ".vhdr": mne.io.read_raw_brainvision}
    return readers[path.suffix](path, verbose="ERROR")


@pytest.mark.parametrize("name", ["eegmat", "ssvep", "seizure/chbmit", "seizure/ieeg"])
def test_real_recordings_have_the_numbers_of_mne(shared_data, tmp_path, name):
    root = shared_data / name
    items = select(scan(root, tmp_path), Question(datatype="ieeg" if name.endswith("ieeg") else "eeg"))
    for item in items[:4]:
        ours, theirs = read(root, item), raw_of(root / item.path)
        assert ours.sfreq == theirs.info["sfreq"]
        np.testing.assert_allclose(ours.data, theirs.get_data(), rtol=1e-9, atol=1e-13)
        assert [name.removeprefix("EEG ").removeprefix("ECG ") for name in theirs.ch_names] == list(ours.ch_names)


def test_every_real_recording_is_read_without_a_warning(shared_data, tmp_path):
    n = 0
    for name, datatype in [("eegmat", "eeg"), ("ssvep", "eeg"), ("haxby", "func"), ("seizure/chbmit", "eeg"),
                           ("seizure/ieeg", "ieeg")]:  # fmt: skip
        for item in select(scan(shared_data / name, tmp_path), Question(datatype=datatype)):
            data = read(shared_data / name, item)
            assert data.notes == ()
            assert data.events["onset"]
            n += 1
    assert n == 45


def test_eegmat_has_19_scalp_channels_at_their_old_names(shared_data, tmp_path):
    root = shared_data / "eegmat"
    recording = read(root, select(scan(root, tmp_path), Question(datatype="eeg"))[0])
    assert recording.ch_types == ("eeg",) * 19 + ("misc", "ecg")
    assert {"Fp1", "T3", "T6", "A2-A1", "ECG"} <= set(recording.ch_names)
    assert set(recording.units) == {"V"}
    assert np.isfinite(recording.positions[:19]).all()
    assert np.isnan(recording.positions[19:]).all()
    assert recording.reference.startswith("linked ears")


def test_haxby_has_its_mask_and_its_repetition_time(shared_data, tmp_path):
    root = shared_data / "haxby"
    item = select(scan(root, tmp_path), Question(datatype="func"))[0]
    found, expected = read(root, item), nibabel.load(root / item.path)
    np.testing.assert_allclose(found.data, expected.get_fdata(), rtol=1e-6)
    np.testing.assert_array_equal(found.affine, expected.affine)
    assert found.tr == 2.5
    assert found.mask.sum() == 530
    assert list(found.masks) == ["brain"]


@given(seed=st.integers(0, 99), n_times=st.integers(1, 5), unit=st.sampled_from(["uV", "mV", "nV", "V"]))
def test_edf_has_the_numbers_of_mne(seed, n_times, unit, tmp_path_factory):
    path = tmp_path_factory.mktemp("edf") / "x.edf"
    write_edf(path, noise(n_times=int(n_times * SFREQ), seed=seed), unit)
    ours, theirs = edf.read(path), edfio.read_edf(path)
    np.testing.assert_allclose(ours.data, [s.data for s in theirs.signals], atol=8e4 * 1e-15)  # the range, rounded
    assert ours.units == (unit,) * 4


@pytest.mark.parametrize("orientation", ["MULTIPLEXED", "VECTORIZED"])
@pytest.mark.parametrize(("kind", "dtype"), [("INT_16", "<i2"), ("INT_32", "<i4"), ("IEEE_FLOAT_32", "<f4")])
def test_brainvision_has_the_numbers_of_mne(dataset, orientation, kind, dtype):
    header = write_brainvision(dataset.folder, "sub-01_task-rest_eeg", noise())
    text = header.read_text().replace("MULTIPLEXED", orientation).replace("IEEE_FLOAT_32", kind)
    header.write_text(text.replace(",,1,", ",,0.5,"))
    values = np.round(noise()).astype(dtype)
    (values if orientation == "VECTORIZED" else values.T).tofile(header.with_suffix(".eeg"))
    ours, theirs = dataset.read(), raw_of(header)
    np.testing.assert_allclose(ours.data, theirs.get_data(), rtol=1e-12)
    assert ours.annotations == ((0.0, 0.01, "New Segment/"), (1.0, 0.01, "Stimulus/S  1"))


def test_a_brainvision_of_another_byte_order_has_its_numbers(dataset):
    header = write_brainvision(dataset.folder, "sub-01_task-rest_eeg", noise())
    plain = dataset.read().data
    header.write_text(header.read_text().replace("[Binary Infos]", "[Binary Infos]\nUseBigEndianOrder=YES"))
    noise().T.astype(">f4").tofile(header.with_suffix(".eeg"))
    np.testing.assert_array_equal(dataset.read().data, plain)


def test_no_epoch_lies_across_a_pause_of_a_brainvision(dataset):
    header = write_brainvision(dataset.folder, "sub-01_task-rest_eeg", noise())
    with header.with_suffix(".vmrk").open("a") as markers:
        markers.write("Mk3=New Segment,,251,1,0\n")
    found = dataset.read()
    assert found.annotations[-1] == (2.5, 0.0, "BAD boundary")
    epochs = Epoch(duration=1.0).run(found)
    assert epochs.samples["onset"] == [0.0, 1.0, 3.0, 4.0]
    assert epochs.notes[-1]["dropped"] == {"under 'BAD boundary'": 1}
    assert Epoch(duration=0.5).run(found).notes[-1]["dropped"] == {}  # before it or after it, none across


def test_edf_annotations_are_spans(dataset):
    notes = [edfio.EdfAnnotation(1.5, 2, "BAD jump"), edfio.EdfAnnotation(0.5, None, "µ")]
    write_edf(dataset.path("eeg.edf"), noise(), annotations=notes)
    assert dataset.read().annotations == ((0.5, 0.0, "µ"), (1.5, 2.0, "BAD jump"))


def test_edf_annotations_count_from_the_first_sample_where_that_is_no_whole_second(dataset):
    """EDF+ 2.2.4: the first record starts +0.X s after the time of the header, from which annotations count."""
    path = dataset.path("eeg.edf")
    write_edf(path, noise(), annotations=[edfio.EdfAnnotation(1.5, 2, "BAD jump")])
    raw = path.read_bytes()
    for second in range(5):  # the stamp of each record grows by two bytes, and its padding shrinks by as many
        head, tail = raw.split(f"+{second}\x14\x14".encode(), 1)
        raw = head + f"+{second}.5\x14\x14".encode() + tail.replace(b"\0\0\0", b"\0", 1)
    path.write_bytes(raw)
    theirs = raw_of(path).annotations
    assert dataset.read().annotations == ((1.0, 2.0, "BAD jump"),)
    assert (theirs.onset.tolist(), theirs.duration.tolist()) == ([1.0], [2.0])


def test_channels_of_another_rate_are_left_out_and_named(dataset):
    fast = [edfio.EdfSignal(x, SFREQ, label=n, physical_dimension="uV") for n, x in zip("ab", noise(2), strict=True)]
    slow = edfio.EdfSignal(noise(1, 5)[0], 1, label="temp", physical_dimension="degC")
    edfio.Edf([fast[0], slow, fast[1]]).write(dataset.path("eeg.edf"))
    dataset.channels(names=("a", "temp", "b"), types=("EEG", "TEMP", "EEG"), units=("µV", "oC", "µV"))
    found = dataset.read()
    assert found.ch_names == ("a", "b")
    assert found.notes[0]["left_out"] == {"temp": 1.0}


def test_a_person_in_the_header_is_not_carried_along(dataset):
    write_edf(dataset.path("eeg.edf"), noise(), patient=edfio.Patient(name="Ada_Lovelace", code="X17"))
    found = dataset.read()
    assert "Lovelace" in dataset.path("eeg.edf").read_bytes()[:256].decode()
    assert "Lovelace" not in str(found)


# --- channels.tsv --------------------------------------------------------------------------------------------------


def test_without_any_sidecar_an_edf_is_read_by_its_labels(dataset):
    write_edf(dataset.path("eeg.edf"), noise(), names=("EEG Fp1", "EEG Cz", "EOG left", "ECG ECG"))
    found = dataset.read()
    assert found.ch_names == ("Fp1", "Cz", "left", "ECG")
    assert found.ch_types == ("eeg", "eeg", "eog", "ecg")
    assert found.events == {}
    assert np.isfinite(found.positions[:2]).all()


def test_a_prefix_stays_where_names_would_be_equal(dataset):
    write_edf(dataset.path("eeg.edf"), noise(2), names=("EEG A1", "EOG A1"))
    assert dataset.read().ch_names == ("EEG A1", "EOG A1")


def test_the_table_says_types_and_bad_channels(dataset):
    write_edf(dataset.path("eeg.edf"), noise())
    dataset.channels(types=("EEG", "EEG", "REF", "ECG"), status=("good", "bad", "n/a", "good"))
    found = dataset.read()
    assert found.ch_types == ("eeg", "eeg", "misc", "ecg")
    assert found.bads == ("Cz",)


def test_rows_are_found_by_name_in_any_order(dataset):
    write_edf(dataset.path("eeg.edf"), noise())
    dataset.channels(names=NAMES[::-1], types=("ECG", "EOG", "EEG", "EEG"))
    assert dataset.read().ch_types == ("eeg", "eeg", "eog", "ecg")


@pytest.mark.parametrize("spelling", ["uV", "µV", "\u03bcV", "microV", "microvolts"])
def test_a_unit_is_known_however_it_is_spelt(dataset, spelling):
    write_edf(dataset.path("eeg.edf"), noise(), units="")
    dataset.channels(units=spelling)
    np.testing.assert_allclose(dataset.read().data, noise() * 1e-6, atol=1e-6)


def test_millivolts_beside_microvolts(dataset):
    write_edf(dataset.path("eeg.edf"), noise(), units=("uV", "uV", "uV", "mV"))
    found = dataset.read()
    np.testing.assert_allclose(found.data[3].std() / found.data[0].std(), 1000, rtol=0.2)


# --- sidecars ------------------------------------------------------------------------------------------------------


def test_events_are_numbers_where_they_are_times(dataset):
    write_edf(dataset.path("eeg.edf"), noise())
    dataset.table("events.tsv", [{"onset": 1, "duration": "n/a", "trial_type": "a", "value": "010"}])
    assert dataset.read().events == {"onset": [1.0], "duration": [None], "trial_type": ["a"], "value": ["010"]}


@pytest.mark.parametrize(("unit", "factor"), [("m", 1), ("cm", 100), ("mm", 1000)])
@pytest.mark.parametrize("said", [True, False])
def test_places_are_metres_whatever_the_table_is_in(dataset, unit, factor, said):
    write_edf(dataset.path("eeg.edf"), noise())
    places_m = {"fp1": (-0.03, 0.08, 0.02), "Cz": (0, 0, 0.1)}
    dataset.table("electrodes.tsv", [{"name": n, **dict(zip("xyz", np.multiply(p, factor), strict=True))}
                                     for n, p in places_m.items()])  # fmt: skip
    dataset.path("coordsystem.json").write_text(f'{{"EEGCoordinateUnits": "{unit if said else "n/a"}"}}')
    found = dataset.read()
    np.testing.assert_allclose(found.positions[:2], list(places_m.values()))
    assert np.isnan(found.positions[2:]).all()
    assert bool(found.notes) is not said


def test_an_eeglab_system_is_turned_to_the_right_ear(dataset):
    write_edf(dataset.path("eeg.edf"), noise())
    dataset.table("electrodes.tsv", [{"name": "Cz", "x": 1, "y": 2, "z": 3}])  # 1 to the front, 2 to the left
    dataset.path("coordsystem.json").write_text('{"EEGCoordinateUnits": "m", "EEGCoordinateSystem": "CTF"}')
    np.testing.assert_allclose(dataset.read().positions[1], [-2, 1, 3])


def test_standard_places_are_those_of_mne():
    names = ["Fp1", "Cz", "T7", "O2"]
    info = mne.create_info(names, 100, "eeg").set_montage("colin27_1005")
    expected = [ch["loc"][:3] for ch in info["chs"]]
    np.testing.assert_allclose(places.standard(names, ["eeg"] * 4), expected, atol=1e-7)


def test_old_new_and_decorated_names_are_one_place():
    found = places.standard(["T3", "T7", "t7", "T7-REF", "T7..", "nose", "T7"], ["eeg"] * 6 + ["misc"])
    for row in found[1:5]:
        np.testing.assert_allclose(row, found[0], atol=1e-9)
    assert np.isnan(found[5:]).all()


def test_a_site_against_an_ear_is_that_site_and_an_ear_against_the_other_is_none():
    found = places.standard(["C3", "C3-A2", "C3-M2", "C3-a1a2", "A2-A1", "M1-M2", "C3-P3"], ["eeg"] * 7)
    np.testing.assert_array_equal(found[1:4], found[[0, 0, 0]])
    assert np.isnan(found[4:]).all()


def test_bipolar_channels_have_no_place():
    assert places.standard(["FP1-F7"], ["eeg"]) is None


# --- images --------------------------------------------------------------------------------------------------------


def test_a_compressed_image_and_a_plain_one_are_equal(bold):
    first = bold.read()
    path = bold.path("bold.nii.gz")
    bold.path("bold.nii").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
    np.testing.assert_array_equal(bold.read().data, first.data)
    np.testing.assert_array_equal(first.data, image().get_fdata(dtype=np.float32))


def test_the_repetition_time_of_the_header_counts_where_the_sidecar_is_silent(bold):
    assert bold.read().tr == 2.0
    bold.json(RepetitionTime=2.0)
    assert bold.read().tr == 2.0


def test_slices_that_were_counted_from_the_last_are_turned_round(bold):
    """BIDS: with `k-` the first entry of SliceTiming is that of the slice with the largest index."""
    times = {direction: [0.0, 0.5, 1.5] for direction in ("k", "k-", "j")}
    found = {}
    for direction, said in times.items():
        bold.json(SliceTiming=said, SliceEncodingDirection=direction)
        found[direction] = bold.read().slice_times
    assert found == {"k": (0.0, 0.5, 1.5), "k-": (1.5, 0.5, 0.0), "j": ()}


def placed(bold, sform, qform):
    img = image()
    img.header.set_sform(sform, None if sform is not None else 0)
    img.header.set_qform(qform, 1 if qform is not None else 0)
    path = bold.path("bold.nii")
    bold.path("bold.nii.gz").unlink(missing_ok=True)
    raw = bytearray(img.to_bytes())
    raw[252:256] = np.array([qform is not None, 0 if sform is None else 2], "<i2").tobytes()
    path.write_bytes(raw)
    return [note["warning"] for note in bold.read().notes if "warning" in note]


def test_an_image_that_says_two_places_or_none_is_read_with_a_word(bold):
    moved = np.eye(4)
    moved[0, 3] = 4.0
    assert placed(bold, np.eye(4), np.eye(4)) == []
    assert placed(bold, np.eye(4), None) == []
    assert placed(bold, None, moved) == []
    (said,) = placed(bold, np.eye(4), moved)
    assert said == "The sform and the qform of the image place its voxels up to 4.0 mm apart; the sform counts."
    np.testing.assert_array_equal(bold.read().affine, np.eye(4))
    (said,) = placed(bold, None, None)
    assert "left and right are a guess" in said


def test_confounds_are_numbers(tmp_path):
    folder = tmp_path / "data/sub-01/func"
    folder.mkdir(parents=True)
    nibabel.save(image(), folder / "sub-01_task-rest_space-T1w_desc-preproc_bold.nii.gz")
    nibabel.save(image((4, 5, 3)), folder / "sub-01_task-rest_space-T1w_desc-brain_mask.nii.gz")
    (folder / "sub-01_task-rest_desc-confounds_timeseries.tsv").write_text("csf\tfd\n1.5\tn/a\n")
    (item,) = select(scan(tmp_path / "data", tmp_path), Question(datatype="func", desc="preproc"))
    found = read(tmp_path / "data", item)
    assert found.confounds == {"csf": [1.5], "fd": [None]}
    assert found.mask.shape == (4, 5, 3)


def test_a_mask_that_does_not_fit_is_left_and_said(bold):
    folder = bold.root / "derivatives/masks/sub-01/func"
    folder.mkdir(parents=True)
    nibabel.save(image((2, 2, 2)), folder / "sub-01_desc-brain_mask.nii.gz")
    found = bold.read()
    assert found.mask is None
    assert "another shape" in found.notes[0]["warning"]


# --- several masks, images of the same person, and the mains ---


def test_several_masks_come_along_and_one_that_does_not_fit_is_empty(bold):
    folder = bold.root / "derivatives/masks/sub-01/func"
    folder.mkdir(parents=True)
    for name, shape in {"brain": (4, 5, 3), "csf": (4, 5, 3), "odd": (2, 2, 2)}.items():
        nibabel.save(image(shape), folder / f"sub-01_desc-{name}_mask.nii.gz")
    found = bold.read()
    assert sorted(found.masks) == ["brain", "csf", "odd"]
    assert found.mask_stack.shape == (4, 5, 3, 3)
    assert found.mask_stack.any(axis=(0, 1, 2)).tolist() == [True, True, False]


def _t1s(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(image((2, 3, 4)), root / path)


def _companions(bold, *companions):
    (item,) = select(scan(bold.root, bold.root / ".cache"), Question(datatype="func", companions=companions))
    return item


def test_the_t1_of_the_same_person_comes_along_where_a_step_asks_for_it(bold):
    _t1s(bold.root, "sub-01/anat/sub-01_acq-low_T1w.nii.gz", "sub-01/anat/sub-01_T1w.nii.gz",
         "sub-02/anat/sub-02_T1w.nii.gz")  # fmt: skip
    assert bold.read().t1 is None
    item = _companions(bold, "T1w")
    assert item.sidecars[-1] == "sub-01/anat/sub-01_T1w.nii.gz"
    found = read(bold.root, item)
    assert found.t1.shape == (2, 3, 4)
    np.testing.assert_array_equal(found.t1_affine, np.eye(4))


def test_the_t1_of_the_session_comes_first_and_one_in_a_template_is_none(tmp_path):
    dataset = Dataset(tmp_path / "data", "func", "bold")
    own = dataset.root / "sub-01/ses-b/func/sub-01_ses-b_task-rest_bold.nii.gz"
    own.parent.mkdir(parents=True)
    nibabel.save(image(), own)
    _t1s(dataset.root, "sub-01/ses-b/anat/sub-01_ses-b_space-MNI_T1w.nii.gz")
    assert not any("T1w" in path for path in _companions(dataset, "T1w").sidecars)
    _t1s(dataset.root, "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz")
    assert _companions(dataset, "T1w").sidecars[-1].endswith("ses-a_T1w.nii.gz")
    _t1s(dataset.root, "sub-01/ses-b/anat/sub-01_ses-b_acq-x_T1w.nii.gz")
    assert _companions(dataset, "T1w").sidecars[-1].endswith("ses-b_acq-x_T1w.nii.gz")


@pytest.mark.parametrize(("said", "expected"), [(60, 60.0), ("n/a", None), (None, None)])
def test_the_mains_frequency_is_what_the_sidecar_says(dataset, said, expected):
    write_edf(dataset.path("eeg.edf"), noise())
    dataset.json(PowerLineFrequency=said) if said else dataset.json()
    assert dataset.read().line_freq == expected


def test_a_mains_frequency_that_is_no_number_is_refused(dataset):
    write_edf(dataset.path("eeg.edf"), noise())
    dataset.json(PowerLineFrequency="sixty")
    with pytest.raises(InputError, match="PowerLineFrequency is 'sixty'"):
        dataset.read()
