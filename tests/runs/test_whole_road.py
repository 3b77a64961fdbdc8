"""From a dataset to a report in one command, and back again in an instant."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import neurocli

# a unit a fold and role: 4 folds x (model, majority, linear, drift, null), the fit on all, the predictions
N_UNITS = 8 + 8 + 4 * 5 + 1 + 1 + 1 + 3


def words(dataset, out, file):
    return ["tiny", "--bids-dir", dataset, "-o", out, "-f", file]


def test_a_run_ends_with_scores_and_a_report(finished):
    out, _, document, _ = finished
    assert document["status"] == "ok"
    assert document["units"] == {"executed": N_UNITS, "cached": 0, "failed": 0, "blocked": 0}
    score = document["scores"][0]
    assert score["metric"] == "balanced_accuracy"
    assert score["mean"] > 0.9  # the simulated effect is plain
    assert score["chance"] == 0.5
    assert score["rivals"]["majority"] == 0.5
    assert score["n_subjects"] == 4
    assert (out / "report.html").is_file()
    assert all(Path(path).is_file() for path in document["outputs"])


def test_a_finished_run_executes_nothing(finished, dataset):
    out, file, first, cli = finished
    again = cli.document("run", *words(dataset, out, file))
    assert again["units"] == {"executed": 0, "cached": N_UNITS, "failed": 0, "blocked": 0}
    assert again["scores"] == first["scores"]
    assert again["outputs"] == first["outputs"]


def test_a_finished_run_loads_nothing_heavy(finished, dataset):
    out, file, _, cli = finished
    heavy = {"numpy", "scipy", "sklearn", "mne", "torch", "pandas", "pyarrow", "nibabel", "matplotlib", "numba"}
    code = (
        "import sys\nfrom neurocli.commands import main\n"
        f"sys.argv = ['neurocli', 'run'] + {[str(w) for w in words(dataset, out, file)]!r} + ['-q']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(' '.join({name.split('.')[0] for name in sys.modules}))\n"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=cli.env, check=True)
    assert not set(done.stdout.split()) & heavy


def test_python_gives_the_same_document(finished, dataset):
    out, file, first, _ = finished
    document = neurocli.run("tiny", dataset, out, file=file)
    assert document["scores"] == first["scores"]
    assert document["units"]["executed"] == 0


def test_a_plan_is_priced_by_what_earlier_runs_took(finished, dataset, tmp_path):
    """The same pipeline on recordings four times as long, in the same output folder."""
    from .conftest import write_recording

    out, file, _, cli = finished
    longer = shutil.copytree(dataset, tmp_path / "bids")
    copied = shutil.copytree(out, tmp_path / "out", ignore=shutil.ignore_patterns("store"))
    before = json.loads(cli("plan", *words(longer, copied, file), "--until", "featurize", "--json").stdout)
    for subject in ("01", "02", "03", "04"):
        for task in ("rest", "work"):
            write_recording(longer, subject, task, seed=3, seconds=96)
    after = json.loads(cli("plan", *words(longer, copied, file), "--until", "featurize", "--json").stdout)
    assert 0 < before["stages"]["preprocess"]["wall_s"] <= after["stages"]["preprocess"]["wall_s"]
    assert after["price_core_s"]["controls"] == 0
    assert 10**8 < after["peak_rss_bytes"] < 10**10
    assert "GB each at most" in cli("plan", *words(longer, copied, file)).stdout


def test_moving_the_dataset_the_store_or_the_number_of_processes_recomputes_nothing(finished, dataset, tmp_path):
    out, file, _, cli = finished
    moved = shutil.copytree(dataset, tmp_path / "elsewhere" / "bids")
    store = shutil.copytree(out / ".neurocli" / "store", tmp_path / "store")
    there = [*words(moved, tmp_path / "out", file), "--store", store]
    again = cli.document("run", *there, "--n-cpus", "1")
    assert again["units"]["executed"] == 0
    for recording in moved.glob("sub-*/eeg/*.edf"):
        recording.touch()
    assert cli.document("run", *there)["units"]["executed"] == 0


def test_a_new_row_in_participants_redoes_no_preprocessing(finished, dataset, tmp_path):
    out, file, _, cli = finished
    changed = shutil.copytree(dataset, tmp_path / "bids")
    with (changed / "participants.tsv").open("a") as table:
        table.write("sub-99\t50\n")
    again = cli.document("run", *words(changed, tmp_path / "out", file), "--store", out / ".neurocli" / "store")
    assert again["units"]["executed"] == 0  # the newcomer has no recording, so nothing depends on the row


@pytest.mark.parametrize(
    ("setting", "stages"),
    [
        ("preprocess.filter.l_freq=2 Hz", {"preprocess", "featurize", "train", "evaluate", "export"}),
        ("featurize.band_power.log=false", {"featurize", "train", "evaluate", "export"}),
        ("train.model.logistic_regression.C=0.5", {"train", "evaluate", "export"}),
    ],
)
def test_one_setting_voids_what_depends_on_it_and_nothing_else(finished, dataset, setting, stages):
    out, file, _, cli = finished
    done = cli("plan", *words(dataset, out, file), "--set", setting, "--json")
    plan = json.loads(done.stdout)
    stale = {unit["unit"].split("/")[0] for unit in plan["plan"] if unit["state"] != "cached"}
    assert stale == stages


def test_a_rival_does_not_depend_on_the_model(finished, dataset):
    out, file, _, cli = finished
    done = cli("plan", *words(dataset, out, file), "--set", "train.model.logistic_regression.C=0.5", "--json")
    states = {unit["unit"]: unit["state"] for unit in json.loads(done.stdout)["plan"]}
    assert states["train/sub-01/majority"] == "cached"
    assert states["train/sub-01/linear"] == "cached"
    assert states["train/sub-01/model"] == "to run"


def test_why_names_the_setting_and_its_line(finished, dataset, tmp_path):
    out, file, _, cli = finished
    changed = tmp_path / "pipelines.yaml"
    changed.write_text(file.read_text().replace("l_freq: 1 Hz", "l_freq: 2 Hz"))
    done = cli("why", "tiny", "featurize/sub-01_task-rest", "--bids-dir", dataset, "-o", out, "-f", changed)
    assert "preprocess.filter.l_freq: 1.0 -> 2.0" in done.stdout
    line = next(i for i, text in enumerate(changed.read_text().splitlines(), 1) if "l_freq" in text)
    assert f"pipelines.yaml:{line}:" in done.stdout


def test_why_names_the_recordings_that_were_dropped(finished, dataset):
    out, file, _, cli = finished
    there = ["--bids-dir", dataset, "-o", out, "-f", file]
    fewer = [word for label in ("01", "02", "03") for word in ("--participant-label", label)]
    dropped = [f'sub-04_task-{task}: "taken in" -> "left out"' for task in ("rest", "work")]
    for unit in ("train/sub-01/model", "export/report"):
        done = cli("why", "tiny", unit, *there, *fewer)
        assert [line.strip() for line in done.stdout.splitlines() if "left out" in line] == dropped, unit
    done = cli("why", "tiny", "preprocess/sub-04_task-rest", *there, *fewer)
    assert done.stdout.splitlines() == ["preprocess/sub-04_task-rest: left out", f"  {dropped[0]}"]


def test_why_says_how_a_recording_failed(file, cli, tmp_path):
    from .conftest import write_dataset

    root = write_dataset(tmp_path / "bids", 2)
    cut = root / "sub-01" / "eeg" / "sub-01_task-rest_eeg.edf"
    cut.write_bytes(cut.read_bytes()[:5000])
    there = ["--bids-dir", root, "-o", tmp_path / "out", "-f", file]
    assert cli("preprocess", "tiny", *there).returncode == 5
    said = cli("why", "tiny", "preprocess/sub-01_task-rest", *there).stdout.splitlines()
    assert said == ["preprocess/sub-01_task-rest: to run", '  its last run: "failed: E-INPUT-TRUNCATED" -> "to run"']


def test_the_gate_closes_when_something_is_stale(finished, dataset):
    out, file, _, cli = finished
    assert cli("plan", *words(dataset, out, file), "--check").returncode == 0
    assert cli("plan", *words(dataset, out, file), "--check", "--set", "train.balance=none").returncode == 10


def test_every_configuration_is_remembered(dataset, file, cli, tmp_path):
    there = words(dataset, tmp_path / "out", file)
    cli.document("featurize", *there)
    changed = cli.document("featurize", *there, "--set", "preprocess.filter.l_freq=2 Hz")
    assert changed["units"]["executed"] == 16
    back = cli.document("featurize", *there)
    assert back["units"] == {"executed": 0, "cached": 16, "failed": 0, "blocked": 0}


VERBS = ("preprocess", "featurize", "train", "evaluate", "export")


def contents(out: Path) -> dict[str, bytes]:
    """Return the published files, and the payloads of the store."""
    published = {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file() and ".neurocli" not in p.parts}
    store = out / ".neurocli" / "store"
    payloads = {p.relative_to(out).as_posix(): p for p in store.rglob("*") if p.is_file() and p.name != "manifest.json"}
    found = {**published, **{name: path for name, path in payloads.items() if "locks" not in name}}
    return {name: path.read_bytes() for name, path in found.items() if "roots" not in name}


def test_verbs_one_after_the_other_give_the_same_bytes_as_a_run(finished, dataset, file, cli, tmp_path):
    for verb in VERBS:
        assert cli.document(verb, *words(dataset, tmp_path / "chained", file))["status"] == "ok"
    chained, whole = contents(tmp_path / "chained"), contents(finished[0])
    assert chained.keys() == whole.keys()
    assert [name for name in whole if chained[name] != whole[name]] == []


def test_subjects_prepared_one_by_one_give_the_same_bytes_as_a_run(finished, dataset, file, cli, tmp_path):
    there = words(dataset, tmp_path / "apart", file)
    for label in ("03", "01", "04", "02"):
        assert cli.document("featurize", *there, "--participant-label", label)["units"]["executed"] == 4
    assert not cli.document("cache", "gc", "--older-than", "0", "-o", tmp_path / "apart", "--json")["removed"]
    assert cli.document("run", *there)["units"]["cached"] == 16
    apart, whole = contents(tmp_path / "apart"), contents(finished[0])
    assert apart.keys() == whole.keys()
    assert [name for name in whole if apart[name] != whole[name]] == []


def test_a_verb_alone_gives_the_same_bytes_as_a_run(finished, dataset, file, cli, tmp_path):
    assert cli.document("export", *words(dataset, tmp_path / "alone", file), "--n-cpus", "1")["status"] == "ok"
    alone, whole = contents(tmp_path / "alone"), contents(finished[0])
    assert alone.keys() == whole.keys()
    assert [name for name in whole if alone[name] != whole[name]] == []


def test_the_output_is_a_valid_derivative_dataset(finished):
    import subprocess
    import sys

    validator = Path(sys.executable).with_name("bids-validator-deno")
    command = [str(validator), str(finished[0]), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue.get("severity") == "error"] == []


def test_a_model_predicts_new_recordings(finished, dataset, cli, tmp_path):
    out = finished[0]
    document = cli.document("predict", out / "models" / "tiny", "--bids-dir", dataset, "-o", tmp_path / "predicted")
    assert document["status"] == "ok"
    tables = sorted((tmp_path / "predicted").rglob("*_predictions.tsv"))
    assert len(tables) == 8
    rows = [line.split("\t") for line in tables[0].read_text().splitlines()]
    predicted = rows[0].index("predicted")
    assert {row[predicted] for row in rows[1:]} == {"rest"}  # the simulated effect is plain
