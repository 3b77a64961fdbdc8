"""What may be wrong with a recording: one sentence each, with the file in it, before anything is computed."""

from __future__ import annotations

import errno
import gzip
import re
import tarfile

import edfio
import nibabel
import numpy as np
import pytest

from neurocli.bids.digests import Digests
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.select import select
from neurocli.errors import InputError
from tests.bids.recordings import NAMES, Dataset, image, noise, write_brainvision, write_edf

EDF = "sub-01/eeg/sub-01_task-rest_eeg.edf"


@pytest.fixture
def dataset(tmp_path):
    dataset = Dataset(tmp_path / "data")
    write_edf(dataset.path("eeg.edf"), noise())
    return dataset


@pytest.fixture
def brainvision(tmp_path):
    dataset = Dataset(tmp_path / "data")
    write_brainvision(dataset.folder, "sub-01_task-rest_eeg", noise())
    return dataset


@pytest.fixture
def bold(tmp_path):
    dataset = Dataset(tmp_path / "data", "func", "bold")
    nibabel.save(image(), dataset.path("bold.nii.gz"))
    return dataset


def refused(dataset, code, message):
    with pytest.raises(InputError, match=f"{code} .*{message}") as caught:
        dataset.read()
    assert str(dataset.root) not in caught.value.where
    return caught.value


def cut(path, n):
    path.write_bytes(path.read_bytes()[:n])


# --- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 300, 1300, -1, -500])
def test_a_truncated_edf_names_both_sizes(dataset, n):
    size = dataset.path("eeg.edf").stat().st_size
    cut(dataset.path("eeg.edf"), n)
    found = dataset.path("eeg.edf").stat().st_size
    error = refused(dataset, "E-INPUT-TRUNCATED", f"{found:,} bytes are there, its header says")
    assert error.where == EDF
    if n > 1300 or n < 0:
        assert f"{size:,}" in error.message


def test_every_real_edf_is_refused_when_a_byte_is_missing(shared_data, tmp_path):
    source = next((shared_data / "seizure/chbmit").rglob("*.edf"))
    dataset = Dataset(tmp_path / "data")
    dataset.path("eeg.edf").write_bytes(source.read_bytes()[:-1])
    refused(dataset, "E-INPUT-TRUNCATED", f"{source.stat().st_size - 1:,} bytes are there, its header says")


def test_an_empty_file_is_said_to_be_empty(dataset):
    dataset.path("eeg.edf").write_bytes(b"")
    refused(dataset, "E-INPUT-TRUNCATED", "The file is empty")


def test_what_is_no_edf_is_refused(dataset):
    dataset.path("eeg.edf").write_bytes(b"PK\x03\x04" + bytes(4000))
    refused(dataset, "E-INPUT-UNREADABLE", "The file is no proper .edf")


def test_a_garbled_edf_header_is_refused(dataset):
    raw = bytearray(dataset.path("eeg.edf").read_bytes())
    raw[244:252] = b"soon    "
    dataset.path("eeg.edf").write_bytes(raw)
    refused(dataset, "E-INPUT-UNREADABLE", "soon")


@pytest.mark.parametrize("n", [-1, -400, 1000])
def test_a_truncated_brainvision_is_refused(brainvision, n):
    """By half a sample; by its markers (the last is at sample 101, 1,000 bytes are 62 samples)."""
    if n == -400:
        text = brainvision.path("eeg.vhdr").read_text()
        text = text.replace("NumberOfChannels", "DataPoints=500\nNumberOfChannels")
        brainvision.path("eeg.vhdr").write_text(text)
    cut(brainvision.path("eeg.eeg"), n - n % 16 if n == 1000 else n)
    error = refused(brainvision, "E-INPUT-TRUNCATED", "are there, its header says")
    assert error.where.endswith("_eeg.eeg")


def test_a_brainvision_shorter_than_its_sidecar_is_refused(brainvision):
    brainvision.json(RecordingDuration=500.0)
    refused(brainvision, "E-INPUT-TRUNCATED", "is 5 s long, its sidecar says 500 s")


def test_a_brainvision_without_its_samples_is_refused(brainvision):
    brainvision.path("eeg.eeg").unlink()
    refused(brainvision, "E-INPUT-UNREADABLE", "cannot be opened")


