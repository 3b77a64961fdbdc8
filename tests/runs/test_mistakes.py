"""What people get wrong, and what they are told: one message, the right exit status, no traceback, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.runs.conftest import PIPELINES, write_dataset


def told(done: subprocess.CompletedProcess[str], exit_status: int, *words: str) -> str:
    """Check that a command failed with one clear message, and return it."""
    assert done.returncode == exit_status, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    missing = [word for word in words if word not in done.stderr]
    assert not missing, done.stderr
    return done.stderr


@pytest.fixture
def broken(dataset, tmp_path) -> Path:
    """Return a copy of the dataset for a test to break."""
    return shutil.copytree(dataset, tmp_path / "bids")


def run(cli, dataset, file, out, *more):
    return cli("run", "tiny", "--bids-dir", dataset, "-o", out, "-f", file, *more)


def test_a_dataset_that_is_not_there(cli, file, tmp_path):
    told(run(cli, tmp_path / "nowhere", file, tmp_path / "out"), 4, "E-INPUT-DATASET", "nowhere")


def test_a_pipeline_that_is_not_there(cli, dataset, file, tmp_path):
    done = cli("run", "tinny", "--bids-dir", dataset, "-o", tmp_path / "out", "-f", file)
    told(done, 3, "E-CONFIG-PIPELINE", "Did you mean 'tiny'?")


def test_a_program_is_told_in_json(cli, dataset, file, tmp_path):
    done = run(cli, dataset, file, tmp_path / "out", "--participant-label", "09", "--json")
    told(done, 4, "E-INPUT-LABEL")
    document = json.loads(done.stdout)
    assert document["status"] == "failed"
    assert document["exit"] == 4
    assert document["error"]["code"] == "E-INPUT-LABEL"


def test_a_participant_that_is_not_there(cli, dataset, file, tmp_path):
    done = run(cli, dataset, file, tmp_path / "out", "--participant-label", "09")
    told(done, 4, "E-INPUT-LABEL", "'09'", "01, 02, 03, 04")


def test_a_task_that_is_not_there(cli, dataset, file, tmp_path):
    told(run(cli, dataset, file, tmp_path / "out", "--task-id", "sleep"), 4, "E-INPUT-LABEL", "sleep", "rest")


def test_a_datatype_that_is_not_there(cli, dataset, tmp_path):
    other = tmp_path / "meg.yaml"
    other.write_text(PIPELINES.replace("datatype: eeg", "datatype: meg"))
    told(run(cli, dataset, other, tmp_path / "out"), 4, "E-INPUT-EMPTY")


def test_one_class_only(cli, dataset, file, tmp_path):
    told(run(cli, dataset, file, tmp_path / "out", "--task-id", "rest"), 4, "E-INPUT-CLASSES", "rest")


def test_a_positive_label_that_is_no_label(cli, dataset, tmp_path):
    other = tmp_path / "p.yaml"
    other.write_text(PIPELINES.replace("positive: work", "positive: wrok"))
    told(run(cli, dataset, other, tmp_path / "out"), 4, "wrok", "Did you mean 'work'?")


def test_one_subject_only(cli, dataset, file, tmp_path):
    done = run(cli, dataset, file, tmp_path / "out", "--participant-label", "01")
    told(done, 4, "E-INPUT-FOLDS")


def test_a_target_in_a_column_that_participants_do_not_have(cli, dataset, tmp_path):
    other = tmp_path / "p.yaml"
    other.write_text(PIPELINES.replace("{entity: task, positive: work}", "{participants: agee, as: number}")
                     .replace("{logistic_regression: {C: 1.0}}", "ridge").replace("balance: weights", "balance: none")
                     .replace("[balanced_accuracy, roc_auc]", "[mae]"))  # fmt: skip
    told(run(cli, dataset, other, tmp_path / "out"), 4, "agee", "Did you mean 'age'?")


def test_a_setting_that_is_not_there(cli, dataset, file, tmp_path):
    done = run(cli, dataset, file, tmp_path / "out", "--set", "preprocess.filter.l_frq=2 Hz")
    told(done, 3, "l_frq", "l_freq")


def test_a_setting_in_the_wrong_unit(cli, dataset, file, tmp_path):
    done = run(cli, dataset, file, tmp_path / "out", "--set", "preprocess.filter.l_freq=2 ms")
    told(done, 3, "E-CONFIG-UNIT", "time", "frequency")


def test_the_wrong_unit_at_its_line_and_column(cli, dataset, tmp_path):
    other = tmp_path / "p.yaml"
    other.write_text(PIPELINES.replace("h_freq: 40 Hz", "h_freq: 40 ms"))
    line = next(i for i, text in enumerate(other.read_text().splitlines(), 1) if "40 ms" in text)
    told(run(cli, dataset, other, tmp_path / "out"), 3, f"p.yaml:{line}:", "E-CONFIG-UNIT")


def test_an_output_folder_that_is_a_file(cli, dataset, file, tmp_path):
    (tmp_path / "out").write_text("")
    told(run(cli, dataset, file, tmp_path / "out"), 7, "E-OUT-PERMISSION")


def test_an_output_folder_that_is_the_dataset(cli, dataset, file):
    before = sorted(dataset.rglob("*"))
    told(run(cli, dataset, file, dataset), 2, "E-OUT-DATASET", "derivatives/neurocli")
    assert sorted(dataset.rglob("*")) == before


@pytest.mark.parametrize("kind", ["raw", "derivative"])
def test_an_output_folder_that_holds_another_dataset(cli, dataset, file, tmp_path, kind):
    description = {"Name": "other", "BIDSVersion": "1.10.0", "DatasetType": kind, "GeneratedBy": [{"Name": "fMRIPrep"}]}
    (tmp_path / "dataset_description.json").write_text(json.dumps(description))
    told(run(cli, dataset, file, tmp_path), 2, "E-OUT-DATASET")
    assert json.loads((tmp_path / "dataset_description.json").read_text()) == description


def test_a_misspelt_pipeline_leaves_no_folder(cli, dataset, file, tmp_path):
    told(cli("run", "tinny", "--bids-dir", dataset, "-o", tmp_path / "out", "-f", file), 3, "Did you mean 'tiny'?")
    assert not (tmp_path / "out").exists()


def test_an_executor_that_is_not_there(cli, dataset, file, tmp_path):
    told(run(cli, dataset, file, tmp_path / "out", "--executor", "slrum"), 2, "E-USAGE-EXECUTOR", "local")


def test_a_stage_that_is_not_there(cli, dataset, file, tmp_path):
    told(run(cli, dataset, file, tmp_path / "out", "--force", "trian"), 2, "E-USAGE-STAGE", "train")


def test_a_filter_file_that_is_no_json(cli, dataset, file, tmp_path):
    (tmp_path / "filters.json").write_text("{eeg: ")
    done = run(cli, dataset, file, tmp_path / "out", "--bids-filter-file", tmp_path / "filters.json")
    told(done, 4, "filters.json")


def test_an_exclusion_of_somebody_unknown(cli, dataset, file, tmp_path):
    (tmp_path / "exclude.tsv").write_text("who\twhy\nsub-77\tasleep\n")
    done = run(cli, dataset, file, tmp_path / "out", "--exclude", tmp_path / "exclude.tsv")
    told(done, 4, "77", "exclude.tsv")


def test_a_participant_who_stands_twice(cli, broken, file, tmp_path):
    with (broken / "participants.tsv").open("a") as table:
        table.write("sub-01\t30\n")
    told(run(cli, broken, file, tmp_path / "out"), 4, "E-INPUT-PARTICIPANTS", "sub-01")


def test_two_files_of_one_recording(cli, broken, file, tmp_path):
    eeg = broken / "sub-01" / "eeg"
    shutil.copy(eeg / "sub-01_task-rest_eeg.edf", eeg / "sub-01_task-rest_eeg.bdf")
    told(run(cli, broken, file, tmp_path / "out"), 4, "E-INPUT-DUPLICATE")
    words = ["plan", "tiny", "--bids-dir", broken, "-o", tmp_path / "out", "-f", file]
    assert cli(*words, "--set", "input.extension=.edf").returncode == 0


def test_a_link_to_nothing(cli, broken, file, tmp_path):
    edf = broken / "sub-01" / "eeg" / "sub-01_task-rest_eeg.edf"
    edf.unlink()
    edf.symlink_to(tmp_path / "gone.edf")
    done = cli("featurize", "tiny", "--bids-dir", broken, "-o", tmp_path / "out", "-f", file)
    told(done, 5, "sub-01_task-rest_eeg.edf")


def cut(path: Path) -> None:
    """Cut a file in two."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def test_one_truncated_recording_is_one_failed_unit_and_the_others_are_published(cli, broken, file, tmp_path):
    cut(broken / "sub-01" / "eeg" / "sub-01_task-rest_eeg.edf")
    out = tmp_path / "out"
    done = run(cli, broken, file, out)
    told(done, 5, "E-INPUT-TRUNCATED", "sub-01_task-rest", "to resume: neurocli run tiny")
    scores = json.loads((out / "group" / "desc-tiny_scores.json").read_text())
    assert scores["scores"][0]["n_samples"] == 7 * 12  # one of eight recordings is missing, and nothing hides it
    assert "sub-01_task-rest" in json.dumps(scores)


