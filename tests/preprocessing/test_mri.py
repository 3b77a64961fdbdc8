"""MRI steps: the tool called by hand, and heads whose bias, place and movement are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

from neurocli.data.captured import capturing
from neurocli.data.recording import Image
from neurocli.errors import InputError
from neurocli.preprocessing.atlas_volumes import AtlasVolumes
from neurocli.preprocessing.bias_correct import BiasCorrect
from neurocli.preprocessing.brain_extract import BrainExtract
from neurocli.preprocessing.motion_correct import MotionCorrect
from neurocli.preprocessing.normalize import Normalize
from neurocli.preprocessing.tissue_volumes import TissueVolumes

T1 = {"subject": "01", "datatype": "anat", "suffix": "T1w"}
BOLD = {"subject": "01", "task": "rest", "datatype": "func", "suffix": "bold"}


@pytest.fixture(scope="module")
def ants():
    return pytest.importorskip("ants", reason="antspyx is not installed")


@pytest.fixture(scope="module")
def head(ants):
    """Return the T1 of MNI space without skull, at 4 mm."""
    del ants
    from neurocli.preprocessing._mri import spaces

    t1, _, affine = spaces.template(4)
    return Image(np.where(t1 > 0.05, t1 * 100, 0).astype(np.float32), affine, T1)


def moved(head, turn_deg=(0, 0, 0), shift_mm=(0, 0, 0), scale=1.0):
    """Return the head where `matrix` maps a place of the original to where it is now, and the matrix."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix() * scale
    matrix[:3, 3] = shift_mm
    to_old = np.linalg.inv(head.affine) @ np.linalg.inv(matrix) @ head.affine
    return affine_transform(head.data, to_old, order=1), matrix


def places(head):
    """Return places in the brain, in mm, shape (n, 4)."""
    ijk = np.argwhere(head.data > 0)[::50]
    return np.c_[ijk, np.ones(len(ijk))] @ head.affine.T


def test_the_coordinates_of_ants_and_back(head):
    from neurocli.preprocessing._mri import spaces

    turned = replace(head, affine=moved(head, (10, 20, 30), (1, 2, 3))[1] @ head.affine)
    np.testing.assert_allclose(spaces.affine_of(spaces.to_ants(turned, turned.data)), turned.affine, atol=1e-4)


def test_bias_correction_is_n4(ants, head):
    from neurocli.preprocessing._mri import spaces

    by_hand = ants.n4_bias_field_correction(
        spaces.to_ants(head, head.data),
        mask=spaces.to_ants(head, head.data > 0.01 * np.percentile(head.data, 99)),
        shrink_factor=4,
        convergence={"iters": [10, 10], "tol": 1e-7},
    )
    ours = BiasCorrect(shrink_factor=4, n_iterations=[10, 10]).run(head)
    np.testing.assert_array_equal(ours.data, by_hand.numpy())


def test_a_known_bias_is_taken_out(head):
    grid = np.meshgrid(*[np.linspace(-1, 1, n) for n in head.data.shape], indexing="ij")
    bias = np.exp(0.5 * grid[0] - 0.4 * grid[1] ** 2 + 0.3 * grid[2])
    biased = replace(head, data=(head.data * bias).astype(np.float32))
    inside = head.data > 0
    clean = BiasCorrect(shrink_factor=2, n_iterations=[30, 30]).run(biased).data
    left = (clean[inside] / head.data[inside]).std() / (clean[inside] / head.data[inside]).mean()
    assert left < 0.5 * bias[inside].std() / bias[inside].mean()


@pytest.mark.parametrize("engine", ["ants", "elastix"])
def test_a_known_affine_is_found(head, engine, elastix):
    if engine == "elastix":
        elastix()
    data, _ = moved(head, (4, -6, 8), (6, -5, 4), 1.05)
    with capturing() as captured:
        out = Normalize(how="affine", engine=engine, resolution=4).run(replace(head, data=data))
    assert out.notes[-1]["overlap"] > 0.93
    inside = head.data > 0
    before = np.corrcoef(data[inside], head.data[inside])[0, 1]
    assert np.corrcoef(out.data[inside], head.data[inside])[0, 1] > 0.88 > before + 0.2  # interpolated twice at 4 mm
    assert (captured.folder is not None) == (engine == "elastix")