def test_a_brainvision_that_was_renamed_is_found_and_said(brainvision):
    text = brainvision.path("eeg.vhdr").read_text()
    brainvision.path("eeg.vhdr").write_text(re.sub("DataFile=.*", "DataFile=old.eeg", text))
    assert "names old.eeg" in brainvision.read().notes[0]["warning"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SamplingInterval=1e+04", "SamplingInterval=0", "SamplingInterval is 0"),
        ("NumberOfChannels=4", "NumberOfChannels=5", "NumberOfChannels is 5, but 4 channels are described"),
        ("Fp1,,1,", "Fp1,,one,", "the resolution of Fp1 is 'one'"),
        ("Brain Vision", "Brian Vision", "it starts with 'Brian"),
        ("BinaryFormat=IEEE_FLOAT_32", "BinaryFormat=INT_12", "The samples are BINARY INT_12"),
    ],
)
def test_a_garbled_brainvision_header_is_refused(brainvision, old, new, message):
    text = brainvision.path("eeg.vhdr").read_text().replace("SamplingInterval=10000", "SamplingInterval=1e+04")
    assert old in text
    brainvision.path("eeg.vhdr").write_text(text.replace(old, new))
    refused(brainvision, "E-INPUT-(UNREADABLE|FORMAT)", message)


@pytest.mark.parametrize("n", [1, 200, -8, -300])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_truncated_nifti_names_both_sizes(bold, n, compressed):
    path = bold.path("bold.nii.gz")
    if not compressed:
        bold.path("bold.nii").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
        path = bold.path("bold.nii")
    cut(path, n)
    found = r"[\d,]+" if compressed else f"{path.stat().st_size:,}"
    refused(bold, "E-INPUT-TRUNCATED", rf"truncated: {found} bytes are there, its header says [\d,]+\.")


def test_what_is_no_gzip_and_what_is_no_nifti_are_refused(bold):
    bold.path("bold.nii.gz").write_bytes(b"not gzip at all")
    refused(bold, "E-INPUT-UNREADABLE", "incorrect header check")
    bold.path("bold.nii.gz").write_bytes(gzip.compress(bytes(1000)))
    refused(bold, "E-INPUT-UNREADABLE", "it starts with")


def test_a_broken_checksum_is_refused(bold):
    raw = bytearray(bold.path("bold.nii.gz").read_bytes())
    raw[-8:-4] = b"\0\0\0\0"
    bold.path("bold.nii.gz").write_bytes(raw)
    refused(bold, "E-INPUT-UNREADABLE", "incorrect data check")


SKELETONS = [("eeg_matchingpennies", "eeg"), ("eeg_cbm", "eeg"), ("ds003", "anat"), ("ds000246", "meg"),
             ("emg_TwoWristbands", "emg"), ("ieeg_motorMiller2007", "ieeg")]  # fmt: skip


@pytest.mark.parametrize(("name", "datatype"), SKELETONS)
def test_skeletons_are_listed_and_refused_by_name(shared_data, tmp_path, name, datatype):
    root = shared_data / "bids-skeletons" / name
    for item in select(scan(root, tmp_path), Question(datatype=datatype)):
        with pytest.raises(InputError) as caught:
            read(root, item)
        assert caught.value.code in ("E-INPUT-TRUNCATED", "E-INPUT-UNREADABLE", "E-INPUT-UNIT")
        assert caught.value.where


# --- links ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["eeg.edf", "events.tsv", "channels.tsv", "eeg.json"])
def test_a_link_to_nothing_names_the_command_that_fetches_it(dataset, ending):
    dataset.path(ending).unlink(missing_ok=True)
    dataset.path(ending).symlink_to("../../.git/annex/objects/gone")
    error = refused(dataset, "E-INPUT-LINK", "is a link to .* which is not there")
    assert f"datalad get sub-01/eeg/sub-01_task-rest_{ending}" in error.remedy


# --- channels ------------------------------------------------------------------------------------------------------


def test_names_that_disagree_are_named(dataset):
    dataset.channels(names=("Fp1", "Cz", "T3", "EKG"))
    refused(dataset, "E-INPUT-CHANNELS", "the table lacks ECG and the recording lacks EKG")


def test_a_missing_row_is_named(dataset):
    dataset.channels(names=NAMES[:3], types=("EEG",) * 3)
    refused(dataset, "E-INPUT-CHANNELS", "the table lacks ECG")


def test_a_name_that_stands_twice_is_named(dataset):
    write_edf(dataset.path("eeg.edf"), noise(), names=("Fp1", "Cz", "Cz", "ECG"))
    for names in (("Fp1", "Cz", "T3", "ECG"), ("Fp1", "Cz", "Cz", "ECG")):  # a table cannot tell them apart
        dataset.channels(names=names)
        error = refused(dataset, "E-INPUT-CHANNELS", "several channels called Cz")
        assert error.remedy == "Rename all but one in the file itself: a table cannot."


