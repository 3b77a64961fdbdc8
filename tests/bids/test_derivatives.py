"""What XCP-D and C-PAC leave is read as it is: region series as recordings, motion and regressors as confounds.

Names as in https://xcp-d.readthedocs.io/en/latest/outputs.html, and as C-PAC's `create_id_string` makes them.
"""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.read import read
from neurocli.bids.select import select
from neurocli.errors import InputError
from tests.bids.derivatives import CPAC, REGIONS, TR, XCP_D, cpac, dataset, image, series, write, xcp_d

TABLE = "space-MNI152NLin6Asym_{}"
NEW, SEG, OLD = (
    "atlas-4S156Parcels_stat-mean_timeseries.tsv",
    "seg-4S156Parcels_stat-mean_timeseries.tsv",
    "atlas-Schaefer117_timeseries.tsv",
)


@pytest.fixture
def root(tmp_path):
    return dataset(tmp_path / "bids", ("01",))


def chosen(root, **question):
    """Return the recordings that answer, by default region series of XCP-D, read."""
    asked = {"datatype": "func", "suffix": "timeseries", "derivatives": "xcp_d"} | question
    items = select(scan(root, root.parent / "cache"), Question(**asked))
    return [read(root, item) for item in items]


def of_cpac(root, **question):
    return chosen(root, **{"derivatives": "cpac/output/pipeline_rbc"} | question)


def fault(root, **question):
    with pytest.raises(InputError) as caught:
        chosen(root, **question)
    return caught.value


# --- XCP-D -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "entity"), [(NEW, "atlas"), (SEG, "segmentation"), (OLD, "atlas")])
def test_the_table_of_an_atlas_is_a_recording_of_its_regions(root, table, entity):
    expected = xcp_d(root, "01", table=table)
    (found,) = chosen(root)
    assert found.sfreq == 1 / TR
    assert found.ch_names == REGIONS
    assert set(found.ch_types) == {"region"}
    np.testing.assert_array_equal(found.data, expected.T)
    assert found.entities[entity] in ("4S156Parcels", "Schaefer117")


def test_a_region_without_a_value_is_bad_and_said(root):
    xcp_d(root, "01")
    (found,) = chosen(root)
    assert found.bads == ("Left-Amygdala",)
    assert found.notes[-1]["warning"] == "1 of 3 regions have no value: Left-Amygdala."


def test_the_repetition_time_is_that_of_the_series_beside_where_no_raw_run_says_it(tmp_path):
    root = dataset(tmp_path / "bids", ("01",), tr=None)
    xcp_d(root, "01")
    assert chosen(root)[0].sfreq == 1 / TR


def test_the_tables_own_repetition_time_comes_first(root):
    xcp_d(root, "01")
    write(root, f"{XCP_D.format('01')}_{TABLE.format(NEW)}".replace(".tsv", ".json"), {"RepetitionTime": 0.8})
    assert chosen(root)[0].sfreq == 1 / 0.8


def test_the_raw_run_is_not_asked_where_the_table_says_its_repetition_time(root):
    xcp_d(root, "01")
    write(root, f"{XCP_D.format('01')}_{TABLE.format(NEW)}".replace(".tsv", ".json"), {"RepetitionTime": 0.8})
    sidecars = [*root.glob("*bold.json"), *root.glob("sub-01/func/*bold.json")]
    for path in sidecars:
        path.write_text("{ broken")
    assert sidecars
    assert chosen(root)[0].sfreq == 1 / 0.8


def test_outliers_that_were_filled_in_are_spans_of_the_recording(root):
    xcp_d(root, "01", outliers=(3, 4, 10))
    (found,) = chosen(root)
    assert found.annotations == ((6.0, 4.0, "outlier"), (20.0, 2.0, "outlier"))
    assert found.notes[0]["n_outliers"] == 3


