"""The other formats: MNE's numbers, and its errors in our words."""

from __future__ import annotations

import json
import shutil

import mne
import numpy as np
import pytest
from scipy.io import savemat

from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.readers import _mne, ctf, edf, eeglab, fif, gdf
from neurocli.bids.select import select
from neurocli.bids.write import publish
from neurocli.errors import InputError
from neurocli.preprocessing.epoch import Epoch
from tests.bids.recordings import Dataset

mne.set_log_level("ERROR")
FILES = [
    (edf, "bdf/test.bdf", mne.io.read_raw_bdf),
    (eeglab, "eeglab/eeglab_data.set", mne.io.read_raw_eeglab),
    (fif, "ieeg-fif/sample_ecog_ieeg.fif", mne.io.read_raw_fif),
    (fif, "meg-fif/sample_audvis_trunc_raw_sss.fif", mne.io.read_raw_fif),
    (gdf, "gdf/test_1ch.gdf", mne.io.read_raw_gdf),
]
FACTOR = {"uV": 1e-6, "µV": 1e-6, "": 1.0}


@pytest.mark.filterwarnings("ignore:This filename")
@pytest.mark.parametrize(("reader", "name", "oracle"), FILES, ids=lambda value: value if isinstance(value, str) else "")
def test_samples_have_the_numbers_of_mne(shared_data, reader, name, oracle):
    path = shared_data / "formats" / name
    ours, theirs = reader.read(path), oracle(path)
    factors = [FACTOR.get(unit or ours.assumed or "", 1.0) for unit in ours.units]
    assert ours.sfreq == theirs.info["sfreq"]
    assert list(ours.ch_names) == theirs.ch_names
    np.testing.assert_allclose(ours.data * np.array(factors)[:, None], theirs.get_data(), rtol=1e-9, atol=1e-12)


def test_an_elekta_file_keeps_what_mne_needs_and_names_nobody(shared_data):
    path = shared_data / "formats/meg-fif/sample_audvis_trunc_raw_sss.fif"
    found = fif.read(path)
    info = mne.Info.from_json_dict(json.loads(json.dumps(found.info)))
    raw = mne.io.RawArray(found.data, info)
    assert mne.compute_rank(raw, rank="info") == mne.compute_rank(mne.io.read_raw_fif(path), rank="info")
    assert "Larson" in json.dumps(mne.io.read_info(path)["proc_history"][0]["experimenter"])
    assert "Larson" not in json.dumps(found.info)
    assert info["meas_date"] is None


def test_meg_sensors_stand_in_the_head_frame(shared_data):
    path = shared_data / "formats/meg-fif/sample_audvis_trunc_raw_sss.fif"
    info = mne.io.read_info(path)
    expected = mne.transforms.apply_trans(info["dev_head_t"]["trans"], info["chs"][0]["loc"][:3])
    np.testing.assert_allclose(fif.read(path).positions[0], expected)


def test_internal_active_shielding_is_refused(shared_data):
    with pytest.raises(InputError, match=r"E-INPUT-FORMAT .*Internal Active Shielding.*MaxFilter"):
        fif.read(shared_data / "formats/meg-fif/test_move_anon_erm_raw.fif")


@pytest.mark.parametrize("name", ["bdf/test.bdf", "ieeg-fif/sample_ecog_ieeg.fif", "gdf/test_1ch.gdf"])
@pytest.mark.parametrize("n", [100, -1, -5000])
def test_a_truncated_file_names_both_sizes(shared_data, tmp_path, name, n):
    source = shared_data / "formats" / name
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:n])
    reader = {".bdf": edf, ".fif": fif, ".gdf": gdf}[path.suffix]
    there = f"{path.stat().st_size:,} bytes are there, its header says"
    with pytest.raises(InputError, match=f"E-INPUT-TRUNCATED .*{there}"):
        reader.read(path)