def test_a_mended_recording_completes_the_run(cli, dataset, broken, file, tmp_path):
    edf = Path("sub-01") / "eeg" / "sub-01_task-rest_eeg.edf"
    cut(broken / edf)
    out = tmp_path / "out"
    assert cli("featurize", "tiny", "--bids-dir", broken, "-o", out, "-f", file).returncode == 5
    shutil.copy(dataset / edf, broken / edf)
    again = cli.document("featurize", "tiny", "--bids-dir", broken, "-o", out, "-f", file)
    assert again["units"] == {"executed": 2, "cached": 14, "failed": 0, "blocked": 0}


def test_fail_fast_stops_before_gathering(cli, broken, file, tmp_path):
    cut(broken / "sub-01" / "eeg" / "sub-01_task-rest_eeg.edf")
    done = run(cli, broken, file, tmp_path / "out", "--fail-fast")
    told(done, 4, "E-INPUT-TRUNCATED")
    assert not (tmp_path / "out" / "group").exists()


def test_when_all_recordings_fail_the_run_has_failed(cli, broken, file, tmp_path):
    for edf in broken.glob("sub-*/eeg/*.edf"):
        cut(edf)
    told(run(cli, broken, file, tmp_path / "out"), 6, "E-INPUT-TRUNCATED")


