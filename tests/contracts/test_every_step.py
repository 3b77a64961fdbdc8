"""What every preprocessing step promises, checked over the registry: a new step is under this contract by existing."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pytest

from neurocli import registry
from neurocli.data.payload import restore
from neurocli.preprocessing._confounds import MOTION
from neurocli.preprocessing.epoch import Epoch
from neurocli.step import Step
from tests.preprocessing.simulated import bold, eeg, head, meg

STEPS = registry.definitions("steps")
# settings with which a step runs on the recording below; a step that is not here runs with its defaults
SETTINGS: dict[str, dict] = {
    "atlas_volumes": {"atlas": "head.nii", "how": "affine", "resolution": 8},
    "band_pass": {"l_freq": 0.01, "h_freq": 0.1},
    "bias_correct": {"n_iterations": [5, 5]},
    "confounds": {"columns": ["trans_x"]},
    "coregister": {"extract": False},
    "epoch": {"duration": 2.0, "reject": {"eeg": 1.0}},
    "freesurfer_stats": {"folder": "freesurfer", "tables": ["aseg"]},
    "filter": {"l_freq": 1.0, "h_freq": 40.0},
    "filter_bank": {"bands": {"alpha": (8.0, 12.0)}},
    "mask": {"desc": "brain"},
    "line_length": {"threshold": 100.0},
    "maxwell_filter": {"coord_frame": "meg", "int_order": 5, "ext_order": 2},
    "nipype": {"interface": "nipype.interfaces.image.Reorient", "inputs": {"orientation": "LAS"}},
    "normalize": {"how": "rigid", "resolution": 8},
    "notch": {"freqs": [50.0]},
    "overrides": {"file": "overrides.tsv"},
    "pick": {"types": ["eeg"]},
    "regions": {"atlas": "atlas.nii"},
    "resample": {"sfreq": 100.0},
    "shaft_reference": {"types": ["eeg"]},
    "slice_timing": {"slice_times": [0.25 * k for k in range(7)]},
    "smooth": {"fwhm": 0.006},
}
ON_IMAGES = {
    "band_pass",
    "compcor",
    "confounds",
    "mask",
    "motion_correct",
    "regions",
    "scrub",
    "slice_timing",
    "smooth",
}
ON_HEADS = {
    "atlas_volumes",
    "bias_correct",
    "brain_extract",
    "freesurfer_stats",
    "nipype",
    "normalize",
    "tissue_volumes",
}
ON_MEG = {"maxwell_filter"}
ON_EPOCHS = {"autoreject", "euclidean_alignment", "join_epochs", "line_length"}
every_step = pytest.mark.parametrize("name", STEPS)


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch) -> None:
    """Put what settings name into the current folder."""
    labels = np.zeros((8, 9, 7), dtype=np.int32)
    labels[2:5] = 1
    nibabel.save(nibabel.Nifti1Image(labels, bold().affine), tmp_path / "atlas.nii")
    whole = head()
    nibabel.save(nibabel.Nifti1Image((whole.data > 50).astype(np.int32), whole.affine), tmp_path / "head.nii")
    rows = ["participant_id\twhat\tvalue\treason", "sub-01\tbad_channel\tPz\tloose", "sub-02\tbad_channel\tC3\tloose"]
    (tmp_path / "overrides.tsv").write_text("\n".join(rows))
    stats = tmp_path / "freesurfer" / "sub-01" / "stats"
    stats.mkdir(parents=True)
    (stats / "aseg.stats").write_text("# ColHeaders Index Volume_mm3 StructName\n1 4000.5 Left-Hippocampus\n")
    monkeypatch.chdir(tmp_path)


def step(name: str) -> Step:
    return STEPS[name](**SETTINGS.get(name, {}))


def given_to(name: str):
    if name == "motion_correct":
        return bold(shape=(8, 9, 7, 3))
    if name == "coregister":
        whole = head()
        series = replace(bold(), data=np.stack([whole.data] * 3, axis=-1), affine=whole.affine, confounds={}, mask=None)
        return replace(series, t1=whole.data, t1_affine=whole.affine)
    if name == "scrub":
        return bold(confounds={name: np.linspace(0, 0.1, 40).tolist() for name in MOTION})
    if name in ON_IMAGES:
        return bold()
    if name in ON_HEADS:
        return head()
    if name in ON_MEG:
        return meg()
    recording = eeg(bads=() if name == "csd" else ("Cz",), annotations=((3.0, 1.0, "flash"),))
    return replace(Epoch(duration=2.0).run(recording), notes=()) if name in ON_EPOCHS else recording


def run(name: str, data):
    if name == "brain_extract":
        pytest.skip("its surface takes 20 s to grow; tests/preprocessing/test_mri.py holds it")
    if name in ON_HEADS | {"motion_correct", "coregister"}:
        pytest.importorskip("ants", reason="antspyx is not installed")
    return step(name).run(data, np.random.default_rng(7))


@cache
def ran(name: str):
    """Return the output of a step, run once for all tests that only look at it."""
    return run(name, given_to(name))


def same(a, b) -> None:
    for field in fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        else:
            assert x == y


@every_step
def test_the_input_is_left_alone(name):
    data = given_to(name)
    before = deepcopy(data)
    data.data.flags.writeable = False  # as a memory map of the store is
    run(name, data)
    same(data, before)


@every_step
def test_the_same_input_and_seed_give_the_same_output(name):
    same(run(name, given_to(name)), ran(name))


@every_step
def test_a_step_that_fits_keeps_the_hash_of_what_it_was_given(name):
    if not STEPS[name].transductive:
        return
    given = given_to(name)
    found = ran(name)
    if given.kind == "epochs":
        assert set(found.samples["signal"]) <= set(given.samples["signal"])
    else:
        assert found.notes[-1]["signal_before_fit"]


@every_step
def test_the_output_is_a_payload_that_comes_back(name):
    found = ran(name)
    arrays, meta = found.to_payload()
    arrays_again, meta_again = restore(arrays, json.loads(json.dumps(meta))).to_payload()
    assert json.dumps(meta_again) == json.dumps(meta)
    assert arrays_again.keys() == arrays.keys()
    assert len(found.notes) == 1
    assert found.notes[0]["step"] == name


@every_step
def test_single_precision_is_taken_as_it_comes(name):
    data = given_to(name)
    found = run(name, replace(data, data=data.data.astype(np.float32)))
    assert found.data.dtype in (np.float32, np.float64)


@every_step
def test_what_belongs_to_channels_has_one_entry_a_channel(name):
    found = ran(name)
    if found.kind == "image":
        return
    n = found.data.shape[-2]
    assert len(found.ch_names) == len(found.ch_types) == len(found.units) == n
    assert len(set(found.ch_names)) == n
    assert found.positions is None or found.positions.shape == (n, 3)
    assert set(found.bads) <= set(found.ch_names)


@every_step
def test_settings_survive_json(name):
    settings = step(name)
    assert STEPS[name].model_validate_json(settings.model_dump_json()) == settings
    assert STEPS[name].model_validate(json.loads(json.dumps(settings.model_dump(mode="json")))) == settings
    json.dumps(STEPS[name].model_json_schema())


@every_step
def test_the_docstring_is_a_sentence_and_names_every_setting(name):
    text = STEPS[name].__doc__ or ""
    first = text.splitlines()[0]
    assert first.endswith(".") or "(" in text.split("\n\n")[0]
    assert len(first) <= 120
    for field in STEPS[name].model_fields:
        assert field in text, f"{name}.{field} is not documented"


@every_step
def test_a_bare_value_names_a_field(name):
    positional = STEPS[name].positional
    assert positional is None or positional in STEPS[name].model_fields


def test_every_setting_of_this_test_belongs_to_a_step():
    assert set(SETTINGS) | ON_IMAGES | ON_HEADS | ON_EPOCHS | ON_MEG <= set(STEPS)


def test_definitions_load_nothing_heavy():
    code = "import sys; from neurocli import registry; registry.definitions('steps'); print(*sys.modules)"
    root = Path(__file__).resolve().parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert not {"numpy", "scipy", "mne", "nilearn", "nibabel", "sklearn"} & set(loaded.stdout.split())
