"""Steps of BOLD series that are computed here or by nipype: slices, scrubbing, CompCor, and any interface."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.data.captured import capture, capturing
from neurocli.data.recording import Image
from neurocli.errors import ConfigError, Exit, InputError, MissingError
from neurocli.preprocessing._mri.scrub import bridged, spread
from neurocli.preprocessing._mri.slices import shift
from neurocli.preprocessing.compcor import CompCor
from neurocli.preprocessing.coregister import Coregister
from neurocli.preprocessing.motion_correct import MotionCorrect
from neurocli.preprocessing.nipype_interface import NipypeInterface
from neurocli.preprocessing.normalize import Normalize
from neurocli.preprocessing.quality import Quality
from neurocli.preprocessing.scrub import Scrub
from neurocli.preprocessing.slice_timing import SliceTiming

BOLD = {"subject": "01", "task": "rest", "datatype": "func", "suffix": "bold"}
AFFINE = np.diag([3.0, 3, 3, 1])
TR, N = 2.0, 60


def series(data, **more):
    return Image(np.asarray(data), AFFINE, BOLD, tr=TR, **more)


def test_slices_are_brought_to_one_moment():
    """A wave that each slice saw at its own time is one wave afterwards; the ends are mirrored, so not exact there."""
    times = np.array([0.0, 1.0, 0.5, 1.5])
    seen = np.arange(N) * TR + times[:, None]
    wave = np.cos(2 * np.pi * 0.05 * seen)
    image = series(np.broadcast_to(wave, (3, 3, 4, N)), slice_times=tuple(times))
    out = SliceTiming().run(image).data
    expected = np.cos(2 * np.pi * 0.05 * (np.arange(N) * TR + 1.0))
    np.testing.assert_allclose(out[..., 8:-8], np.broadcast_to(expected[8:-8], out[..., 8:-8].shape), atol=0.02)


@given(part=st.floats(-1, 1))
def test_a_shift_there_and_back_changes_little(part):
    x = np.cumsum(np.random.default_rng(0).normal(size=64))
    smooth = np.convolve(x, np.ones(7) / 7, mode="same")
    np.testing.assert_allclose(shift(shift(smooth, part), -part)[8:-8], smooth[8:-8], atol=0.6)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((), "4 slices, and the times of none are known. Give SliceTiming"),
        ((0.0, 1.0), "4 slices, and there are 2 times"),
        ((0.0, 1000.0, 500.0, 1500.0), "from 0 to 1500 s of a volume that lasts 2 s. Mend .*: it is in s, not in ms"),
        ((0.0, -1.0, 1.0, 1.5), "from -1 to 1.5 s"),
    ],
)
def test_times_that_do_not_fit_are_refused(times, said):
    with pytest.raises(InputError, match=f"E-INPUT-SLICES .*{said}"):
        SliceTiming().run(series(np.zeros((3, 3, 4, N)), slice_times=times))


def test_scrubbed_volumes_lie_on_a_line():
    x = np.arange(8.0) ** 2
    bad = np.isin(np.arange(8), [0, 3, 4, 7])
    np.testing.assert_allclose(bridged(x, bad), [1, 1, 4, 4 + 7, 4 + 14, 25, 36, 36])
    assert spread(np.arange(6) == 3, 1, 2).tolist() == [False, False, True, True, True, True]


def test_scrubbing_finds_the_jump():
    rng = np.random.default_rng(0)
    confounds = {
        f"{kind}_{axis}": rng.normal(0, 0.005 * (kind == "trans"), N).tolist()
        for kind in ("trans", "rot")
        for axis in "xyz"
    }
    confounds["trans_x"][20:] = (np.array(confounds["trans_x"][20:]) + 2).tolist()  # mm
    out = Scrub(displacement="0.5 mm").run(series(rng.normal(size=(3, 3, 3, N)), confounds=confounds))
    assert out.notes[-1]["volumes"] == [20]
    with pytest.raises(InputError, match="E-INPUT-CONFOUNDS"):
        Scrub().run(series(np.zeros((3, 3, 3, N))))


@pytest.mark.parametrize("n_rows", [N - 4, N + 4])
@pytest.mark.parametrize("step", [Scrub(), Quality()])
def test_motion_of_other_volumes_is_refused(step, n_rows):
    """As where volumes were cut off after the confounds were made: each would be taken for another."""
    confounds = {f"{kind}_{axis}": [0.0] * n_rows for kind in ("trans", "rot") for axis in "xyz"}
    message = f"E-INPUT-CONFOUNDS .*The confounds table has {n_rows} rows, the image {N} volumes"
    with pytest.raises(InputError, match=message):
        step.run(series(np.random.default_rng(0).normal(100, 1, (3, 3, 3, N)), confounds=confounds))


def test_a_series_too_short_for_scrubbing_or_components_is_refused():
    one = series(np.full((3, 3, 3, 1), 100.0), confounds={f"{k}_{a}": [0.0] for k in ("trans", "rot") for a in "xyz"})
    with pytest.raises(InputError, match=r"E-INPUT-SHORT .*which leaves fewer than two. Raise displacement"):
        Scrub().run(one)
    with pytest.raises(InputError, match=r"E-INPUT-SHORT .*7 volumes are too few for 6 components"):
        CompCor().run(series(np.random.default_rng(0).normal(100, 1, (5, 5, 5, 7))))


def test_a_program_that_fails_is_told_of_in_its_own_words(noisy, monkeypatch):
    from nipype.algorithms.confounds import TCompCor

    def fails(*_):
        raise OSError("the disk of the tool is full")

    monkeypatch.setattr(TCompCor, "_run_interface", fails)
    with pytest.raises(InputError, match=r"E-INPUT-TOOL .*TCompCor failed: .*the disk of the tool is full"):
        CompCor().run(noisy[0])


@pytest.mark.parametrize("step", [MotionCorrect(), MotionCorrect(engine="elastix"), Normalize(), Coregister()])
def test_voxels_that_are_no_numbers_cannot_be_registered(step):
    x = np.random.default_rng(0).normal(100, 1, (5, 5, 5, 3))
    x[0] = np.nan
    with pytest.raises(InputError, match=r"E-INPUT-NAN .*Put zero where there is no head"):
        step.run(series(x))


@pytest.mark.parametrize("step", [MotionCorrect(), Normalize(how="rigid", resolution=8)])
def test_an_empty_image_cannot_be_registered(step):
    pytest.importorskip("ants", reason="antspyx is not installed")
    with pytest.raises(InputError, match="E-INPUT-TOOL ANTs could not register the image"):
        step.run(series(np.zeros((8, 8, 8, 2))))


@pytest.fixture
def noisy():
    """Return a brain whose rim breathes: 200 of its voxels share one wave, ten times as strong as the noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(100, 1, (10, 10, 10, N))
    wave = np.sin(2 * np.pi * 0.13 * np.arange(N) * TR)
    x[:2] += 10 * wave
    return series(x.astype(np.float32), mask=np.ones((10, 10, 10), dtype=bool)), wave


