"""From images to recordings, and what fMRI needs on the way; nilearn and scipy are the oracles."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import nilearn.image
import nilearn.masking
import nilearn.regions
import nilearn.signal
import numpy as np
import pytest
import scipy.signal
from nilearn.interfaces.fmriprep import load_confounds
from pydantic import ValidationError

from neurocli.errors import ConfigError, InputError
from neurocli.preprocessing.band_pass import BandPass
from neurocli.preprocessing.confounds import Confounds
from neurocli.preprocessing.detrend import Detrend
from neurocli.preprocessing.epoch import Epoch
from neurocli.preprocessing.mask import Mask
from neurocli.preprocessing.percent_signal_change import PercentSignalChange
from neurocli.preprocessing.regions import Regions
from neurocli.preprocessing.scrub import Scrub
from neurocli.preprocessing.smooth import Smooth
from neurocli.preprocessing.zscore import ZScore
from tests.preprocessing.simulated import bold, eeg


def nifti(image, volume=None):
    return nibabel.Nifti1Image(np.asarray(image.data if volume is None else volume, dtype=float), image.affine)


def test_mask_is_nilearn_apply_mask():
    image = bold()
    found = Mask(desc="brain").run(image)
    mask = nibabel.Nifti1Image(image.mask, image.affine)
    expected = nilearn.masking.apply_mask(nifti(image), mask, dtype=np.float64).T
    np.testing.assert_array_equal(found.data, expected)
    assert found.sfreq == 0.5
    assert set(found.ch_types) == {"voxel"}
    assert set(found.units) == {"1"}
    assert found.events == image.events


def test_a_voxel_is_named_by_its_indices_and_placed_in_metres():
    found = Mask(desc="brain").run(bold())
    place = found.ch_names.index("4-4-3")
    np.testing.assert_array_equal(found.data[place], bold().data[4, 4, 3])
    np.testing.assert_allclose(
        found.positions[place], [0.0, 0.002, 0.001], atol=1e-12
    )  # 3 mm * (4, 4, 3) - (12, 10, 8)


def test_masks_by_threshold_and_by_nilearn_find_the_bright_voxels():
    image = bold()
    assert Mask(threshold=0.5).run(image).data.shape[0] == image.mask.sum()
    big = bold(shape=(24, 24, 20, 5))
    found = Mask(compute=True).run(big)
    expected = np.asarray(nilearn.masking.compute_epi_mask(nifti(big, np.float32(big.data))).dataobj)
    assert found.data.shape[0] == expected.sum() > 0


def test_a_mask_file_of_the_dataset_is_read(tmp_path):
    image = bold()
    nibabel.save(nibabel.Nifti1Image(image.mask, image.affine), tmp_path / "mask.nii.gz")
    found = Mask(desc="brain").run(replace(image, mask=None, masks={"brain": str(tmp_path / "mask.nii.gz")}))
    assert found.data.shape[0] == image.mask.sum()


def test_regions_are_nilearn_means_and_carry_their_names(tmp_path):
    image = bold()
    labels = np.zeros(image.data.shape[:3], dtype=np.int32)
    labels[2:4], labels[5:7, 3:] = 7, 12
    atlas = nibabel.Nifti1Image(labels, image.affine)
    nibabel.save(atlas, tmp_path / "atlas.nii.gz")
    (tmp_path / "atlas.tsv").write_text("index\tname\n7\tV1\n")
    found = Regions(atlas=str(tmp_path / "atlas.nii.gz")).run(image)
    expected, order = nilearn.regions.img_to_signals_labels(nifti(image), atlas)[:2]
    assert [int(label) for label in order] == [7, 12]
    np.testing.assert_allclose(found.data, expected.T, rtol=1e-12)
    assert found.ch_names == ("V1", "region-12")
    np.testing.assert_allclose(found.positions[0], [(3 * 2.5 - 12) / 1e3, (3 * 4 - 10) / 1e3, (3 * 3 - 8) / 1e3])


def test_an_atlas_on_another_grid_is_brought_to_the_image(tmp_path):
    image = bold()
    labels = np.zeros((16, 18, 14), dtype=np.int32)
    labels[4:8] = 3
    affine = image.affine.copy()
    affine[:3, :3] /= 2
    affine[:3, 3] -= 0.75  # voxels of half the size share the edges of the coarse ones
    nibabel.save(nibabel.Nifti1Image(labels, affine), tmp_path / "fine.nii")
    found = Regions(atlas=str(tmp_path / "fine.nii")).run(image)
    assert found.notes[-1]["resampled"] is True
    np.testing.assert_allclose(found.data[0], image.data[2:4].mean(axis=(0, 1, 2)), rtol=1e-12)


def atlas_of(tmp_path, labels, table=None):
    nibabel.save(nibabel.Nifti1Image(labels, bold().affine), tmp_path / "atlas.nii")
    if table:
        (tmp_path / "atlas.tsv").write_text(table)
    return Regions(atlas=str(tmp_path / "atlas.nii"))


def test_labels_are_whole_numbers_of_one_volume_however_they_were_saved(tmp_path):
    labels = np.zeros((8, 9, 7), dtype=np.int32)
    labels[2:5] = 3
    expected = atlas_of(tmp_path, labels).run(bold())
    for same in (labels[..., None], labels.astype(np.float32) - 1e-6):  # a scale factor leaves a label a little low
        found = atlas_of(tmp_path, same).run(bold())
        assert found.ch_names == ("region-3",)
        np.testing.assert_array_equal(found.data, expected.data)


@pytest.mark.parametrize(
    ("last", "table", "sentence"),
    [
        (3, None, "is 8 x 9 x 7 x 3 voxels, and labels are one volume"),
        (1, "label\tname\n1\tV1\n", "a table with the columns index, a whole number, and name: 'index'"),
        (1, "index\tname\none\tV1\n", "a whole number, and name: .*'one'"),
        (1, "index\tname\n0\tV1\n1\tV1\n2\tV1\n", "Several labels are called 'V1'"),
    ],
)
def test_what_is_no_atlas_of_labels_is_refused(tmp_path, last, table, sentence):
    labels = np.zeros((8, 9, 7, last), dtype=np.int32)
    labels[2], labels[3] = 1, 2
    with pytest.raises(ConfigError, match=f"E-CONFIG-FILE .*{sentence}"):
        atlas_of(tmp_path, labels, table).run(bold())


def test_a_changed_atlas_is_another_setting(tmp_path):
    path = tmp_path / "atlas.nii"
    path.write_bytes(b"one")
    first = Regions(atlas=str(path))
    path.write_bytes(b"two")
    assert Regions(atlas=str(path)).digest != first.digest
    assert Regions(**first.model_dump()) == first


@pytest.mark.parametrize("order", [0, 1, 3])
def test_detrend_removes_the_polynomial_and_nothing_else(order):
    recording = eeg()
    found = Detrend(order=order).run(recording)
    time = np.linspace(-1, 1, 4000)
    kept = recording.data - np.stack([np.polyval(np.polyfit(time, x, order), time) for x in recording.data])
    np.testing.assert_allclose(found.data, kept, rtol=0, atol=1e-10 * np.abs(recording.data).max())


@pytest.mark.parametrize(("order", "kind"), [(0, "constant"), (1, "linear")])
def test_detrend_is_scipy_detrend(order, kind):
    image = bold()
    expected = scipy.signal.detrend(image.data, type=kind)
    np.testing.assert_allclose(Detrend(order=order).run(image).data, expected, rtol=0, atol=1e-9)


def test_zscore_and_percent_are_those_of_nilearn():
    recording = Mask(desc="brain").run(bold())
    expected = nilearn.signal.standardize_signal(recording.data.T, standardize="zscore_sample").T
    np.testing.assert_allclose(ZScore().run(recording).data, expected, rtol=0, atol=1e-12)
    expected = nilearn.signal.standardize_signal(recording.data.T, standardize="psc").T
    np.testing.assert_allclose(PercentSignalChange().run(recording).data, expected, rtol=0, atol=1e-12)


def test_a_constant_channel_becomes_zero_and_is_counted_even_in_volts():
    recording = eeg()
    x = recording.data * 1e-12  # far below machine epsilon, and not constant
    x[2] = 3e-20
    found = ZScore().run(replace(recording, data=x))
    assert found.notes[-1]["n_constant"] == 1
    assert not found.data[2].any()
    np.testing.assert_allclose(np.delete(found.data, 2, axis=0).std(axis=-1, ddof=1), 1.0)


def test_smooth_is_nilearn_smooth_img():
    image = bold()
    expected = nilearn.image.smooth_img(nifti(image), 6.0).get_fdata()
    np.testing.assert_allclose(Smooth(fwhm="6 mm").run(image).data, expected, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("step", [Smooth, Scrub])
def test_a_number_that_was_meant_in_millimetres_is_refused_when_yaml_is_read(step):
    """A bare number is in m: a Gaussian of 6 m would leave one value, and no head would ever move so far."""
    (name,) = {"fwhm", "displacement"} & step.model_fields.keys()
    with pytest.raises(ValidationError, match="Did you mean '6 mm'"):
        step(**{name: 6})
    assert getattr(step(**{name: "6 mm"}), name) == 0.006


def test_confounds_are_nilearn_clean():
    image = bold()
    found = Confounds(columns=["trans_x*"]).run(image)
    design = np.array([[np.nan if v == "n/a" else v for v in column] for column in image.confounds.values()]).T
    design = np.where(np.isnan(design), np.nanmean(design, axis=0), design)
    flat = image.data.reshape(-1, 40).T
    expected = nilearn.signal.clean(flat, confounds=design, detrend=False, standardize=None, filter=False)
    np.testing.assert_allclose(found.data.reshape(-1, 40).T, expected, rtol=0, atol=1e-9)
    assert found.notes[-1]["columns"] == ["trans_x", "trans_x_derivative1"]


BANDS = [{"l_freq": 0.01, "h_freq": 0.1}, {"l_freq": 0.02}, {"h_freq": 0.08}]


def clean_img(image, band, **options):
    """Return what nilearn makes of an image; its filter takes the mean away where it has a lower edge."""
    edges = {"high_pass": band.get("l_freq"), "low_pass": band.get("h_freq"), "t_r": image.tr}
    return nilearn.image.clean_img(nifti(image), detrend=False, standardize=None, **edges, **options).get_fdata()


@pytest.mark.parametrize("band", BANDS)
def test_a_band_of_an_image_is_nilearn_clean_img_and_the_mean_stays(band):
    image = bold()
    mean = image.data.mean(axis=-1, keepdims=True)
    expected = clean_img(image, band) + (mean if "l_freq" in band else 0.0)
    np.testing.assert_allclose(BandPass(**band).run(image).data, expected, rtol=0, atol=1e-9 * np.abs(mean).max())


def test_voxels_outside_the_mask_become_zero_as_in_nilearn():
    image = bold()
    mask = nibabel.Nifti1Image(image.mask.astype(np.uint8), image.affine)
    mean = image.data.mean(axis=-1, keepdims=True) * image.mask[..., None]
    found = BandPass(l_freq="0.01 Hz", h_freq="0.1 Hz", desc="brain").run(image)
    np.testing.assert_allclose(found.data, clean_img(image, BANDS[0], mask_img=mask) + mean, rtol=0, atol=1e-6)
    assert not found.data[image.mask == 0].any()
    assert found.notes[-1]["n_voxels"] == image.mask.sum()


def test_a_sine_in_the_band_stays_and_one_outside_goes():
    """Ground truth: at these frequencies a filter of order 5, twice, passes all and nothing."""
    image = bold(shape=(2, 2, 2, 400))
    time = np.arange(400) * image.tr
    slow, wanted, fast = (np.sin(2 * np.pi * f * time) for f in (0.0025, 0.03, 0.2))  # whole turns
    x = 1000 + np.broadcast_to(slow + wanted + fast, image.data.shape)
    found = BandPass(l_freq=0.01, h_freq=0.1).run(replace(image, data=x)).data
    middle = slice(100, 300)  # away from the ends
    np.testing.assert_allclose(found[0, 0, 0, middle], 1000 + wanted[middle], rtol=0, atol=0.02)


@pytest.mark.parametrize("band", BANDS)
def test_confounds_in_a_band_are_nilearn_clean_img(band):
    image = bold(shape=(8, 9, 7, 60), confounds={"a": [*np.sin(np.arange(60.0))], "b": [*np.arange(60.0) ** 2]})
    design = np.array(list(image.confounds.values())).T
    mean = image.data.mean(axis=-1, keepdims=True)
    expected = clean_img(image, band, confounds=design - design.mean(axis=0))
    found = Confounds(columns=["a", "b"], **band).run(image).data
    np.testing.assert_allclose(found, expected + (mean if "l_freq" in band else 0.0), rtol=0, atol=1e-6)


def test_the_edges_of_a_band_are_checked_before_anything_is_read():
    for step in (BandPass, lambda **band: Confounds(columns=["a"], **band)):
        with pytest.raises(ValidationError, match=r"need 0 Hz < l_freq < h_freq, got l_freq 0\.1 and h_freq 0\.01 Hz"):
            step(l_freq=0.1, h_freq=0.01)
    with pytest.raises(ValidationError, match="give l_freq, h_freq or both"):
        BandPass()


FMRIPREP = [
    *(f"{name}{suffix}" for name in ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z", "csf", "white_matter",
      "global_signal") for suffix in ("", "_derivative1", "_power2", "_derivative1_power2")),
    "cosine00", "cosine01", "a_comp_cor_00", "a_comp_cor_01", "a_comp_cor_02", "aroma_motion_03",
]  # fmt: skip


@pytest.mark.parametrize("expansion", ["basic", "derivatives", "power2", "full"])
@pytest.mark.parametrize("group", ["motion", "high_pass", "wm_csf", "global_signal"])
def test_strategies_choose_the_columns_that_nilearn_loads(tmp_path, group, expansion):
    rng = np.random.default_rng(0)
    table = {name: rng.standard_normal(80).tolist() for name in FMRIPREP}
    path = tmp_path / "sub-01_task-x_desc-confounds_timeseries.tsv"
    rows = ["\t".join(FMRIPREP), *("\t".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    path.write_text("\n".join(rows))
    path.with_suffix(".json").write_text("{}")
    bold_path = tmp_path / "sub-01_task-x_desc-preproc_bold.nii.gz"
    nibabel.save(nifti(bold(shape=(2, 2, 2, 80))), bold_path)
    options = {} if group == "high_pass" else {group: expansion}
    strategy = [group] if group == "high_pass" else ["high_pass", group]
    expected, _ = load_confounds(str(bold_path), strategy=strategy, **options)
    found = Confounds(strategy=strategy, **options).run(bold(shape=(4, 4, 4, 80), confounds=table))
    assert set(found.notes[-1]["columns"]) == set(expected.columns)


def test_compcor_and_aroma_are_chosen_by_name():
    rng = np.random.default_rng(0)
    table = {name: rng.standard_normal(40).tolist() for name in FMRIPREP}
    step = Confounds(strategy=["high_pass", "compcor", "ica_aroma"], n_compcor=2)
    columns = step.run(bold(confounds=table)).notes[-1]["columns"]
    assert columns == ["cosine00", "cosine01", "a_comp_cor_00", "a_comp_cor_01", "aroma_motion_03"]
    with pytest.raises(ValidationError, match="strategy must have high_pass too"):
        Confounds(strategy=["compcor"])
    with pytest.raises(ValidationError, match="name columns, a strategy, or both"):
        Confounds()


def test_displacement_is_that_of_power():
    motion = {name: [0.0] * 40 for name in ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")}
    motion["trans_x"] = [0.0] * 20 + [0.5] * 20  # half a millimetre once
    motion["rot_z"] = [0.0] * 10 + [0.01] * 30  # a hundredth of a radian on 50 mm: another half
    note = Confounds(strategy=["motion"], motion="basic").run(bold(confounds=motion)).notes[-1]
    assert note["greatest_displacement_m"] == pytest.approx(0.5e-3)
    assert note["mean_displacement_m"] == pytest.approx(1e-3 / 39)


def test_block_means_of_a_series():
    recording = ZScore().run(Detrend().run(Mask(desc="brain").run(bold())))
    found = Epoch(events="trial_type", average=True).run(recording)
    np.testing.assert_allclose(found.data[1, :, 0], recording.data[:, 15:20].mean(axis=-1), atol=1e-12)
    assert found.samples["events/trial_type"] == ["face", "house"]


FLAT = np.diag([3.0, 3.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("step", "changes", "code", "sentence"),
    [
        (Mask(desc="brian"), {"mask": None, "masks": {"brain": "x"}}, "E-INPUT-MASK", "Did you mean 'brain'?"),
        (Mask(desc="brain"), {"mask": None}, "E-INPUT-MASK", "There is no mask 'brain' that fits"),
        (Mask(desc="brain"), {"mask": np.ones((2, 2, 2))}, "E-INPUT-MASK", "The mask is 2 x 2 x 2 voxels"),
        (Mask(desc="brain"), {"mask": np.zeros((8, 9, 7))}, "E-INPUT-MASK", "The mask is empty."),
        (Mask(desc="brain"), {"data": np.ones((8, 9, 7))}, "E-INPUT-SHAPE", "a 4-D series, but the image is 8 x 9 x 7"),
        (Mask(desc="brain"), {"tr": None}, "E-INPUT-TR", "The repetition time is unknown."),
        (Mask(desc="brain"), {"affine": FLAT}, "E-INPUT-AFFINE", "The affine is broken"),
        (Mask(compute=True), {"data": np.ones((8, 9, 1, 5))}, "E-INPUT-SHAPE", "Finding the brain needs a whole brain"),
        (Smooth(fwhm=0.006), {"data": np.ones((8, 9, 1, 5))}, "E-INPUT-SHAPE", "is one slice (8 x 9 x 1 voxels)"),
        (Smooth(fwhm=0.006), {"affine": FLAT}, "E-INPUT-AFFINE", "The affine is broken"),
        (Confounds(columns=["trans_x"]), {"confounds": {}}, "E-INPUT-CONFOUNDS", "There is no confounds table"),
        (Confounds(columns=["trans_w"]), {}, "E-INPUT-CONFOUNDS", "Did you mean 'trans_x'?"),
        (Confounds(columns=["a"]), {"confounds": {"a": [1.0]}}, "E-INPUT-CONFOUNDS", "has 1 rows, the image 40"),
        (Confounds(columns=["a"]), {"confounds": {"a": ["n/a"] * 40}}, "E-INPUT-CONFOUNDS", "'a' holds no number"),
        (BandPass(h_freq=0.1), {"data": np.ones((8, 9, 7))}, "E-INPUT-SHAPE", "a 4-D series, but the image is"),
        (BandPass(h_freq=0.1), {"tr": None}, "E-INPUT-TR", "The repetition time is unknown."),
        (BandPass(h_freq=0.3), {}, "E-INPUT-NYQUIST", "0.3 Hz is not below 0.25 Hz, half of 1/TR."),
        (BandPass(h_freq=0.1), {"data": np.ones((8, 9, 7, 18))}, "E-INPUT-SHORT", "18 volumes are too few"),
        (BandPass(h_freq=0.1), {"data": np.full((8, 9, 7, 40), np.nan)}, "E-INPUT-NAN", "voxels that are no numbers"),
        (BandPass(h_freq=0.1, desc="brain"), {"mask": np.zeros((8, 9, 7))}, "E-INPUT-MASK", "The mask is empty, or"),
        (Confounds(columns=["trans_x"], h_freq=0.3), {}, "E-INPUT-NYQUIST", "0.3 Hz is not below 0.25 Hz"),
        (Detrend(order=3), {"data": np.ones((8, 9, 7, 4))}, "E-INPUT-SHORT", "4 samples are too few for"),
    ],
)  # fmt: skip
def test_images_that_a_step_cannot_take_are_refused(step, changes, code, sentence):
    with pytest.raises(InputError) as error:
        step.run(bold(**changes))
    assert error.value.code == code
    assert sentence in error.value.message


def test_voxels_that_are_no_numbers_outside_the_head_change_nothing_inside():
    """Some programs put NaN where there is no brain."""
    image = bold()
    inside = np.asarray(image.mask) != 0
    hollow = replace(image, data=np.where(inside[..., None], image.data, np.nan))
    whole, found = (Confounds(columns=["trans_x"]).run(one) for one in (image, hollow))
    np.testing.assert_array_equal(found.data[inside], whole.data[inside])
    alone = Confounds(columns=["trans_x"]).run(replace(image, data=image.data[inside][:, None, None]))
    assert found.notes[-1]["variance_explained"] == pytest.approx(alone.notes[-1]["variance_explained"], rel=1e-9)
    assert Mask(threshold=0.2).run(hollow).data.shape == (inside.sum(), 40)


def test_as_many_confounds_as_volumes_are_refused():
    rng = np.random.default_rng(0)
    table = {f"c{i}": rng.standard_normal(40).tolist() for i in range(40)}
    with pytest.raises(InputError, match="40 confounds leave nothing of 40 volumes"):
        Confounds(columns=["c*"]).run(bold(confounds=table))


def test_an_image_step_refuses_a_recording():
    with pytest.raises(ConfigError, match="'mask' takes image, but is given recording"):
        Mask(threshold=0.2).run(eeg())
