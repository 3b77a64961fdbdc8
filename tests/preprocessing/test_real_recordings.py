"""Whole chains on the real recordings, against the same chain in plain MNE."""

from __future__ import annotations

import mne
import nibabel
import numpy as np
import pytest

from neurocli import registry
from neurocli.data.recording import Image, Recording
from neurocli.errors import InputError


def chain(data, *steps):
    for step in steps:
        ((name, settings),) = step.items()
        data = registry.get("steps", name)(**settings).run(data, np.random.default_rng(0))
    return data


def recording_of(raw, **fields):
    types = tuple(raw.get_channel_types())
    names = tuple(name.removeprefix("EEG ") for name in raw.ch_names)
    entities = {"subject": "01", "task": "x", "datatype": "eeg", "suffix": "eeg"}
    return Recording(raw.get_data(), raw.info["sfreq"], names, types, ("V",) * len(types), entities, **fields)


def events_of(path):
    head, *rows = (line.split("\t") for line in path.read_text().splitlines())
    columns = {name: [row[i] for row in rows] for i, name in enumerate(head)}
    return columns | {name: [float(value) for value in columns[name]] for name in ("onset", "duration")}


@pytest.fixture
def eegmat(shared_data):
    path = shared_data / "eegmat/sub-04/eeg/sub-04_task-arithmetic_eeg.edf"
    raw = mne.io.read_raw_edf(path, preload=True, verbose="ERROR")
    return raw.set_channel_types({"EEG A2-A1": "misc", "ECG ECG": "ecg"}, verbose="ERROR")


def test_eegmat_is_the_plain_loop_of_mne(eegmat):
    found = chain(
        recording_of(eegmat),
        {"pick": {"types": ["eeg"]}},
        {"filter": {"l_freq": "1 Hz", "h_freq": "45 Hz"}},
        {"resample": {"sfreq": "200 Hz"}},
        {"epoch": {"duration": "4 s"}},
    )
    raw = eegmat.copy().pick("eeg").filter(1.0, 45.0, verbose="ERROR").resample(200.0, verbose="ERROR")
    expected = mne.make_fixed_length_epochs(raw, 4.0, preload=True, verbose="ERROR").get_data()
    np.testing.assert_array_equal(found.data, expected)
    assert [note["step"] for note in found.notes] == ["pick", "filter", "resample", "epoch"]


def test_a_scalp_recording_is_cleaned_from_end_to_end(eegmat):
    names = [name.removeprefix("EEG ") for name in eegmat.ch_names]
    info = mne.create_info(names[:19], 500.0, "eeg")
    known = mne.channels.get_builtin_montages()
    info.set_montage("colin27_1020" if "colin27_1020" in known else "standard_1020")
    places = np.full((21, 3), np.nan)
    places[:19] = [channel["loc"][:3] for channel in info["chs"]]
    found = chain(
        recording_of(eegmat, positions=places),
        {"pick": {"types": ["eeg", "ecg"]}},
        {"resample": {"sfreq": "128 Hz"}},
        {"line_noise": {"freq": "50 Hz"}},
        {"bad_channels": {"ransac": 0.75}},
        {"filter": {"l_freq": "1 Hz", "h_freq": "40 Hz"}},
        {"ica": {"method": "fastica", "eog": ["Fp1", "Fp2"]}},
        {"asr": {"cutoff": 20}},
        {"interpolate_bads": {}},
        {"reference": {"to": "average"}},
        {"epoch": {"duration": "2 s", "reject": {"eeg": "150 uV"}}},
    )
    assert found.data.shape[1:] == (20, 256)
    assert found.data.shape[0] >= 25
    assert np.isfinite(found.data).all()
    ica = next(note for note in found.notes if note["step"] == "ica")
    heart = [removed for removed in ica["removed"] if removed["why"] == "ecg"]
    assert len(heart) == 1
    assert (
        abs(heart[0]["score"]) > 0.9
    )  # this person's heart is a component of its own; blinks were removed at the source


def test_ssvep_bands_are_cut_round_the_events(shared_data):
    folder = shared_data / "ssvep/sub-01/eeg"
    raw = mne.io.read_raw_brainvision(folder / "sub-01_task-ssvep_run-01_eeg.vhdr", preload=True, verbose="ERROR")
    recording = recording_of(raw, events=events_of(folder / "sub-01_task-ssvep_run-01_events.tsv"))
    bands = {f"{f}Hz": [f"{f - 1} Hz", f"{f + 1} Hz"] for f in (13, 17, 21)}
    found = chain(
        recording,
        {"filter_bank": {"bands": bands}},
        {"epoch": {"events": "trial_type", "tmin": "2 s", "tmax": "5 s"}},
    )
    assert found.data.shape == (32, 24, 769)
    label = np.array(found.samples["events/trial_type"])
    power = {band: found.data[:, [n.endswith(f"@{band}") for n in found.ch_names]].var(axis=(1, 2)) for band in bands}
    ratio = {band: power[band] / sum(power.values()) for band in bands}
    for band in bands:  # who looks at a light has more of its rate than who looks at the others
        others = np.isin(label, [other for other in bands if other != band])
        assert np.median(ratio[band][label == band]) > np.median(ratio[band][others])


def test_haxby_blocks_become_their_means(shared_data):
    folder = shared_data / "haxby"
    img = nibabel.load(folder / "sub-01/func/sub-01_task-objectviewing_run-01_bold.nii.gz")
    mask = folder / "derivatives/masks/sub-01/func/sub-01_task-objectviewing_desc-brain_mask.nii.gz"
    image = Image(
        np.asarray(img.dataobj),
        img.affine,
        {"subject": "01", "run": "01", "datatype": "func", "suffix": "bold"},
        tr=2.5,
        events=events_of(folder / "sub-01/func/sub-01_task-objectviewing_run-01_events.tsv"),
        masks={"brain": str(mask)},
    )
    found = chain(
        image,
        {"mask": {"desc": "brain"}},
        {"detrend": {"order": 1}},
        {"zscore": {}},
        {"epoch": {"events": "trial_type", "average": True}},
    )
    assert found.data.shape == (8, int(np.count_nonzero(nibabel.load(mask).dataobj)), 1)
    assert len(set(found.samples["events/trial_type"])) == 8
    with pytest.raises(InputError, match="one slice"):
        chain(image, {"smooth": {"fwhm": "6 mm"}})


def test_bipolar_clips_take_no_average_reference(shared_data):
    path = sorted((shared_data / "seizure/chbmit").glob("sub-*/**/*_eeg.edf"))[0]
    raw = mne.io.read_raw_edf(path, preload=True, verbose="ERROR")
    with pytest.raises(InputError, match="bipolar already") as error:
        chain(recording_of(raw), {"reference": {"to": "average"}})
    assert error.value.exit_status == 4