def test_temporal_compcor_finds_what_the_rim_shares(noisy):
    image, wave = noisy
    with capturing() as captured:
        out = CompCor(kind="temporal", n_components=2, percentile=0.1).run(image)
    first = np.array(out.confounds["t_comp_cor_00"])
    assert abs(np.corrcoef(first, wave)[0, 1]) > 0.98
    assert (captured.folder / "components.tsv").is_file()


def test_compcor_is_nipype_called_by_hand(noisy, tmp_path, monkeypatch):
    from nipype.algorithms.confounds import ACompCor

    image, _ = noisy
    mask = np.zeros((10, 10, 10), dtype=np.uint8)
    mask[:3] = 1
    nibabel.save(nibabel.Nifti1Image(mask, AFFINE), tmp_path / "mask.nii")
    nibabel.save(nibabel.Nifti1Image(image.data, AFFINE), tmp_path / "bold.nii")
    monkeypatch.chdir(tmp_path)
    made = ACompCor(realigned_file="bold.nii", mask_files=["mask.nii"], num_components=3, repetition_time=TR,
                    pre_filter="cosine", high_pass_cutoff=125.0).run()  # fmt: skip
    by_hand = np.loadtxt(made.outputs.components_file, skiprows=1)
    ours = CompCor(kind="anatomical", mask="csf", n_components=3).run(
        replace(image, masks={"csf": str(tmp_path / "mask.nii")})
    )
    table = np.array([ours.confounds[f"a_comp_cor_{i:02d}"] for i in range(3)]).T
    np.testing.assert_array_equal(table, by_hand)


