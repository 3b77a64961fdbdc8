"""Selection: who answers, what they inherit, and what is said when nobody does."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.bids.exclusions import Exclusion, read_exclusions, read_filters
from neurocli.bids.index import scan
from neurocli.bids.question import Question
from neurocli.bids.select import select
from neurocli.errors import InputError
from tests.bids.strategies import datasets, written

COHORT = [{"subject": s, "task": t} for s in ("01", "02", "10") for t in ("rest", "work")]


def chosen(root, **question):
    return select(scan(root, root.parent / "cache"), Question(**{"datatype": "eeg", **question}))


@pytest.fixture
def cohort(tmp_path):
    root = tmp_path / "data"
    written(root, COHORT)
    return root


@given(recordings=datasets)
def test_all_recordings_answer_to_their_datatype(recordings, tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "data"
    paths = written(root, recordings)
    items = chosen(root)
    assert [item.path for item in items] == paths
    expected = [{**e, "datatype": "eeg", "suffix": "eeg"} for e in recordings]
    assert all(item.entities in expected for item in items)


@given(recordings=datasets, data=st.data())
def test_a_filter_by_all_entities_of_one_recording_finds_it_and_no_other(recordings, data, tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "data"
    written(root, recordings)
    one = data.draw(st.sampled_from(recordings))
    absent = dict.fromkeys(("session", "acquisition", "run"))
    (item,) = chosen(root, filters={**absent, **one})
    assert item.entities == {**one, "datatype": "eeg", "suffix": "eeg"}


@given(recordings=datasets)
def test_each_recording_inherits_its_own_json(recordings, tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "data"
    written(root, recordings)
    for item in chosen(root):
        assert item.sidecars[-1] == item.path.replace(".edf", ".json")


@pytest.mark.parametrize(
    ("filters", "n"),
    [
        ({"task": "rest"}, 3),
        ({"task": ["rest", "work"]}, 6),
        ({"task": re.compile("r.*")}, 3),
        ({"task": [re.compile("w.+"), "nap"]}, 3),
        ({"subject": "sub-10"}, 2),
        ({"sub": "10"}, 2),
        ({"run": None}, 6),
        ({"task": "*"}, 6),
    ],
)
def test_filters(cohort, filters, n):
    assert len(chosen(cohort, filters=filters)) == n


def test_a_pattern_matches_the_whole_value(cohort):
    with pytest.raises(InputError, match=r"E-INPUT-EMPTY"):
        chosen(cohort, filters={"task": re.compile("res")})


def test_runs_are_numbers_however_they_are_written(tmp_path):
    written(tmp_path / "data", [{"subject": "01", "task": "rest", "run": run} for run in ("1", "02")])
    assert len(chosen(tmp_path / "data", filters={"run": ["01", "2"]})) == 2


@pytest.mark.parametrize("label", ["01", "sub-01"])
def test_labels_are_taken_with_and_without_their_key(cohort, label):
    assert {item.entities["subject"] for item in chosen(cohort, participant_label=[label])} == {"01"}


def test_an_unknown_subject_is_an_error_that_lists_those_present(cohort):
    with pytest.raises(InputError, match=r"E-INPUT-LABEL Unknown subject label '11'. Known: 01, 02, 10"):
        chosen(cohort, participant_label=["sub-11"])
    with pytest.raises(InputError, match=r"Unknown task label 'rst'. Did you mean 'rest'"):
        chosen(cohort, task_id=["rst"])
    with pytest.raises(InputError, match=r"Unknown session label '1'. Known: none"):
        chosen(cohort, session_label=["1"])


def test_an_empty_selection_says_what_there_is(cohort):
    with pytest.raises(InputError, match=r"E-INPUT-EMPTY .*No recording has datatype meg. .*3 subjects with eeg"):
        chosen(cohort, datatype="meg")
    with pytest.raises(InputError, match=r"task sleep. There is: subject 01, 02, 10; task rest, work"):
        chosen(cohort, filters={"task": "sleep"})
    with pytest.raises(InputError, match=r"All 6 recordings that match are excluded"):
        chosen(cohort, exclude=[Exclusion({"subject": s}, "noise") for s in ("01", "02", "10")])


def test_an_unknown_entity_is_an_error(cohort):
    with pytest.raises(InputError, match=r"E-INPUT-FILTER Unknown BIDS entity 'taks'. Did you mean 'task'"):
        chosen(cohort, filters={"taks": "rest"})


def test_the_same_recording_in_two_formats_is_an_error(cohort):
    written(cohort, COHORT[:1], ".vhdr")
    with pytest.raises(InputError, match=r"E-INPUT-DUPLICATE .*_eeg.edf and .*_eeg.vhdr are the same recording"):
        chosen(cohort)
    assert len(chosen(cohort, extension="edf")) == 6


def test_a_ragged_cohort_is_fine(cohort):
    (cohort / "sub-02/eeg/sub-02_task-work_eeg.edf").unlink()
    (cohort / "sub-03/anat").mkdir(parents=True)
    assert len(chosen(cohort)) == 5


def test_the_empty_room_is_no_subject_unless_it_is_named(cohort):
    written(cohort, [{"subject": "emptyroom", "task": "noise"}])
    assert len(chosen(cohort)) == 6
    assert len(chosen(cohort, participant_label=["emptyroom"])) == 1


def inherits(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    return chosen(root, participant_label=["01"], task_id=["rest"])[0].sidecars


def test_json_is_inherited_from_the_top_down(cohort):
    found = inherits(cohort, "eeg.json", "task-rest_eeg.json", "task-work_eeg.json", "sub-01/sub-01_eeg.json",
                     "sub-02/sub-02_eeg.json")  # fmt: skip
    assert found == ("eeg.json", "task-rest_eeg.json", "sub-01/sub-01_eeg.json", "sub-01/eeg/sub-01_task-rest_eeg.json")


def test_of_a_table_the_nearest_counts(cohort):
    own = "sub-01/eeg/sub-01_task-rest_events.tsv"
    assert "task-rest_events.tsv" in inherits(cohort, "task-rest_events.tsv")
    found = inherits(cohort, "task-rest_events.tsv", own)
    assert own in found
    assert "task-rest_events.tsv" not in found


def test_places_come_with_the_system_of_their_space(cohort):
    folder = "sub-01/eeg/sub-01_"
    found = inherits(cohort, *(f"{folder}space-{s}_{w}" for s in ("CapTrak", "EEGLAB")
                               for w in ("electrodes.tsv", "coordsystem.json")))  # fmt: skip
    assert found[-2:] == (f"{folder}space-CapTrak_electrodes.tsv", f"{folder}space-CapTrak_coordsystem.json")


def test_companions_travel_with_their_header(tmp_path):
    root = tmp_path / "data"
    written(root, [{"subject": "01", "task": "rest"}], ".vhdr")
    base = "sub-01/eeg/sub-01_task-rest_eeg"
    assert inherits(root, f"{base}.eeg", f"{base}.vmrk", f"{base}.fdt")[:2] == (f"{base}.eeg", f"{base}.vmrk")


def test_a_recording_in_splits_is_one_item(tmp_path):
    root = tmp_path / "data"
    parts = [{"subject": "01", "task": "rest", "split": s} for s in ("01", "02", "10")]
    written(root, parts, ".fif", "meg")
    folder = root / "sub-01/eeg"
    folder.rename(root / "sub-01/meg")
    (item,) = chosen(root, datatype="meg")
    base = "sub-01/meg/sub-01_task-rest_split-{}_meg.fif"
    assert item.path == base.format("01")
    assert item.sidecars[:2] == (base.format("02"), base.format("10"))
    assert "split" not in item.entities


FMRIPREP = "derivatives/fmriprep/sub-01/func/sub-01_task-rest_"


@pytest.fixture
def fmriprep(tmp_path):
    files = ["sub-01/func/sub-01_task-rest_bold.nii.gz", "sub-01/func/sub-01_task-rest_events.tsv"]
    for space in ("space-MNI_", "space-T1w_"):
        files += [f"{FMRIPREP}{space}desc-preproc_bold.nii.gz", f"{FMRIPREP}{space}desc-preproc_bold.json"]
        files += [f"{FMRIPREP}{space}desc-brain_mask.nii.gz"]
    files += [f"{FMRIPREP}desc-confounds_timeseries.tsv"]
    for path in files:
        (tmp_path / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / path).write_text("")
    return tmp_path / "data"


def test_a_derivative_takes_its_mask_its_confounds_and_the_raw_events(fmriprep):
    (item,) = chosen(fmriprep, datatype="func", derivatives="fmriprep", space="MNI", desc="preproc")
    assert item.path == f"{FMRIPREP}space-MNI_desc-preproc_bold.nii.gz"
    assert item.sidecars == (
        f"{FMRIPREP}space-MNI_desc-preproc_bold.json", "sub-01/func/sub-01_task-rest_events.tsv",
        f"{FMRIPREP}desc-confounds_timeseries.tsv", f"{FMRIPREP}space-MNI_desc-brain_mask.nii.gz",
    )  # fmt: skip
    assert item.entities["space"] == "MNI"


def test_a_derivative_dataset_can_be_the_dataset(fmriprep):
    root = fmriprep / "derivatives/fmriprep"
    (item,) = chosen(root, datatype="func", space="T1w", desc="preproc")
    assert item.path == "sub-01/func/sub-01_task-rest_space-T1w_desc-preproc_bold.nii.gz"


def test_a_raw_image_takes_the_mask_of_derivatives_masks(fmriprep):
    mask = "derivatives/masks/sub-01/func/sub-01_desc-brain_mask.nii.gz"
    (fmriprep / mask).parent.mkdir(parents=True)
    (fmriprep / mask).write_text("")
    (item,) = chosen(fmriprep, datatype="func")
    assert item.sidecars == ("sub-01/func/sub-01_task-rest_events.tsv", mask)


REAL = [
    ("eegmat", "eeg", 16, 3), ("ssvep", "eeg", 2, 5), ("haxby", "func", 12, 3), ("seizure/chbmit", "eeg", 14, 3),
    ("seizure/ieeg", "ieeg", 1, 7), ("bids-skeletons/ds000246", "meg", 2, 2), ("bids-skeletons/ds003", "anat", 13, 0),
    ("bids-skeletons/eeg_matchingpennies", "eeg", 7, 5), ("bids-skeletons/ieeg_motorMiller2007", "ieeg", 16, 7),
    ("bids-skeletons/eeg_cbm", "eeg", 20, 3), ("bids-skeletons/emg_TwoWristbands", "emg", 1, 3),
    ("bids-skeletons/pet001", "pet", 1, 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "datatype", "n", "n_sidecars"), REAL)
def test_real_datasets(shared_data, tmp_path, name, datatype, n, n_sidecars):
    items = select(scan(shared_data / name, tmp_path), Question(datatype=datatype))
    assert len(items) == n
    assert len(items[0].sidecars) == n_sidecars
    assert all((shared_data / name / path).exists() for item in items for path in (item.path, *item.sidecars))


def test_an_exclusion_leaves_out_what_it_names(cohort, tmp_path):
    (tmp_path / "out.tsv").write_text("who\twhy\nsub-01\tasleep\nsub-02_task-work\tcap moved\n")
    items = chosen(cohort, exclude=read_exclusions(tmp_path / "out.tsv"))
    assert [item.path.split("/")[-1] for item in items] == [
        "sub-02_task-rest_eeg.edf", "sub-10_task-rest_eeg.edf", "sub-10_task-work_eeg.edf",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who\twhy\nsub-01\tn/a\n", "out.tsv:2: sub-01 is left out without a reason"),
        ("who\twhy\nn/a\tnoise\n", "out.tsv:2: The line does not say who"),
        ("who\twhy\nsub_01\tnoise\n", "out.tsv:2: 'sub_01' names no subject"),
        ("who\twhy\nses-01_sob-1\tnoise\n", "out.tsv:2: 'ses-01_sob-1' names no subject"),
        ("subject\twhy\n01\tnoise\n", "out.tsv:1: The list lacks the column 'who'; it has subject, why"),
        ("who\n01\n", "out.tsv:1: The list lacks the column 'why'"),
    ],
)
def test_nonsense_in_the_exclusion_list_is_an_error_with_its_line(tmp_path, text, message):
    (tmp_path / "out.tsv").write_text(text)
    with pytest.raises(InputError, match=f"E-INPUT-EXCLUSION .*{message}"):
        read_exclusions(tmp_path / "out.tsv")


def test_excluding_somebody_who_is_not_there_is_an_error(cohort, tmp_path):
    (tmp_path / "out.tsv").write_text("who\twhy\n12\tnoise\n")
    with pytest.raises(InputError, match=r"E-INPUT-LABEL .*out.tsv:2: Unknown subject label '12'"):
        chosen(cohort, exclude=read_exclusions(tmp_path / "out.tsv"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"eeg": {"task": "rest", "datatype": "eeg"}, "bold": {"task": "work"}}, {"task": ["rest"]}),
        ({"bold": {"task": "work"}}, {}),
        (
            {"task": ["rest", "nap"], "acq": None, "run": 1},
            {"task": ["rest", "nap"], "acquisition": None, "run": ["1"]},
        ),
        ({"eeg": {"session": "Query.ANY"}}, {"session": "*"}),
        ({}, {}),
    ],
)
def test_a_filter_file(tmp_path, content, expected):
    (tmp_path / "f.json").write_text(json.dumps(content))
    assert read_filters(tmp_path / "f.json", "eeg") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "f.json:1:2: The filter file is not JSON"),
        ("[]", "must hold an object"),
        ('{"taks": "rest"}', "Unknown BIDS entity 'taks'. Did you mean 'task'"),
        ('{"task": 1.5}', "The filter for 'task' must be text"),
        ('{"task": []}', "The filter for 'task' must be text"),
    ],
)
def test_nonsense_in_the_filter_file_is_an_error(tmp_path, text, message):
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(InputError, match=f"E-INPUT-FILTER .*{message}"):
        read_filters(tmp_path / "f.json", "eeg")


def test_a_missing_filter_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"E-INPUT-FILTER .* cannot be read"):
        read_filters(tmp_path / "f.json", "eeg")