def test_outliers_that_were_left_out_make_gaps_in_which_no_event_has_a_place(root):
    write(root, "sub-01/func/sub-01_task-rest_events.tsv", "onset\tduration\ttrial_type\n20.0\t4.0\tgo\n")
    xcp_d(root, "01", outliers=(3, 4, 10), censored=True)
    (found,) = chosen(root)
    assert (found.n_times, found.annotations, found.events) == (57, (), {})
    assert "3 of 60 volumes are left out" in found.notes[0]["warning"]
    xcp_d(root, "01", outliers=(3, 4, 10))
    assert chosen(root)[0].events["trial_type"] == ["go"]


def test_a_denoised_image_has_its_motion_as_confounds(root):
    xcp_d(root, "01", outliers=(3, 4))
    (found,) = chosen(root, suffix="bold", desc="denoised")
    assert found.tr == TR
    assert len(found.confounds["trans_x"]) == len(found.confounds["framewise_displacement"]) == 60
    assert [i for i, bad in enumerate(found.confounds["outlier"]) if bad] == [3, 4]


def test_the_motion_of_a_censored_image_is_that_of_the_volumes_that_stayed(root):
    xcp_d(root, "01", outliers=(3, 4))
    (whole,) = chosen(root, suffix="bold", desc="denoised")
    xcp_d(root, "01", outliers=(3, 4), censored=True)
    (found,) = chosen(root, suffix="bold", desc="denoised")
    assert found.confounds["rot_z"] == whole.confounds["rot_z"][:3] + whole.confounds["rot_z"][5:]
    assert "outlier" not in found.confounds


def test_motion_filtered_as_up_to_version_0_9_is_found(root):
    xcp_d(root, "01")
    motion = root / f"{XCP_D.format('01')}_motion.tsv"
    motion.rename(motion.with_name("sub-01_task-rest_desc-filtered_motion.tsv"))
    (found,) = chosen(root, suffix="bold", desc="denoised")
    assert len(found.confounds["trans_x"]) == 60


@pytest.mark.parametrize("table", ["motion", "outliers"])
def test_a_table_of_another_length_is_left_aside_and_said(root, table):
    xcp_d(root, "01")
    path = root / f"{XCP_D.format('01')}_{table}.tsv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:41]))
    (found,) = chosen(root, suffix="bold", desc="denoised")
    assert any(f"_{table}.tsv has 40 rows, the series 60 volumes" in str(note) for note in found.notes)
    assert ("trans_x" in found.confounds, "outlier" in found.confounds) == (table != "motion", table != "outliers")


def test_a_table_of_coverage_is_no_image(root):
    xcp_d(root, "01")
    assert len(chosen(root, suffix="bold")) == 1


# --- CIFTI -------------------------------------------------------------------------------------------------------

PARCELS = f"{XCP_D.format('01')}_space-fsLR_seg-4S156Parcels_den-91k_stat-mean_timeseries.ptseries.nii"


def parcels(root, x, tr=0.8, unit="SECOND", scalars=False):
    """Write series of parcels, shape (n_volumes, n_parcels), two vertices each."""
    from nibabel import cifti2

    n = x.shape[1]
    columns = cifti2.ParcelsAxis(
        list(REGIONS[:n]),
        [np.zeros((0, 3), int)] * n,
        [{"CIFTI_STRUCTURE_CORTEX_LEFT": np.array([2 * i, 2 * i + 1])} for i in range(n)],
        nvertices={"CIFTI_STRUCTURE_CORTEX_LEFT": 2 * n},
    )
    rows = cifti2.ScalarAxis([str(i) for i in range(len(x))]) if scalars else cifti2.SeriesAxis(0, tr, len(x), unit)
    img = cifti2.Cifti2Image(x.astype(np.float32), (rows, columns))
    img.update_headers()
    (root / PARCELS).parent.mkdir(parents=True, exist_ok=True)
    img.to_filename(root / PARCELS)
    return root / PARCELS


def of_cifti(root):
    return chosen(root, extension=".ptseries.nii")


def test_series_of_parcels_are_a_recording_of_regions(root):
    x = series("01")
    x[:, 2] = np.nan
    parcels(root, x)
    (found,) = of_cifti(root)
    assert found.ch_names == REGIONS
    assert found.sfreq == 1 / 0.8  # the file's own comes before that of the raw run
    assert found.bads == (REGIONS[2],)
    assert found.entities["segmentation"] == "4S156Parcels"
    np.testing.assert_array_equal(found.data, x.T.astype(np.float32))