@pytest.fixture
def elastix():
    def needed():
        import shutil

        if shutil.which("elastix") is None:
            pytest.skip("elastix is not installed")

    return needed


def test_two_engines_agree_on_a_known_affine(head, elastix):
    elastix()
    from neurocli.preprocessing._image import to_nifti
    from neurocli.preprocessing._mri import spaces, workflow
    from neurocli.preprocessing._mri.motion import euler_matrix
    from neurocli.preprocessing._mri.register import by_elastix, registered

    data, matrix = moved(head, (4, -6, 8), (6, -5, 4))
    there = places(head)
    truth = there @ matrix.T
    with registered(spaces.to_ants(head, head.data), spaces.to_ants(head, data), "rigid") as found:
        by_ants = there @ found.matrix().T
    with workflow.scratch() as folder:
        _, transform = by_elastix(to_nifti(head, head.data), to_nifti(head, data), "rigid", folder)
        by_other = there @ euler_matrix(transform).T
    assert np.linalg.norm(by_ants - truth, axis=1).max() < 1.0  # mm, a quarter of a voxel
    assert np.linalg.norm(by_other - truth, axis=1).max() < 1.0
    assert np.linalg.norm(by_other - by_ants, axis=1).max() < 1.0


MOVES = [((0, 0, 0), (0, 0, 0)), ((2, -3, -1), (2, 1.5, -4))]


@pytest.mark.parametrize("engine", ["ants", "elastix"])
def test_known_motion_is_found_and_undone(head, engine, elastix):
    if engine == "elastix":
        elastix()
    volumes = [moved(head, *move)[0] for move in MOVES]
    series = Image(np.stack(volumes, axis=-1), head.affine, BOLD, tr=2.0)
    out = MotionCorrect(reference="first", engine=engine).run(series)
    turns = np.array([out.confounds[f"rot_{axis}"] for axis in "xyz"]).T
    np.testing.assert_allclose(np.rad2deg(turns), [turn for turn, _ in MOVES], atol=0.3)
    before = [np.corrcoef(volumes[0].ravel(), volume.ravel())[0, 1] for volume in volumes[1:]]
    after = np.corrcoef(out.data[..., 0].ravel(), out.data[..., 1].ravel())[0, 1]
    assert after > 0.98 > max(before)
    assert out.confounds["framewise_displacement"][0] is None
    assert 8.0 < out.confounds["framewise_displacement"][1] < 18.0  # 7.5 mm and 6 degrees on a sphere of 50 mm: 12.7
    assert len(out.confounds["dvars"]) == 2


def test_tissues_are_measured_on_both_sides(head):
    labels = np.digitize(
        head.data, [1e-6, np.percentile(head.data[head.data > 0], 20), np.median(head.data[head.data > 0])]
    )
    noise = np.random.default_rng(0).normal(0, 1, labels.shape)
    image = replace(head, data=np.where(labels > 0, 100 * labels + noise, 0).astype(np.float32))
    x_mm = (np.indices(labels.shape).reshape(3, -1).T @ head.affine[:3, :3].T + head.affine[:3, 3])[:, 0]
    left = (x_mm < 0).reshape(labels.shape)
    out = TissueVolumes().run(image)
    found = dict(zip(out.ch_names, out.data[:, 0], strict=True))
    for i, name in enumerate(["fluid", "grey", "white"], start=1):
        assert found[f"left-{name}"] == pytest.approx(((labels == i) & left).sum() * 64e-9, rel=0.05)
        assert abs(found[f"asymmetry-{name}"]) < 0.08
    assert out.units[0] == "m^3"
    cut = replace(image, data=np.where(left & (np.indices(labels.shape)[1] > 40), 0, image.data))
    out = TissueVolumes().run(cut)
    here, there = (((labels == 2) & (cut.data > 0) & side).sum() for side in (left, ~left))
    found = dict(zip(out.ch_names, out.data[:, 0], strict=True))["asymmetry-grey"]
    assert found == pytest.approx((here - there) / (here + there), abs=0.03)
    assert found < -0.04