@pytest.mark.parametrize("several", [False, True])
def test_compcor_takes_the_mask_that_the_reader_brought(noisy, tmp_path, several):
    """Paths are relative to the dataset, which a step never opens."""
    image, _ = noisy
    inside = np.zeros((10, 10, 10), dtype=bool)
    inside[:3] = True
    nibabel.save(nibabel.Nifti1Image(inside.astype(np.uint8), AFFINE), tmp_path / "mask.nii")
    lying = replace(image, mask=None, masks={"csf": str(tmp_path / "mask.nii")})
    expected = CompCor(kind="anatomical", mask="csf", n_components=2).run(lying).confounds
    masks = {"csf": "derivatives/masks/sub-01_desc-csf_mask.nii"}
    brought = replace(image, mask=inside, masks=masks)
    if several:
        stack = np.stack([np.ones_like(inside), inside], axis=-1)
        brought = replace(image, mask=stack[..., 0], masks={**masks, "brain": "x"}, mask_stack=stack)
    found = CompCor(kind="anatomical", mask="csf", n_components=2).run(brought).confounds
    assert found == expected
    with pytest.raises(InputError, match="E-INPUT-MASK"):
        CompCor(kind="anatomical", mask="wm").run(brought)


def test_the_template_has_no_say_outside_its_space(noisy):
    with pytest.raises(InputError, match="E-INPUT-MASK"):
        CompCor(kind="anatomical").run(noisy[0])


REORIENT = {"interface": "nipype.interfaces.image.Reorient", "inputs": {"orientation": "LAS"}}


def test_an_interface_does_what_it_does_by_hand(tmp_path, monkeypatch):
    from nipype.interfaces.image import Reorient

    image = Image(np.random.default_rng(0).normal(size=(4, 5, 6)), AFFINE, BOLD)
    nibabel.save(nibabel.Nifti1Image(image.data, AFFINE), tmp_path / "image.nii.gz")
    monkeypatch.chdir(tmp_path)
    by_hand = nibabel.load(Reorient(in_file="image.nii.gz", orientation="LAS").run().outputs.out_file)
    with capturing() as captured:
        ours = NipypeInterface(**REORIENT).run(image)
    np.testing.assert_array_equal(ours.data, by_hand.get_fdata())
    np.testing.assert_array_equal(ours.affine, by_hand.affine)
    assert sorted(path.name for path in captured.folder.iterdir()) == ours.notes[-1]["files"]


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "nipype.interfaces.nothing.Here",
        "nipype.interfaces.base.traits",
        "nipype.interfaces..os",
        "subprocess.Popen",
    ],
)
def test_yaml_names_no_code_but_interfaces(path):
    image = Image(np.zeros((4, 5, 6)), AFFINE, BOLD)
    with pytest.raises(ConfigError, match="E-CONFIG-INTERFACE"):
        NipypeInterface(interface=path).run(image)


@pytest.mark.parametrize(
    "wrong", [{"inputs": {"orientatoin": "LAS"}}, {"inputs": {"orientation": "up"}}, {"output": "image"}]
)
def test_an_input_that_is_not_there_is_refused(wrong):
    with pytest.raises(ConfigError, match="E-CONFIG-INTERFACE"):
        NipypeInterface(**{**REORIENT, **wrong}).run(Image(np.zeros((4, 5, 6)), AFFINE, BOLD))


def test_a_missing_tool_comes_with_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("FSLOUTPUTTYPE", "NIFTI_GZ")
    with pytest.raises(MissingError, match="E-ENVIRONMENT-TOOL") as caught:
        NipypeInterface(interface="nipype.interfaces.fsl.BET").run(Image(np.zeros((4, 5, 6)), AFFINE, BOLD))
    assert caught.value.exit_status == Exit.ENVIRONMENT
    assert "FSL" in caught.value.remedy


def test_only_plain_names_are_captured(tmp_path):
    (tmp_path / "a").write_text("x")
    capture(tmp_path / "a", "a")  # nobody asked
    with capturing() as captured:
        assert captured.folder is None
        for name in ("../a", "", "/a", ".."):
            with pytest.raises(ValueError, match="no file name"):
                capture(tmp_path / "a", name)
        capture(tmp_path / "a", "a")
        assert (captured.folder / "a").read_text() == "x"
    folder = captured.folder
    assert folder.exists()


def test_what_was_captured_goes_with_an_error(tmp_path):
    (tmp_path / "a").write_text("x")
    seen = []
    with pytest.raises(KeyError):
        _captured_and_failed(tmp_path / "a", seen)
    assert not seen[0].exists()


def _captured_and_failed(path, seen):
    with capturing() as captured:
        capture(path, "a")
        seen.append(captured.folder)
        raise KeyError