def test_a_sidecar_that_contradicts_the_header(cli, broken, file, tmp_path):
    sidecar = broken / "sub-01" / "eeg" / "sub-01_task-rest_eeg.json"
    sidecar.write_text(sidecar.read_text().replace("128", "256"))
    told(run(cli, broken, file, tmp_path / "out"), 5, "E-INPUT-SIDECAR", "128", "256")


def test_channels_of_another_recording(cli, broken, file, tmp_path):
    table = broken / "sub-02" / "eeg" / "sub-02_task-rest_channels.tsv"
    table.write_text(table.read_text().replace("O2", "T8"))
    told(run(cli, broken, file, tmp_path / "out"), 5, "sub-02_task-rest", "T8")


def test_events_that_are_missing(cli, dataset, tmp_path):
    other = tmp_path / "p.yaml"
    other.write_text(PIPELINES.replace("epoch: {duration: 2 s}", "epoch: {events: trial_type, tmin: 0 s, tmax: 1 s}"))
    told(run(cli, dataset, other, tmp_path / "out"), 6, "E-INPUT-EVENTS", "events.tsv")


def test_a_channel_that_is_not_there(cli, dataset, tmp_path):
    other = tmp_path / "p.yaml"
    other.write_text(PIPELINES.replace("pick: {types: [eeg]}", "pick: {channels: [Fz, O22]}"))
    told(run(cli, dataset, other, tmp_path / "out"), 6, "O22", "Did you mean 'O2'?")


def test_a_filter_above_half_the_rate(cli, dataset, file, tmp_path):
    done = run(cli, dataset, file, tmp_path / "out", "--set", "preprocess.filter.h_freq=70 Hz")
    told(done, 6, "70", "64")


def test_a_unit_that_is_not_there(finished):
    out, _, _, cli = finished
    told(cli("logs", "train/sub-09/model", "-o", out), 2, "E-USAGE-UNIT", "Did you mean")


def test_status_of_a_folder_in_which_nothing_ran(cli, tmp_path):
    told(cli("status", "-o", tmp_path), 4, "E-INPUT-OUT")


def test_a_folder_that_is_no_model(cli, dataset, tmp_path):
    done = cli("predict", tmp_path, "--bids-dir", dataset, "-o", tmp_path / "out")
    told(done, 4, "E-INPUT-BUNDLE")


def test_a_model_that_was_altered(finished, dataset, tmp_path):
    out, _, _, cli = finished
    model = shutil.copytree(out / "models" / "tiny", tmp_path / "model")
    with (model / "model.skops").open("ab") as file:
        file.write(b"\0")
    told(cli("predict", model, "--bids-dir", dataset, "-o", tmp_path / "out"), 4, "E-INPUT-BUNDLE", "checksums")


def test_recordings_that_do_not_match_the_model(finished, tmp_path):
    out, _, _, cli = finished
    other = write_dataset(tmp_path / "bids", 2)
    for table in other.glob("sub-*/eeg/*_channels.tsv"):
        table.write_text(table.read_text().replace("Fz\tEEG", "Fz\tEOG"))
    done = cli("predict", out / "models" / "tiny", "--bids-dir", other, "-o", tmp_path / "out")
    told(done, 6, "E-INPUT-MISMATCH", "ch_names")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_loses_nothing_and_the_run_goes_on_once_there_is_room(cli, dataset, file, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        done = cli("featurize", "tiny", "--bids-dir", dataset, "-o", small, "-f", file, "--n-cpus", "1")
        told(done, 7, "E-STORE-FULL")
        subprocess.run(["mount", "-o", "remount,size=50m", small], check=True)
        again = cli.document("featurize", "tiny", "--bids-dir", dataset, "-o", small, "-f", file)
        assert again["status"] == "ok"
    finally:
        subprocess.run(["umount", "-l", small], check=False)