def test_zeros_inside_a_mask_are_no_tissue(head):
    """A surface smooths over the furrows of a head without skull; Atropos would end on a cluster without spread."""
    noise = np.random.default_rng(0).normal(0, 1, head.data.shape)
    image = replace(head, data=np.where(head.data > 0, head.data + noise, 0).clip(0).astype(np.float32))
    wide = np.ones(head.data.shape, dtype=bool)
    alone, within = (TissueVolumes(sides=False).run(replace(image, mask=mask)) for mask in (None, wide))
    np.testing.assert_array_equal(within.data, alone.data)
    assert alone.data.sum() == pytest.approx((image.data > 0).sum() * 64e-9)


def test_regions_grow_with_the_head(head, tmp_path):
    import nibabel

    labels = np.zeros(head.data.shape, dtype=np.int16)
    labels[8:20, 20:34, 18:30], labels[29:41, 20:34, 18:30] = 1, 2
    nibabel.save(nibabel.Nifti1Image(labels, head.affine), tmp_path / "atlas.nii")
    (tmp_path / "atlas.tsv").write_text("index\tname\n1\tleft-box\n2\tright-box\n")
    larger = replace(head, data=moved(head, scale=1.1)[0])
    out = AtlasVolumes(atlas=str(tmp_path / "atlas.nii"), how="affine").run(larger)
    found = dict(zip(out.ch_names, out.data[:, 0], strict=True))
    inside = [((labels == i) & (head.data > 0)).sum() * 64e-9 * 1.1**3 for i in (1, 2)]
    assert [found["left-box"], found["right-box"]] == pytest.approx(inside, rel=0.08)
    assert abs(found["asymmetry-box"]) < 0.05


@pytest.mark.usefixtures("ants")
def test_the_brain_is_found_inside_a_skull():
    pytest.importorskip("brainextractor")
    from scipy.ndimage import binary_dilation

    from neurocli.preprocessing._mri import spaces

    t1, mask, affine = spaces.template(3)
    fluid, bone, skin = (binary_dilation(mask, iterations=n) for n in (2, 4, 6))
    x = np.where(mask, t1 * 100, np.where(fluid, 15, np.where(bone, 3, np.where(skin, 90, 0)))).astype(np.float32)
    x += np.random.default_rng(0).normal(0, 1, x.shape).astype(np.float32)
    out = BrainExtract().run(Image(x, affine, T1))
    dice = 2 * (out.mask & mask).sum() / (out.mask.sum() + mask.sum())
    assert dice > 0.9
    assert not out.data[~out.mask].any()


@pytest.mark.parametrize("step", [BiasCorrect(), BrainExtract(), TissueVolumes()])
def test_a_slice_and_a_series_are_refused(step):
    for shape in [(8, 8, 1), (8, 8, 8, 3)]:
        with pytest.raises(InputError, match="E-INPUT-SHAPE"):
            step.run(Image(np.ones(shape), np.diag([4.0, 4, 4, 1]), T1))


@pytest.mark.usefixtures("ants")
def test_axes_that_are_not_at_right_angles_are_refused():
    sheared = np.diag([4.0, 4, 4, 1])
    sheared[0, 1] = 2
    with pytest.raises(InputError, match="E-INPUT-AFFINE"):
        BiasCorrect().run(Image(np.ones((8, 8, 8)), sheared, T1))


def test_a_head_without_edges_is_refused_in_our_words(ants):
    """The template smears over the whole grid at 8 mm, which Atropos cannot part into three."""
    del ants
    from neurocli.preprocessing._mri import spaces

    t1, _, affine = spaces.template(8)
    with pytest.raises(InputError, match="Atropos found no 3 tissues") as error:
        TissueVolumes(sides=False).run(Image(BiasCorrect().run(Image(100 * t1, affine, T1)).data, affine, T1))
    assert error.value.code == "E-INPUT-TOOL"