def test_the_raw_run_says_the_repetition_time_of_parcels_in_another_unit(root):
    parcels(root, series("01"), unit="HERTZ")
    assert of_cifti(root)[0].sfreq == 1 / TR


def test_a_table_and_parcels_of_one_run_are_two_recordings_that_the_extension_tells_apart(root):
    expected = xcp_d(root, "01")
    parcels(root, series("01"))
    (found,) = chosen(root)
    np.testing.assert_array_equal(found.data, expected.T)
    assert len(of_cifti(root)) == 1


def test_broken_series_of_parcels_are_refused(root):
    path = parcels(root, series("01"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert fault(root, extension=".ptseries.nii").code == "E-INPUT-TRUNCATED"
    path.write_bytes(whole.replace(b"<CIFTI", b"<CIFTY", 1))
    assert fault(root, extension=".ptseries.nii").code == "E-INPUT-UNREADABLE"
    parcels(root, series("01"), scalars=True)
    assert "ScalarAxis x ParcelsAxis" in str(fault(root, extension=".ptseries.nii"))
    image(root, PARCELS, 5)
    assert "but voxels" in str(fault(root, extension=".ptseries.nii"))


# --- C-PAC -------------------------------------------------------------------------------------------------------


def test_a_table_of_afni_is_a_recording_of_its_regions(root):
    expected = cpac(root, "01")
    (found,) = of_cpac(root, suffix="timeseries", desc="Mean")
    assert found.sfreq == 1 / TR
    assert found.ch_names == ("region-1", "region-2", "Left-Amygdala")
    np.testing.assert_array_equal(found.data, expected.T)
    assert (found.entities["session"], found.entities["atlas"]) == ("1", "CC200")


def test_the_numbered_names_of_early_versions_are_found(root):
    cpac(root, "01", desc="Mean-1")
    assert len(of_cpac(root, desc="Mean-1")) == 1


def test_the_regression_of_nuisance_chooses_between_two_tables_of_one_run(root):
    cpac(root, "01", regs=("36Parameter", "Off"))
    with pytest.raises(InputError, match="are the same recording") as caught:
        of_cpac(root)
    assert caught.value.remedy == "Remove one of them, or say which with `reg`."
    (found,) = of_cpac(root, filters={"reg": "Off"})
    assert found.entities["reg"] == "Off"


@pytest.mark.parametrize("name", ["desc-confounds_timeseries", "desc-confounds2_timeseries", "regressors"])
def test_an_image_has_the_regressors_of_its_own_regression(root, name):
    expected = cpac(root, "01", regs=("36Parameter", "Off"))
    off = root / f"{CPAC.format('01')}_reg-Off_desc-confounds_timeseries.1D"
    off.write_text(off.read_text().replace("RotY", "Cosine"))
    table = root / f"{CPAC.format('01')}_reg-36Parameter_desc-confounds_timeseries.1D"
    table.rename(table.with_name(table.name.replace("desc-confounds_timeseries", name)))
    (found,) = of_cpac(root, suffix="bold", desc="preproc", filters={"reg": "36Parameter"})
    assert list(found.confounds) == ["RotY", "RotYDelay", "GlobalSignalMean0"]
    np.testing.assert_array_equal(found.confounds["RotYDelay"], expected[:, 1])


@pytest.mark.parametrize("ending", [".1D", ".tsv"])
def test_the_motion_that_cpac_estimated_is_that_of_mcflirt_again(root, ending):
    """`normalize_motion_parameters` of C-PAC turns what MCFLIRT wrote into the columns of AFNI."""
    x = cpac(root, "01")
    par = np.random.default_rng(2).standard_normal((len(x), 6)) * [
        0.01,
        0.01,
        0.01,
        1,
        1,
        1,
    ]  # three turns, three shifts
    rx, ry, rz, *shift = par.T
    written = np.array([*np.rad2deg([rz, rx, -ry]), shift[2], shift[0], -shift[1]]).T
    np.savetxt(root / f"{CPAC.format('01')}_desc-movementParameters_motion{ending}", written)
    np.savetxt(root / f"{CPAC.format('01')}_desc-movementParametersUnfiltered_motion{ending}", 2 * written)
    (found,) = of_cpac(root, suffix="bold", desc="preproc")
    assert found.confounds["RotYDelay"] == x[:, 1].tolist()
    names = ["rot_x", "rot_y", "rot_z", "trans_x", "trans_y", "trans_z"]
    np.testing.assert_allclose([found.confounds[name] for name in names], par.T, rtol=1e-12)


def test_motion_of_cpac_for_other_volumes_is_left_aside_and_said(root):
    cpac(root, "01")
    path = f"{CPAC.format('01')}_desc-movementParameters_motion.1D"
    np.savetxt(root / path, np.zeros((7, 6)))
    (found,) = of_cpac(root, suffix="bold", desc="preproc")
    assert "trans_x" not in found.confounds
    assert found.notes[-1]["warning"] == f"{path} has 7 rows, the series 60 volumes: it is left aside."


def test_a_table_without_a_header_gets_numbers_for_names(root):
    cpac(root, "01")
    table = root / f"{CPAC.format('01')}_atlas-CC200_space-MNI152NLin6ASym_reg-36Parameter_desc-Mean_timeseries.1D"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[1:]))
    assert of_cpac(root)[0].ch_names == ("region-1", "region-2", "region-3")