def test_a_row_that_stands_twice_is_named(dataset):
    dataset.channels(names=("Fp1", "Cz", "Cz", "ECG"))
    refused(dataset, "E-INPUT-CHANNELS", "The table has several channels called Cz")


def test_an_unknown_type_is_named(dataset):
    dataset.channels(types=("EEG", "EEEG", "EEG", "ECG"))
    refused(dataset, "E-INPUT-CHANNELS", "Unknown channel type 'EEEG'. Did you mean 'EEG'")


@pytest.mark.parametrize("unit", ["n/a", "A/D", "furlong", "T"])
def test_an_unknown_unit_of_voltage_is_an_error(dataset, unit):
    write_edf(dataset.path("eeg.edf"), noise(), units="")
    dataset.channels(units=unit)
    refused(dataset, "E-INPUT-UNIT", "Nothing says which unit of voltage the channels Fp1, Cz, T3, ECG are in")


def test_a_wrong_unit_in_the_table_is_overruled_by_the_header_and_said(dataset):
    dataset.channels(units="V")
    found = dataset.read()
    np.testing.assert_allclose(found.data, noise() * 1e-6, atol=1e-6)
    assert "the header says µV, channels.tsv says V. Only µV" in found.notes[0]["warning"]


def test_a_unit_that_is_none_is_overruled_by_the_header_and_said(dataset):
    dataset.channels(units=("furlong", "µV", "µV", "n/a"))
    found = dataset.read()
    np.testing.assert_allclose(found.data, noise() * 1e-6, atol=1e-6)
    assert [note["warning"] for note in found.notes] == [
        "channels.tsv gives Fp1 the unit 'furlong'; that of the header, µV, counts."
    ]


def test_the_real_gdf_that_is_off_by_thousands_is_said(shared_data, tmp_path):
    dataset = Dataset(tmp_path / "data")
    source = next((shared_data / "ssvep/sourcedata").rglob("*.gdf"))
    dataset.path("eeg.gdf").write_bytes(source.read_bytes())
    found = dataset.read()
    assert found.ch_types == ("eeg",) * 8
    assert "is no brain signal: look at the units" in found.notes[-1]["warning"]


def test_a_contradiction_that_the_signal_does_not_decide_is_an_error(dataset):
    dataset.channels(units="mV")  # 20 uV and 20 mV: only the first is EEG
    assert "Only µV" in dataset.read().notes[0]["warning"]
    write_edf(dataset.path("eeg.edf"), noise() * 5)
    dataset.channels(units=("nV", "nV", "nV", "µV"))  # 100 uV and 100 nV are both possible
    refused(dataset, "E-INPUT-UNIT", "the header says µV, channels.tsv says nV, and the signal .* does not decide")


def test_a_signal_that_is_no_brain_signal_is_said(dataset):
    """The ssvep GDF: millivolts that call themselves microvolts."""
    write_edf(dataset.path("eeg.edf"), noise() * 1e-3, units="mV")
    write_edf(dataset.path("eeg.edf"), noise(), units="nV")
    assert "is no brain signal: look at the units" in dataset.read().notes[0]["warning"]


def test_flat_channels_and_nan_are_said(brainvision):
    data = noise()
    data[0] = 7.0
    data[1, 3] = np.nan
    write_brainvision(brainvision.folder, "sub-01_task-rest_eeg", data)
    warnings = [note["warning"] for note in brainvision.read().notes]
    assert warnings == ["Cz holds NaN or infinity.", "Fp1 is flat."]


# --- sidecars ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [500, "100 Hz", 100.5])
def test_another_sampling_frequency_is_an_error(dataset, said):
    dataset.json(SamplingFrequency=said)
    refused(dataset, "E-INPUT-SIDECAR", f"SamplingFrequency is {said!r} in the sidecar, but 100 Hz in the file")


@pytest.mark.parametrize("said", [100, 100.0, 100.05, "n/a"])
def test_the_same_sampling_frequency_is_fine(dataset, said):
    dataset.json(SamplingFrequency=said)
    assert dataset.read().sfreq == 100


def test_a_sidecar_that_is_no_json_has_its_place(dataset):
    dataset.path("eeg.json").write_text('{"SamplingFrequency": 100,\n "EEGReference": }')
    error = refused(dataset, "E-INPUT-SIDECAR", "This is not JSON")
    assert error.where == "sub-01/eeg/sub-01_task-rest_eeg.json:2:18"


@pytest.mark.parametrize(("said", "message"), [(3.0, "3 s in the sidecar, but 2 s in"), ("2", "expected a number")])
def test_another_repetition_time_is_an_error(bold, said, message):
    bold.json(RepetitionTime=said)
    refused(bold, "E-INPUT-SIDECAR", message)


