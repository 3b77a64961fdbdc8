"""Loose files into BIDS: the numbers stay, nobody is named, the validator agrees, and what cannot be is refused."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import mne
import nibabel
import numpy as np
import pytest
import pyxdf
from typer.testing import CliRunner

from neurocli.bids.index import scan
from neurocli.bids.loose import images, nwb, text, xdf
from neurocli.bids.loose.convert import bidsify
from neurocli.bids.loose.mapping import from_rows, from_table
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.select import select
from neurocli.commands import build
from neurocli.errors import InputError, MissingError, NeurocliError
from tests.bids.recordings import image, noise, write_brainvision, write_edf
from tests.bids.test_write import validated

mne.set_log_level("ERROR")


def converted(out: Path, *rows: dict, about: dict | None = None):
    return bidsify(from_rows(rows, Path("/"), [f"map.tsv:{i}" for i in range(2, len(rows) + 2)]), out, about)


def only(out: Path, datatype: str = "eeg"):
    (item,) = select(scan(out, out.parent / ".cache"), Question(datatype=datatype))
    return read(out, item)


def row(file: Path, **more) -> dict:
    return {"file": str(file), "subject": "01", "task": "rest", **more}


def refusal(out: Path, row: dict) -> NeurocliError:
    outcome = converted(out, row)
    assert outcome.files == []
    ((_, error),) = outcome.failures
    return error


# --- formats -------------------------------------------------------------------------------------------------------


@pytest.fixture
def edf(tmp_path) -> Path:
    path = tmp_path / "loose" / "Ada Lovelace 3.edf"
    write_edf(path, noise(), names=("EEG Fp1", "EEG Cz", "T3", "EKG"))
    raw = bytearray(path.read_bytes())
    raw[8:88] = b"MCH-0234567 F 02-MAY-1951 Ada_Lovelace".ljust(80)
    raw[88:168] = b"Startdate 02-MAR-2002 PSG-1234/2002 NN Telemetry03".ljust(80)
    path.write_bytes(raw)
    return path


def test_an_edf_keeps_every_sample_and_names_nobody(edf, tmp_path):
    out = tmp_path / "bids"
    events = tmp_path / "events.csv"
    events.write_text("onset,trial_type\n0.5,go\n2,stop\n")
    given = row(edf, channels="EKG=ECG", bads="Cz", events=str(events), line_freq="50", age="36", session="a")
    outcome = converted(out, given, about={"Name": "Telemetry", "License": "CC0"})
    assert outcome.failures == []
    found = only(out)
    np.testing.assert_allclose(found.data, noise() * 1e-6, atol=1e-6)  # the grid of 16 bits
    assert found.ch_types == ("eeg", "eeg", "eeg", "ecg")
    assert found.bads == ("Cz",)
    assert found.events == {"onset": [0.5, 2.0], "duration": [0.0, 0.0], "trial_type": ["go", "stop"]}
    raw = (out / "sub-01/ses-a/eeg/sub-01_ses-a_task-rest_eeg.edf").read_bytes()
    assert raw[256:] == edf.read_bytes()[256:]
    assert not any(word in raw for word in (b"Lovelace", b"1951", b"2002", b"0234567"))
    assert json.loads((out / "dataset_description.json").read_text())["Name"] == "Telemetry"
    assert (out / "participants.tsv").read_text() == "participant_id\tage\nsub-01\t36\n"
    validated(out)


def test_a_dataset_grows_and_what_was_there_stays(edf, tmp_path):
    out = tmp_path / "bids"
    converted(out, row(edf, age=36), about={"Name": "first"})
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*eeg*") if path.is_file()}
    converted(out, row(edf, age=36), row(edf, subject="02"))
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
    assert (out / "participants.tsv").read_text() == "participant_id\tage\nsub-01\t36\nsub-02\tn/a\n"
    assert json.loads((out / "dataset_description.json").read_text())["Name"] == "first"


def test_brainvision_is_read_and_written(tmp_path):
    path = write_brainvision(tmp_path / "loose", "a", noise())
    converted(tmp_path / "bids", row(path, reference="Cz"))
    found = only(tmp_path / "bids")
    np.testing.assert_allclose(found.data, noise() * 1e-6, rtol=1e-6)
    assert found.reference == "Cz"
    assert found.events["trial_type"][-1] == "Stimulus/S  1"


REAL = [
    ("bdf/test.bdf", "eeg", {}, mne.io.read_raw_bdf),
    ("eeglab/eeglab_data.set", "eeg", {"channels": {"EOG1": "EOG", "EOG2": "EOG"}}, mne.io.read_raw_eeglab),
    ("gdf/test_1ch.gdf", "eeg", {"channels": "ECG=ECG"}, mne.io.read_raw_gdf),
    ("meg-fif/sample_audvis_trunc_raw_sss.fif", "meg", {}, mne.io.read_raw_fif),
    ("ieeg-fif/sample_ecog_ieeg.fif", "ieeg", {"datatype": "ieeg"}, mne.io.read_raw_fif),
]


@pytest.mark.filterwarnings("ignore:This filename")
@pytest.mark.parametrize(("name", "datatype", "more", "oracle"), REAL, ids=[line[0] for line in REAL])
def test_real_files_keep_the_numbers_of_mne(shared_data, tmp_path, name, datatype, more, oracle):
    out = tmp_path / "bids"
    outcome = converted(out, row(shared_data / "formats" / name, **more))
    assert outcome.failures == []
    found, theirs = only(out, datatype), oracle(shared_data / "formats" / name)
    assert found.sfreq == pytest.approx(theirs.info["sfreq"], rel=1e-9)
    np.testing.assert_allclose(found.data, theirs.get_data(), rtol=2e-7)  # float32
    validated(out)


def test_meg_keeps_the_geometry_of_its_sensors(shared_data, tmp_path):
    """Names of EEG channels once lost their ``EEG ``, and with it everything MNE knew of the file."""
    converted(tmp_path / "bids", row(shared_data / "formats/meg-fif/sample_audvis_trunc_raw_sss.fif"))
    found = only(tmp_path / "bids", "meg")
    info = mne.Info.from_json_dict(found.info)
    theirs = mne.io.read_info(shared_data / "formats/meg-fif/sample_audvis_trunc_raw_sss.fif")
    assert found.ch_names == tuple(info["ch_names"]) == tuple(theirs["ch_names"])
    np.testing.assert_allclose(info["dev_head_t"]["trans"], theirs["dev_head_t"]["trans"])
    np.testing.assert_allclose([c["loc"] for c in info["chs"]], [c["loc"] for c in theirs["chs"]], equal_nan=True)


def test_a_real_xdf_has_the_rate_of_its_time_stamps(shared_data, tmp_path):
    given = row(shared_data / "formats/xdf/test.xdf")
    error = refusal(tmp_path / "bids", given)
    assert error.code == "E-INPUT-UNIT"
    outcome = converted(tmp_path / "bids", {**given, "units": "µV"})
    assert outcome.warnings[0] == "test.xdf: The stream calls itself 1000 Hz; by its time stamps it has 998.421 Hz."
    found = only(tmp_path / "bids")
    assert found.sfreq == pytest.approx(998.4212656896216, rel=1e-9)
    (stream,), _ = pyxdf.load_xdf(str(shared_data / "formats/xdf/test.xdf"))
    np.testing.assert_allclose(found.data, stream["time_series"].T * 1e-6, rtol=1e-6)
    validated(tmp_path / "bids")


def stream(name: str, kind: str, series, stamps, labels=(), **info) -> dict:
    described = [{"label": [label], "unit": ["microvolts"]} for label in labels]
    about = {
        "name": [name],
        "type": [kind],
        "channel_format": ["string" if kind == "Markers" else "float32"],
        "nominal_srate": ["100"],
        "desc": [{"channels": [{"channel": described}]}] if labels else [None],
    }
    return {"info": {**about, **info}, "time_series": series, "time_stamps": np.asarray(stamps, dtype=float)}


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """Return a function that lets `pyxdf` find some streams in a file."""

    def found(*streams):
        path = tmp_path / "lab.xdf"
        path.write_bytes(b"XDF:")
        monkeypatch.setattr(pyxdf, "load_xdf", lambda *_, **__: (list(streams), {}))
        return path

    return found


STAMPS = 50.0 + np.arange(300) / 100
EEG = stream("amp", "EEG", noise(2, 300).T, STAMPS, ("Cz", "Pz"))
GAZE = stream("eyes", "Gaze", noise(3, 300).T, STAMPS)
MARKERS = stream("keys", "Markers", [["go"], ["stop"], ["late"]], [50.5, 51.25, 99.0])


def test_markers_of_another_stream_are_events_on_the_clock_of_the_eeg(lab):
    found = xdf.read(lab(GAZE, MARKERS, EEG))
    assert found.ch_names == ("Cz", "Pz")
    assert found.sfreq == pytest.approx(100)
    assert found.annotations == ((0.5, 0.0, "go"), (1.25, 0.0, "stop"))
    assert xdf.read(lab(GAZE, MARKERS, EEG), "eyes").data.shape == (3, 300)
    np.testing.assert_array_equal(found.data, noise(2, 300))


@pytest.mark.parametrize(
    ("streams", "wanted", "message"),
    [
        ((EEG, EEG), None, "The file has the streams amp .EEG., amp .EEG."),
        ((GAZE, EEG), "amq", "Unknown stream 'amq'. Known: amp .EEG., eyes"),
        ((MARKERS,), None, "The file has the streams none"),
        ((stream("amp", "EEG", noise(2, 300).T, STAMPS, segments=[(0, 99), (100, 299)]),), None, "a gap before 1 s"),
    ],
)
def test_streams_that_make_no_recording_are_refused(lab, streams, wanted, message):
    with pytest.raises(InputError, match=f"E-INPUT-FORMAT .*{message}"):
        xdf.read(lab(*streams), wanted)


def write_nwb(path: Path, stamps=None, n_series: int = 1) -> None:
    with h5py.File(path, "w") as file:
        table = file.create_group("general/extracellular_ephys/electrodes")
        table["id"] = [7, 8, 9]
        table["label"] = ["A1", "A2", "A3"]
        for axis in "xyz":
            table[axis] = [1000.0, 2000.0, 3000.0]
        for i in range(n_series):
            series = file.create_group(f"acquisition/ecog{i}")
            series.attrs["neurodata_type"] = "ElectricalSeries"
            series["data"] = noise(2, 300).T
            series["data"].attrs["conversion"] = 1e-6
            series["electrodes"] = [0, 2]
            if stamps is None:
                series["starting_time"] = 3.0
                series["starting_time"].attrs["rate"] = 100.0
            else:
                series["timestamps"] = stamps
        trials = file.create_group("intervals/trials")
        trials["start_time"], trials["stop_time"] = [3.5, 4.0], [3.75, 4.5]


def test_an_electrical_series_is_a_recording(tmp_path):
    write_nwb(tmp_path / "a.nwb")
    converted(tmp_path / "bids", row(tmp_path / "a.nwb"))
    found = only(tmp_path / "bids", "ieeg")
    np.testing.assert_allclose(found.data, noise(2, 300) * 1e-6, rtol=1e-6)
    assert (found.ch_names, found.sfreq) == (("A1", "A3"), 100.0)
    assert found.events["onset"] == [0.5, 1.0]
    assert found.events["duration"] == [0.25, 0.5]
    np.testing.assert_allclose(found.positions, [[1e-3] * 3, [3e-3] * 3])
    validated(tmp_path / "bids")


def test_series_with_gaps_and_several_are_refused(tmp_path):
    path = tmp_path / "a.nwb"
    write_nwb(path, STAMPS)
    assert nwb.read(path).sfreq == pytest.approx(100)
    write_nwb(path, np.where(STAMPS > 51, STAMPS + 1, STAMPS))
    with pytest.raises(InputError, match=r"E-INPUT-FORMAT .*gaps between its time stamps"):
        nwb.read(path)
    write_nwb(path, n_series=2)
    with pytest.raises(InputError, match=r"E-INPUT-FORMAT .*has 2 ElectricalSeries"):
        nwb.read(path)
    assert nwb.read(path, "ecog1").data.shape == (2, 300)


def test_a_patch_clamp_nwb_is_refused_with_what_is_in_it(shared_data, tmp_path):
    error = refusal(tmp_path / "bids", row(next((shared_data / "formats/nwb").glob("*.nwb"))))
    assert error.code == "E-INPUT-FORMAT"
    assert "VoltageClampSeries_01 (VoltageClampSeries)" in error.message


def write_csv(path: Path, times=None, separator: str = ",") -> Path:
    data = noise(2, 300)
    columns = [*([times] if times is not None else []), *data]
    head = [*(["time"] if times is not None else []), "Cz", "Pz"]
    lines = [separator.join(map(repr, map(float, line))) for line in zip(*columns, strict=True)]
    path.write_text("\n".join([separator.join(head), *lines]) + "\n")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_of_numbers_is_a_recording(tmp_path, separator):
    path = write_csv(tmp_path / "a.csv", STAMPS, separator)
    converted(tmp_path / "bids", row(path, units="uV"))
    found = only(tmp_path / "bids")
    np.testing.assert_allclose(found.data, noise(2, 300) * 1e-6, rtol=1e-6)
    assert (found.ch_names, found.sfreq) == (("Cz", "Pz"), pytest.approx(100))


def test_tables_that_do_not_say_enough_are_refused(tmp_path):
    path = write_csv(tmp_path / "a.csv")
    assert "Nothing says the sampling frequency" in str(refusal(tmp_path / "bids", row(path, units="uV")))
    assert refusal(tmp_path / "bids", row(path, sfreq=100)).code == "E-INPUT-UNIT"
    with pytest.raises(InputError, match="not evenly spaced"):
        text.read(write_csv(path, np.where(STAMPS > 51, STAMPS + 1, STAMPS)))
    path.write_text("Cz,Pz\n1,2\n1,x\n")
    with pytest.raises(InputError, match="E-INPUT-UNREADABLE"):
        text.read(path, 100)


# --- images --------------------------------------------------------------------------------------------------------


def test_an_image_keeps_its_voxels_and_names_nobody(tmp_path):
    img = image()
    img.header["descrip"], img.header["db_name"] = b"Lovelace, Ada", b"Babbage"
    nibabel.save(img, tmp_path / "a.nii")
    outcome = converted(tmp_path / "bids", row(tmp_path / "a.nii", datatype="func"))
    assert outcome.failures == []
    path = tmp_path / "bids/sub-01/func/sub-01_task-rest_bold.nii.gz"
    found = nibabel.load(path)
    np.testing.assert_array_equal(found.get_fdata(), img.get_fdata())
    np.testing.assert_array_equal(found.affine, img.affine)
    assert not {b"Lovelace, Ada", b"Babbage"} & {bytes(found.header[name]) for name in ("descrip", "db_name")}
    assert json.loads(path.with_name("sub-01_task-rest_bold.json").read_text())["RepetitionTime"] == 2.0
    validated(tmp_path / "bids")


def test_a_volume_that_should_be_a_series_is_refused(tmp_path):
    nibabel.save(image((4, 5, 3)), tmp_path / "a.nii")
    error = refusal(tmp_path / "bids", row(tmp_path / "a.nii", datatype="func"))
    assert error.code == "E-INPUT-SHAPE"
    assert "4-D, but the image is 4 x 5 x 3" in error.message


def test_a_series_without_a_repetition_time_is_refused_until_it_is_said(tmp_path):
    img = image()
    img.header.set_xyzt_units("mm", None)
    nibabel.save(img, tmp_path / "a.nii")
    given = row(tmp_path / "a.nii", datatype="func")
    assert "repetition time" in refusal(tmp_path / "bids", given).message
    assert converted(tmp_path / "bids", {**given, "tr": "1.5"}).failures == []


@pytest.fixture
def dicom(tmp_path) -> Path:
    """Return a folder with the two slices that come with nibabel."""
    folder = tmp_path / "dicom"
    folder.mkdir()
    for path in (Path(nibabel.__file__).parent / "nicom/tests/data").glob("[01].dcm"):
        (folder / path.name).write_bytes(path.read_bytes())
    if not list(folder.iterdir()):
        pytest.skip("this nibabel comes without its DICOM files")
    return folder


def test_dicom_files_become_an_image(dicom, tmp_path):
    if not images.shutil.which("dcm2niix"):
        pytest.skip("dcm2niix is not on this machine")
    outcome = converted(tmp_path / "bids", row(dicom, datatype="anat", suffix="T1w"))
    assert outcome.failures == []
    path = tmp_path / "bids/sub-01/anat/sub-01_T1w.nii.gz"
    assert nibabel.load(path).shape == (36, 36, 48, 2)  # two mosaics
    sidecar = json.loads(path.with_name("sub-01_T1w.json").read_text())
    assert sidecar["Manufacturer"] == "Siemens"
    assert not {"PatientName", "PatientID", "PatientBirthDate", "AcquisitionDateTime"} & set(sidecar)
    validated(tmp_path / "bids")


def test_a_missing_dcm2niix_is_exit_9_with_the_line_to_install_it(dicom, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(tmp_path / "bids", row(dicom, datatype="anat", suffix="T1w"))
    assert isinstance(error, MissingError)
    assert error.exit_status == 9
    assert "pip install 'neurocli[formats]'" in str(error.remedy)


def fake_tool(folder: Path, script: str) -> None:
    tool = folder / "dcm2niix"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o700)


@pytest.mark.parametrize(
    ("script", "message"),
    [("echo no valid DICOM; exit 1", "it said: no valid DICOM"), (": > $9/a.nii.gz; : > $9/b.nii.gz", "2 series")],
)
def test_a_folder_that_is_not_one_series_is_refused(dicom, tmp_path, monkeypatch, script, message):
    script = script.replace("$9", '"${10}"')  # the folder after -o
    fake_tool(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    error = refusal(tmp_path / "bids", row(dicom, datatype="anat", suffix="T1w"))
    assert error.code == "E-INPUT-FORMAT"
    assert message in error.message


# --- the mapping ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "nowhere.edf"}, "There is no nowhere.edf"),
        ({"file": None}, "names no file"),
        ({"subject": None}, "lacks subject"),
        ({"task": None}, "lacks task"),
        ({"subject": "a_b"}, "letters and digits only"),
        ({"tsk": "x"}, "Unknown column 'tsk'. Did you mean 'task'"),
        ({"sfreq": "fast"}, "sfreq is 'fast'"),
        ({"datatype": "anat"}, "it can be eeg or ieeg"),
        ({"channels": "EKG"}, "EOG1=EOG; ECG=ECG"),
    ],
)
def test_a_row_that_cannot_be_followed_is_refused(edf, change, message):
    given = {name: value for name, value in {**row(edf), **change}.items() if value is not None}
    with pytest.raises(InputError, match=r"E-INPUT-MAP map.tsv:2") as caught:
        from_rows([given], edf.parent, ["map.tsv:2"])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [({"channels": "EKGG=ECG"}, "Did you mean 'EKG'"), ({"channels": "EKG=HEART"}, "HEART"), ({"bads": "Q"}, "'Q'")],
)
def test_channels_that_are_not_there_are_refused(edf, tmp_path, more, message):
    error = refusal(tmp_path / "bids", row(edf, **more))
    assert error.code == "E-INPUT-MAP"
    assert message in error.message


def test_two_rows_for_one_recording_are_refused(edf):
    with pytest.raises(InputError, match=r"E-INPUT-DUPLICATE map.tsv:3: This is .*sub-01_task-rest_eeg, and so is map"):
        from_rows([row(edf), row(edf)], edf.parent, ["map.tsv:2", "map.tsv:3"])


def test_an_empty_mapping_is_refused(tmp_path):
    (tmp_path / "map.tsv").write_text("file\tsubject\n")
    with pytest.raises(InputError, match=r"E-INPUT-MAP .*names no file"):
        from_table(tmp_path / "map.tsv")


def test_events_outside_the_recording_are_said(edf, tmp_path):
    (tmp_path / "e.tsv").write_text("onset\tduration\n-1\t1\n4\t1\n77\t1\n")
    outcome = converted(tmp_path / "bids", row(edf, events=str(tmp_path / "e.tsv")))
    assert outcome.warnings == [f"{edf.name}: 2 of 3 events lie outside the recording (5 s)."]


def test_the_unit_that_the_mapping_says_is_kept_with_an_edf_that_says_none(tmp_path):
    source = tmp_path / "a.edf"
    write_edf(source, noise(), units="")
    out = tmp_path / "bids"
    assert converted(out, row(source, units="uV")).failures == []
    np.testing.assert_allclose(only(out).data, noise() * 1e-6, atol=1e-6)


@pytest.mark.parametrize("content", ["", "time,code\n1,2\n", "onset,duration\n1\n"])
def test_a_table_of_events_that_is_none_is_refused(edf, tmp_path, content):
    (tmp_path / "e.csv").write_text(content)
    error = refusal(tmp_path / "bids", row(edf, events=str(tmp_path / "e.csv")))
    assert error.code == "E-INPUT-TSV"
    assert "needs a column onset" in error.message


# --- the command ---------------------------------------------------------------------------------------------------


def run(*words: object) -> tuple[int, dict]:
    result = CliRunner().invoke(build(), ["bidsify", *map(str, words), "--json", "--quiet"])
    if isinstance(result.exception, NeurocliError):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


def test_a_yaml_mapping_with_defaults(edf, tmp_path):
    mapping = edf.parent / "map.yaml"
    mapping.write_text(
        "name: From YAML\nauthors: [A, B]\ndefaults: {task: rest, line_freq: 50}\nfiles:\n"
        f"  - {{file: {edf.name}, subject: 010, channels: {{EKG: ECG}}}}\n"
    )
    code, document = run(mapping, "-o", tmp_path / "bids")
    assert (code, document["status"]) == (0, "ok")
    assert "sub-010/eeg/sub-010_task-rest_eeg.edf" in document["files"]  # YAML 1.1 would make it 8
    description = json.loads((tmp_path / "bids/dataset_description.json").read_text())
    assert (description["Name"], description["Authors"]) == ("From YAML", ["A", "B"])
    validated(tmp_path / "bids")


def test_exit_statuses(edf, tmp_path):
    (edf.parent / "bad.edf").write_bytes(edf.read_bytes()[:-9])
    mapping = edf.parent / "map.tsv"
    mapping.write_text(f"file\tsubject\ttask\n{edf.name}\t01\trest\nbad.edf\t02\trest\n")
    code, document = run(mapping, "-o", tmp_path / "a")
    assert (code, document["status"]) == (5, "partial")
    assert document["failures"][0]["code"] == "E-INPUT-TRUNCATED"
    mapping.write_text("file\tsubject\ttask\nbad.edf\t02\trest\n")
    assert run(mapping, "-o", tmp_path / "b")[0] == 4
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("content", ["flies: []\n", "files: []\n", "name: x\n"])
def test_a_yaml_mapping_that_says_nothing_is_refused(tmp_path, content):
    (tmp_path / "map.yaml").write_text(content)
    with pytest.raises(InputError, match="E-INPUT-MAP"):
        run(tmp_path / "map.yaml", "-o", tmp_path / "bids")