def test_a_truncated_fdt_names_both_sizes(shared_data, tmp_path):
    for suffix in ("set", "fdt"):
        shutil.copy(shared_data / f"formats/eeglab/eeglab_data.{suffix}", tmp_path)
    fdt = tmp_path / "eeglab_data.fdt"
    fdt.chmod(0o600)
    fdt.write_bytes(fdt.read_bytes()[:-4])
    with pytest.raises(InputError, match=r"E-INPUT-TRUNCATED .*eeglab_data.fdt.*its header says 3,904,512"):
        eeglab.read(tmp_path / "eeglab_data.set")


@pytest.mark.parametrize(("reader", "name"), [(fif, "x.fif"), (gdf, "x.gdf"), (eeglab, "x.set"), (edf, "x.bdf")])
def test_noise_is_refused_by_every_reader(tmp_path, reader, name):
    (tmp_path / name).write_bytes(b"\x07noise" * 999)
    with pytest.raises(InputError, match=r"E-INPUT-UNREADABLE .*The file is no proper"):
        reader.read(tmp_path / name)


def test_an_eeglab_file_of_epochs_is_refused(tmp_path):
    import scipy.io

    eeg = {
        "nbchan": 2, "trials": 3, "pnts": 10, "srate": 100.0, "xmin": 0.0, "xmax": 0.09, "times": np.arange(10),
        "data": np.zeros((2, 10, 3)), "chanlocs": [], "event": [], "epoch": np.zeros(3), "setname": "x",
    }  # fmt: skip
    scipy.io.savemat(tmp_path / "x.set", {"EEG": eeg})
    with pytest.raises(InputError, match=r"E-INPUT-FORMAT .*The file holds epochs"):
        eeglab.read(tmp_path / "x.set")


def test_a_real_eeglab_recording_in_bids(shared_data, tmp_path):
    dataset = Dataset(tmp_path / "data")
    source = shared_data / "formats/eeglab/eeglab_data"
    eeglab_set = dataset.path("eeg.set")
    shutil.copy(source.with_suffix(".set"), eeglab_set)
    shutil.copy(source.with_suffix(".fdt"), dataset.folder / "eeglab_data.fdt")  # the name that the .set knows
    found = dataset.read()
    theirs = mne.io.read_raw_eeglab(source.with_suffix(".set"))
    np.testing.assert_allclose(found.data, theirs.get_data(), rtol=1e-9)
    assert set(found.ch_types) == {"eeg"}
    assert np.isfinite(found.positions).all()
    names = found.ch_names
    dataset.channels("V", names, ("EOG", *("EEG",) * 31))
    assert dataset.read().ch_types[:2] == ("eog", "eeg")
    np.testing.assert_allclose(dataset.read().data, found.data * 1e6)


def test_splits_are_read_as_one(tmp_path):
    dataset = Dataset(tmp_path / "data", "meg", "meg")
    rng = np.random.default_rng(0)
    raw = mne.io.RawArray(rng.normal(size=(10, 300_000)) * 1e-12, mne.create_info(10, 1000.0, "mag"))
    raw.save(dataset.path("meg.fif"), split_size="8MB", split_naming="bids", verbose="ERROR")
    item = dataset.item()
    assert item.path.endswith("split-01_meg.fif")
    assert len(item.sidecars) == 1
    found = dataset.read()
    np.testing.assert_allclose(found.data, raw.get_data(), rtol=1e-6)
    (dataset.root / item.sidecars[0]).unlink()
    with pytest.raises(InputError, match="E-INPUT-UNREADABLE"):
        dataset.read()


def test_a_person_in_a_fif_is_not_carried_along(tmp_path):
    dataset = Dataset(tmp_path / "data", "meg", "meg")
    info = mne.create_info(2, 100.0, "mag")
    info["subject_info"] = {"last_name": "Lovelace", "his_id": "X17"}
    info["description"], info["experimenter"] = "Lovelace again", "Babbage"
    raw = mne.io.RawArray(np.ones((2, 100)), info)
    raw.save(dataset.path("meg.fif"), verbose="ERROR")
    assert b"Lovelace" in dataset.path("meg.fif").read_bytes()
    found = str(dataset.read())
    assert "Lovelace" not in found
    assert "Babbage" not in found