def test_a_repetition_time_in_milliseconds_is_an_error(bold):
    img = image()
    img.header["xyzt_units"] = 2  # mm, and nothing about time
    nibabel.save(img, bold.path("bold.nii.gz"))
    bold.json(RepetitionTime=2000)
    refused(bold, "E-INPUT-SIDECAR", "The repetition time is 2000 s, .*; BIDS counts in seconds, not in ms")
    bold.path("bold.json").unlink()
    nibabel.save(image(tr=2000.0), bold.path("bold.nii.gz"))
    refused(bold, "E-INPUT-SIDECAR", "The repetition time is 2000 s, .*; BIDS counts in seconds, not in ms")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("onset\tduration\n1\t2\t3\n", "events.tsv:2: The line has 3 values"),
        ("onset\tduration\nsoon\t2\n", "events.tsv:2: onset is 'soon'"),
        ("onset\tduration\nn/a\t2\n", "events.tsv:2: onset is 'n/a'"),
        ("trial_type\na\n", "events.tsv:1: The table lacks the column onset, duration"),
        ("", "events.tsv: The table is empty"),
    ],
)
def test_broken_events_have_their_line(dataset, text, message):
    dataset.path("events.tsv").write_text(text)
    refused(dataset, "E-INPUT-TSV", message)


def test_an_unknown_unit_of_length_is_an_error(dataset):
    dataset.table("electrodes.tsv", [{"name": "Cz", "x": 1, "y": 2, "z": 3}])
    dataset.path("coordsystem.json").write_text('{"EEGCoordinateUnits": "inch"}')
    refused(dataset, "E-INPUT-SIDECAR", "The unit of the coordinates is 'inch'")


def test_a_format_that_is_not_read_is_refused_by_name(dataset):
    dataset.path("eeg.edf").rename(dataset.path("eeg.nwb"))
    refused(dataset, "E-INPUT-FORMAT", r"The format \.nwb cannot be read; these can: \.edf, ")


def test_a_file_that_vanished_after_the_scan_is_an_error(dataset):
    item = dataset.item()
    dataset.path("eeg.edf").unlink()
    with pytest.raises(InputError, match=f"E-INPUT-UNREADABLE {EDF}"):
        read(dataset.root, item)


def test_a_gap_in_an_edf_is_refused(dataset):
    notes = [edfio.EdfAnnotation(0.5, None, "x")]  # so that each record carries its time
    write_edf(dataset.path("eeg.edf"), noise(n_times=300), data_record_duration=1, annotations=notes)
    raw = bytearray(dataset.path("eeg.edf").read_bytes())
    raw[192:197] = b"EDF+D"
    dataset.path("eeg.edf").write_bytes(raw)
    assert dataset.read().n_times == 300
    dataset.path("eeg.edf").write_bytes(raw.replace(b"+2\x14\x14", b"+7\x14\x14"))
    refused(dataset, "E-INPUT-FORMAT", "The recording has a gap before 7 s")


def test_a_disk_that_fails_is_an_error_that_names_the_file(dataset, monkeypatch):
    def failing(path):
        raise OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr("neurocli.bids.readers.edf.read", failing)
    refused(dataset, "E-INPUT-UNREADABLE", "Input/output error")


def test_events_after_the_end_are_said(dataset):
    dataset.table("events.tsv", [{"onset": t, "duration": 1, "trial_type": "a"} for t in (1, 5, 7)])
    assert dataset.read().notes[0]["warning"] == "2 of 3 events start after the end of the recording (5 s)."


def test_a_clone_without_content_is_listed_and_each_link_is_told_apart(shared_data, tmp_path):
    """OpenNeuro ds004504 as git has it: sidecars, and links to signals that are not there."""
    with tarfile.open(shared_data / "bids-skeletons/ds004504-skeleton.tar.gz") as archive:
        archive.extractall(tmp_path, filter="tar")
    root = next(path.parent for path in tmp_path.rglob("dataset_description.json") if "derivatives" not in path.parts)
    items = select(scan(root, tmp_path / "cache"), Question(datatype="eeg"))
    assert len(items) == 88
    digests = Digests(root, tmp_path / "cache")
    for item in items:
        assert len(digests.known(item.path)) == 64  # git-annex names the content
        for found in (lambda item=item: digests.digest(item.path), lambda item=item: read(root, item)):
            with pytest.raises(InputError, match=f"E-INPUT-LINK {item.path}"):
                found()
    assert len(select(scan(root, tmp_path / "cache"), Question(datatype="eeg", derivatives="."))) == 88