# --- what cannot be read -------------------------------------------------------------------------------------------


def test_nobody_says_the_repetition_time(tmp_path):
    root = dataset(tmp_path / "bids", ("01",), tr=None)
    cpac(root, "01")
    error = fault(root, derivatives="cpac/output/pipeline_rbc")
    assert (error.code, error.message) == ("E-INPUT-TR", "The repetition time is unknown.")


@pytest.mark.parametrize("tr", [0, -2.0, "2 s", True])
def test_the_repetition_time_is_no_time(root, tr):
    xcp_d(root, "01")
    write(root, f"{XCP_D.format('01')}_{TABLE.format(NEW)}".replace(".tsv", ".json"), {"RepetitionTime": tr})
    assert fault(root).code == "E-INPUT-SIDECAR"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The table is empty."),
        ("a\tb\n", "The table has no row."),
        ("a\tb\n1.0\n", "The line has 1 values, the table has 2 columns."),
        ("a\tb\n1.0\tlots\n", "b is 'lots', expected a number."),
        ("a\tb\n1.0\tinf\n", "b is 'inf', expected a number."),
        ("a\ta\n1.0\t2.0\n", "Columns stand twice: a."),
    ],
)
def test_a_broken_table_of_xcp_d_is_refused(root, content, sentence):
    xcp_d(root, "01")
    path = f"{XCP_D.format('01')}_{TABLE.format(NEW)}"
    (root / path).write_text(content)
    error = fault(root)
    assert (error.code, error.message) == ("E-INPUT-TSV", sentence)
    assert (error.where or "").startswith(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The table has no row."),
        ("#Mean_1,Mean_2\n", "The table has no row."),
        ("#Mean_1,Mean_2\n1.0,2.0\n1.0\n", "The table is not one of numbers"),
        ("#Mean_1,Mean_2\n1.0,lots\n", "The table is not one of numbers"),
    ],
)
def test_a_broken_table_of_cpac_is_refused(root, content, sentence):
    cpac(root, "01")
    path = f"{CPAC.format('01')}_atlas-CC200_space-MNI152NLin6ASym_reg-36Parameter_desc-Mean_timeseries.1D"
    (root / path).write_text(content)
    error = fault(root, derivatives="cpac/output/pipeline_rbc")
    assert (error.code, error.where) == ("E-INPUT-TSV", path)
    assert error.message.startswith(sentence)


def test_a_table_of_confounds_alone_is_no_recording(root):
    write(root, "derivatives/fmriprep/sub-01/func/sub-01_task-rest_desc-confounds_timeseries.tsv", "a\n1.0\n")
    assert fault(root, derivatives="fmriprep").code == "E-INPUT-EMPTY"