@pytest.mark.parametrize("date", [None, 1e9])
def test_annotations_of_a_fif_count_from_its_first_sample(tmp_path, date):
    """A recording that began 10 s into the acquisition, with its date and, as anonymised data are, without."""
    info = mne.create_info(["MEG 001"], 100.0, "mag")
    raw = mne.io.RawArray(np.zeros((1, 1000)), info, first_samp=1000)
    raw.set_meas_date(date)
    raw.set_annotations(mne.Annotations([1.5], [2.0], ["BAD jump"]))
    raw.save(tmp_path / "a_raw.fif")
    assert fif.read(tmp_path / "a_raw.fif").annotations == ((1.5, 2.0, "BAD jump"),)


def write_set(path, events):
    """Write what EEGLAB would: 10 s of noise at 100 Hz, events as (latency, type, duration or nothing)."""
    table = np.empty(len(events), dtype=[("latency", "O"), ("type", "O"), ("duration", "O")])
    for i, event in enumerate(events):
        table[i] = event
    places = np.array([(name,) for name in ("Cz", "Pz", "Oz")], dtype=[("labels", "O")])
    x = np.random.default_rng(0).normal(scale=20, size=(3, 1000)).astype(np.float32)
    none = dict.fromkeys(["urevent", "epoch", "icawinv", "icasphere", "icaweights", "icaact"], np.array([]))
    about = {"setname": "x", "nbchan": 3, "pnts": 1000, "trials": 1, "srate": 100.0, "xmin": 0.0, "xmax": 9.99}
    savemat(path, {"EEG": {**about, **none, "data": x, "chanlocs": places, "event": table, "ref": "common"}})


def test_boundaries_of_eeglab_keep_epochs_apart_and_empty_durations_are_moments(tmp_path):
    """A boundary lies between two samples, and its duration is that of what was cut out of the recording there."""
    path = Dataset(tmp_path / "data").path("eeg.set")
    write_set(path, [(101.0, "stim", np.array([])), (300.5, "boundary", 5000.0), (500.0, "stim", np.array([]))])
    (item,) = select(scan(tmp_path / "data", tmp_path), Question(datatype="eeg"))
    found = read(tmp_path / "data", item)
    assert found.annotations == ((1.0, 0.0, "stim"), (3.0, 0.0, "BAD boundary"), (4.99, 0.0, "stim"))
    assert Epoch(duration=1.0).run(found).notes[-1]["dropped"] == {}
    assert Epoch(duration=2.0).run(found).samples["onset"] == [0.0, 4.0, 6.0, 8.0]
    publish(tmp_path / "out", found, desc="x", sources=[], key="0" * 64, settings={})  # writes them as markers


def ctf_folder(tmp_path, size):
    """Write a resource file that says 10 samples of 3 channels in 2 trials, and so many bytes of samples."""
    folder = tmp_path / "x_meg.ds"
    folder.mkdir()
    head = bytearray(2000)
    head[1288:1294] = (10).to_bytes(4, "big") + (3).to_bytes(2, "big")
    head[1312:1314] = (2).to_bytes(2, "big")
    (folder / "x_meg.res4").write_bytes(head)
    (folder / "x_meg.meg4").write_bytes(bytes(size))
    return folder


def test_a_truncated_ctf_names_both_sizes(tmp_path):
    with pytest.raises(InputError, match=r"E-INPUT-TRUNCATED .*247 bytes are there, its header says 248"):
        ctf.read(ctf_folder(tmp_path, 247))


def test_a_ctf_whose_header_mne_refuses_is_an_error(tmp_path):
    with pytest.raises(InputError, match="E-INPUT-UNREADABLE"):
        ctf.read(ctf_folder(tmp_path, 248))


def test_a_ctf_folder_without_samples_is_refused(tmp_path):
    folder = ctf_folder(tmp_path, 248)
    (folder / "x_meg.meg4").unlink()
    with pytest.raises(InputError, match=r"it holds 0 files .meg4"):
        ctf.read(folder)


def test_what_mne_warns_about_is_a_note(tmp_path):
    def reader(path, **_):
        import warnings

        warnings.warn("odd clock", RuntimeWarning, stacklevel=2)
        return path

    assert _mne.opened(reader, tmp_path)[1] == ({"step": "read", "warning": "odd clock"},)
