"""Writing: what is read back is what was given, the same payload gives the same bytes, and BIDS agrees."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import mne
import nibabel
import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli import registry
from neurocli.bids import files
from neurocli.bids.files import placed, write_bytes
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.select import select
from neurocli.bids.tables import read_tsv
from neurocli.bids.write import describe, publish
from neurocli.data.features import Block
from neurocli.errors import StoreError
from tests.bids.payloads import epochs, features, image, recording

mne.set_log_level("ERROR")
ABOUT = {"sources": ["bids:raw:sub-01/ses-a/eeg/sub-01_ses-a_task-rest_eeg.edf"], "key": "ab" * 32,
         "settings": {"steps": [{"name": "filter", "l_freq": 1.0}]}}  # fmt: skip
PAYLOADS = {"recording": recording, "meg": lambda: recording("meg"), "ieeg": lambda: recording("ieeg"),
            "epochs": epochs, "features": features, "image": image,
            "series": lambda: recording("func", entities=image().entities)}  # fmt: skip


def published(out, payload, desc="preproc"):
    return publish(out, payload, desc=desc, **ABOUT)


@pytest.mark.parametrize("datatype", ["eeg", "ieeg", "emg"])
def test_a_published_recording_is_read_back(tmp_path, datatype):
    given_ = recording(datatype, line_freq=60.0)
    published(tmp_path, given_)
    (item,) = select(scan(tmp_path, tmp_path / ".cache"), Question(datatype=datatype, desc="preproc"))
    found = read(tmp_path, item)
    np.testing.assert_allclose(found.data, given_.data, rtol=2e-7)  # float32
    assert found.entities == {**given_.entities, "description": "preproc"}
    for name in ("sfreq", "ch_names", "ch_types", "bads", "reference", "events", "line_freq"):
        assert getattr(found, name) == getattr(given_, name)
    assert found.annotations[1:] == ((0.5, 1.0, "BAD jump, big"), (2.0, 0.01, "Comment/blink"))
    if datatype != "emg":
        np.testing.assert_allclose(found.positions, given_.positions)


def test_mne_reads_a_published_recording(tmp_path):
    header = published(tmp_path, recording())[0]
    assert header.name == "sub-01_ses-a_task-rest_desc-preproc_eeg.vhdr"
    raw = mne.io.read_raw_brainvision(header, misc=["a,b"])
    np.testing.assert_allclose(raw.get_data()[:3], recording().data[:3], rtol=2e-7)
    assert raw.ch_names == list(recording().ch_names)
    assert raw.info["meas_date"] is None


@given(values=st.lists(st.floats(width=32, allow_nan=True, allow_infinity=False), min_size=4, max_size=4))
def test_any_float32_survives(values, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    data = np.array(values, dtype=np.float64)[:, None]
    header = published(out, recording(data=data, units=("n/a",) * 4, annotations=(), events={}))[0]
    np.testing.assert_array_equal(np.fromfile(header.with_suffix(".eeg"), "<f4"), data[:, 0])


def test_mne_reads_published_epochs(tmp_path):
    path, document, table = published(tmp_path, epochs())
    found = mne.read_epochs(path)
    np.testing.assert_allclose(found.get_data(), epochs().data, rtol=2e-7)
    assert found.tmin == pytest.approx(-0.2)
    assert found.event_id == {"a": 1, "b": 2, "n/a": 3}
    assert found.info["bads"] == ["Cz"]
    np.testing.assert_allclose(found.info["chs"][0]["loc"][:3], epochs().positions[0], rtol=1e-6)
    assert json.loads(document.read_text())["Sources"] == ABOUT["sources"]
    assert read_tsv(table)["events/trial_type"] == ["a", "b", None]


def test_a_payload_that_is_mapped_read_only_is_published_and_left_alone(tmp_path):
    """MNE scales what it saves in place."""
    payload = epochs()
    before = payload.data.astype(np.float64)
    payload = replace(payload, data=before.copy())
    payload.data.flags.writeable = False
    publish(tmp_path, payload, desc="preproc", sources=[], key="0" * 64, settings={})
    np.testing.assert_array_equal(payload.data, before)


def test_published_meg_is_read_back(tmp_path):
    published(tmp_path, recording("meg"))
    (item,) = select(scan(tmp_path, tmp_path / ".cache"), Question(datatype="meg"))
    found = read(tmp_path, item)
    np.testing.assert_allclose(found.data, recording().data, rtol=2e-7)
    assert found.ch_types == ("mag", "mag", "mag", "misc")
    assert [text for _, _, text in found.annotations] == ["BAD jump, big", "blink"]
    np.testing.assert_allclose([span[:2] for span in found.annotations], [(0.5, 1.0), (2.0, 0.01)], rtol=1e-6)


def test_features_are_one_column_each_after_the_sample_table(tmp_path):
    path, document = published(tmp_path, features(), "bandpower")
    table = pyarrow.parquet.read_table(path)
    assert path.name == "sub-01_ses-a_task-rest_desc-bandpower_features.parquet"
    assert table.column_names == [*epochs().samples, "band_power/alpha/Fz", "band_power/alpha/Cz", "covariance"]
    np.testing.assert_array_equal(table["band_power/alpha/Cz"], features().blocks[0].values[:, 1])
    np.testing.assert_array_equal(
        np.array(table["covariance"].to_pylist()).reshape(3, 2, 2), features().blocks[1].values
    )
    columns = json.loads(document.read_text())["Columns"]
    assert columns["band_power/alpha/Fz"]["Units"] == "V^2"
    assert "alpha, Fz" in columns["band_power/alpha/Fz"]["Description"]
    assert columns["band_power/alpha/Fz"]["Description"].startswith(registry.get("features", "band_power").__doc__[:9])
    assert columns["covariance"]["Shape"] == [2, 2]
    assert set(columns) == set(table.column_names)


def test_a_feature_does_not_take_the_place_of_a_column_of_the_sample_table(tmp_path):
    """The feature `signal` is the signal, the column `signal` its hash. `name[1]` is told of as `name`."""
    made = replace(features(), samples={**epochs().samples, "signal": ["a", "b", "c"]})
    blocks = (Block("signal", np.ones((3, 2, 4)), (), "V"), replace(made.blocks[0], name="band_power[1]"))
    path, document = published(tmp_path, replace(made, blocks=blocks), "both")
    table = pyarrow.parquet.read_table(path)
    assert table["signal"].to_pylist() == made.samples["signal"]
    np.testing.assert_array_equal(table["signal/values"].to_pylist(), np.ones((3, 8)))
    columns = json.loads(document.read_text())["Columns"]
    assert (columns["signal/values"]["Shape"], columns["signal"]["Description"][:4]) == ([2, 4], "Hash")
    assert columns["band_power/alpha/Fz"]["Description"].startswith("Power in each band")


def test_nibabel_reads_a_published_image(tmp_path):
    path = published(tmp_path, image())[0]
    found = nibabel.load(path)
    np.testing.assert_array_equal(found.get_fdata(), image().data)
    np.testing.assert_array_equal(found.affine, image().affine)
    assert found.header.get_zooms()[3] == 2.5
    (item,) = select(scan(tmp_path, tmp_path / ".cache"), Question(datatype="func"))
    assert read(tmp_path, item).tr == 2.5


def test_region_series_are_a_table(tmp_path):
    path = published(tmp_path, PAYLOADS["series"]())[0]
    assert path.name == "sub-01_task-rest_run-01_desc-preproc_timeseries.tsv"
    found = np.array([list(map(float, column)) for column in read_tsv(path).values()])
    np.testing.assert_array_equal(found, recording().data)


def test_many_series_are_parquet(tmp_path):
    n = 2001
    many = recording("func", entities=image().entities, data=np.ones((n, 3)), ch_names=tuple(map(str, range(n))),
                     ch_types=("voxel",) * n, units=("1",) * n, positions=None)  # fmt: skip
    path = published(tmp_path, many)[0]
    assert pyarrow.parquet.read_table(path).shape == (3, n)


# --- bytes ---------------------------------------------------------------------------------------------------------


def content(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_same_payload_gives_the_same_bytes(tmp_path, monkeypatch, name):
    published(tmp_path / "a", PAYLOADS[name]())
    monkeypatch.setattr("time.time", lambda: 1_900_000_000.5)
    published(tmp_path / "b", PAYLOADS[name]())
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert content(tmp_path / "a")


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_is_equal_is_not_written_again(tmp_path, name):
    paths = published(tmp_path, PAYLOADS[name]())
    for path in paths:
        os.utime(path, (1, 1))
    assert published(tmp_path, PAYLOADS[name]()) == paths
    assert {path.stat().st_mtime for path in paths} == {1}


@pytest.mark.parametrize("name", PAYLOADS)
def test_all_paths_are_told_and_nothing_temporary_is_left(tmp_path, name):
    paths = published(tmp_path, PAYLOADS[name]())
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == set(content(tmp_path))


def test_a_fif_names_neither_machine_nor_time(tmp_path):
    path = published(tmp_path, epochs())[0]
    info = mne.io.read_info(path)
    for name in ("file_id", "meas_id"):
        assert (info[name]["secs"], info[name]["usecs"], *info[name]["machid"]) == (0, 0, 0, 0)


# --- the dataset ---------------------------------------------------------------------------------------------------


def validated(folder: Path) -> list[str]:
    """Return the errors of the BIDS validator."""
    command = Path(sys.executable).with_name("bids-validator-deno")
    program = str(command) if command.exists() else shutil.which("bids-validator-deno")
    if program is None:
        pytest.skip("bids-validator-deno is not installed")
    run = subprocess.run([program, str(folder), "--format", "json"], capture_output=True, text=True, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    return [f"{i['code']} {i.get('location')} {i.get('subCode')}" for i in issues if i["severity"] == "error"]


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "raw"
    root.mkdir()
    (root / "dataset_description.json").write_text(
        '{"Name": "Raw", "BIDSVersion": "1.10.0", "DatasetDOI": "doi:10.1/x"}'
    )
    (root / "participants.tsv").write_text("participant_id\tage\nsub-02\t30\nsub-01\tn/a\nsub-03\t4\n")
    (root / "participants.json").write_text('{"age": {"Units": "a"}}')
    return root


def test_everything_we_leave_passes_the_validator(tmp_path, dataset):
    out = tmp_path / "out"
    for payload in PAYLOADS.values():
        published(out, payload())
    describe(out, pipeline="demo", dataset=dataset, subjects=["01"])
    for name in ("group/desc-demo_scores.tsv", "models/x.skops", "report.html", ".neurocli/ledger/1.jsonl"):
        write_bytes(out / name, b"x")
    assert validated(out) == []


def test_the_validator_is_not_blind(tmp_path, dataset):
    describe(tmp_path / "out", pipeline="demo", dataset=dataset, subjects=["01"])
    write_bytes(tmp_path / "out/sub-01/eeg/sub-01_nonsense.xyz", b"x")
    assert validated(tmp_path / "out")


@pytest.mark.parametrize(("name", "datatype"), [("eegmat", "eeg"), ("haxby", "func"), ("seizure/ieeg", "ieeg")])
def test_a_real_recording_is_published_validly(shared_data, tmp_path, name, datatype):
    root, out = shared_data / name, tmp_path / "out"
    item = select(scan(root, tmp_path), Question(datatype=datatype))[0]
    published(out, read(root, item))
    describe(out, pipeline="demo", dataset=root, subjects=[item.entities["subject"]])
    assert validated(out) == []


def test_participants_are_copied_for_those_who_took_part(tmp_path, dataset):
    describe(tmp_path / "out", pipeline="demo", dataset=dataset, subjects=["02", "01"])
    assert read_tsv(tmp_path / "out/participants.tsv") == {"participant_id": ["sub-01", "sub-02"], "age": [None, "30"]}
    description = json.loads((tmp_path / "out/dataset_description.json").read_text())
    assert description["GeneratedBy"][0]["Name"] == "neurocli"
    assert description["SourceDatasets"] == [
        {"Description": "Raw", "DOI": "doi:10.1/x", "URL": "https://doi.org/10.1/x"}
    ]


def test_a_dataset_without_participants_is_fine(tmp_path, dataset):
    (dataset / "participants.tsv").unlink()
    describe(tmp_path / "out", pipeline="demo", dataset=dataset, subjects=["01"])
    assert sorted(content(tmp_path / "out")) == [".bidsignore", "dataset_description.json"]


def test_a_description_keeps_letters_and_digits_alone(tmp_path):
    assert "desc-eegmatC1_" in publish(tmp_path, recording(), desc="eegmat[C=1]", **ABOUT)[0].name


# --- disks ---------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file_and_no_trace(tmp_path, monkeypatch):
    write_bytes(tmp_path / "x.tsv", b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_dump", full)
    with pytest.raises(StoreError, match=r"E-STORE-FULL .*x.tsv"):
        write_bytes(tmp_path / "x.tsv", b"new")
    assert content(tmp_path) == {"x.tsv": b"old"}


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    write_bytes(tmp_path / "x.tsv", b"old")

    def interrupted(path):
        path.write_bytes(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        placed(tmp_path / "x.tsv", interrupted)
    assert content(tmp_path) == {"x.tsv": b"old"}


def killed_writer(path: Path) -> Path:
    """Leave what a process leaves that is killed while it writes a file."""
    pid = os.fork()
    if not pid:
        placed(path, lambda temporary: (temporary.write_bytes(b"hal"), os.kill(os.getpid(), signal.SIGKILL)))
    os.waitpid(pid, 0)
    [left] = [found for found in path.parent.iterdir() if found.name.startswith(".")]
    return left


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_writer_left_goes_when_the_file_is_written(tmp_path):
    killed_writer(tmp_path / "x.tsv")
    write_bytes(tmp_path / "other.tsv", b"other")
    assert len(content(tmp_path)) == 2
    write_bytes(tmp_path / "x.tsv", b"whole")
    assert content(tmp_path) == {"x.tsv": b"whole", "other.tsv": b"other"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_is_being_written_by_others_stays_for_a_day(tmp_path):
    left = killed_writer(tmp_path / "x.tsv")
    elsewhere = left.rename(left.with_name(".0badcafe-1.x.tsv"))
    alive = elsewhere.with_name(left.name.partition("-")[0] + f"-{os.getppid()}.x.tsv")
    alive.write_bytes(b"")
    write_bytes(tmp_path / "x.tsv", b"whole")
    assert elsewhere.exists()
    assert alive.exists()
    os.utime(elsewhere, (0, 0))
    write_bytes(tmp_path / "x.tsv", b"whole, again")
    assert not elsewhere.exists()


def test_an_output_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(StoreError, match="E-STORE-PERMISSION"):
        published(tmp_path / "out", recording())


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_unwritable_output_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match=r"E-STORE-PERMISSION .* cannot be written"):
        published(tmp_path / "out", recording())
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("is_reaped", [True, False])
def test_a_dead_writer_that_nobody_waited_for_is_dead(tmp_path, is_reaped):
    """A killed process that nobody has waited for still has its number; it writes no more all the same."""
    writer = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    left = tmp_path / f".{files._HOST}-{writer.pid}.table.tsv"
    left.write_text("half")
    files.write_bytes(tmp_path / "table.tsv", b"whole")
    assert left.exists()  # it is still writing
    writer.kill()
    while not files._is_zombie(writer.pid):
        time.sleep(0.01)
    if is_reaped:
        writer.wait()
    files.write_bytes(tmp_path / "table.tsv", b"whole")
    assert not left.exists()
    writer.wait()
