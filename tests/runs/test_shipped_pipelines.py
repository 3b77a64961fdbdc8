"""The pipelines that ship: each is whole, names its paper, and plans on recordings that suit it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils.validation import has_fit_parameter
from typer.testing import CliRunner

from bench.decoders import run_here
from neurocli import registry
from neurocli.commands import build
from neurocli.errors import NeurocliError
from neurocli.models._chain import build_chain
from neurocli.pipelines.config import load
from neurocli.pipelines.request import Request

CONFIG = load(None)
# task -> values of the column of its events
TASKS = {
    "imagery": ("trial_type", ("left", "right")),
    "ratings": ("rating", ("1", "2", "3")),
    "p300": ("trial_type", ("target", "other")),
    "ssvep": ("trial_type", ("13", "17", "21", "rest")),
    "demo": ("trial_type", ("open", "closed")),
    "szMonitoring": ("trial_type", ("bckg", "sz")),
    "rest": ("trial_type", ("rest",)),
    "arithmetic": ("trial_type", ("task",)),
}
SFREQ, CHANNELS = 128, ("Fz", "Cz", "Pz", "O1", "O2")


def write_recording(root: Path, subject: str, task: str, run: str = "", seconds: int = 40) -> None:
    """Write one EDF: noise, and a rhythm that is louder in every second event of 5 s."""
    import edfio

    rng = np.random.default_rng([int(subject), list(TASKS).index(task), *run.encode()])
    column, values = TASKS[task]
    times = np.arange(seconds * SFREQ) / SFREQ
    gain = np.where(times // 5 % 2 == 1, 30.0, 3.0)
    data = 5 * rng.standard_normal((len(CHANNELS), times.size)) + gain * np.sin(2 * np.pi * 11 * times)
    signals = [
        edfio.EdfSignal(x, SFREQ, label=name, physical_dimension="uV", physical_range=(-500, 500))
        for name, x in zip(CHANNELS, data, strict=True)
    ]
    folder = root / f"sub-{subject}" / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    base = folder / f"sub-{subject}_task-{task}{run}"
    edfio.Edf(signals).write(f"{base}_eeg.edf")
    sidecar = {"TaskName": task, "SamplingFrequency": SFREQ, "PowerLineFrequency": 50, "EEGReference": "n/a"}
    Path(f"{base}_eeg.json").write_text(json.dumps(sidecar | {"SoftwareFilters": "n/a"}))
    names = "".join(f"{name}\tEEG\tuV\tgood\n" for name in CHANNELS)
    Path(f"{base}_channels.tsv").write_text("name\ttype\tunits\tstatus\n" + names)
    rows = "".join(f"{5 * i}\t5\t{values[i % len(values)]}\n" for i in range(seconds // 5))
    Path(f"{base}_events.tsv").write_text(f"onset\tduration\t{column}\n{rows}")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Return a BIDS dataset with every task that a shipped pipeline of EEG asks for."""
    root = tmp_path_factory.mktemp("shipped") / "bids"
    root.mkdir()
    (root / "dataset_description.json").write_text(json.dumps({"Name": "shipped", "BIDSVersion": "1.10.0"}))
    (root / "README").write_text("Simulated.\n")
    people = "".join(f"sub-{i:02d}\t{'ab'[i % 2]}\t{20 + i}\t{'FM'[i // 2 % 2]}\n" for i in range(1, 6))
    (root / "participants.tsv").write_text("participant_id\tgroup\tage\tsex\n" + people)
    for subject in ("01", "02", "03", "04", "05"):
        for task in TASKS:
            for run in ("_run-1", "_run-2") if task == "ssvep" else ("",):
                write_recording(root, subject, task, run)
    return root


@pytest.mark.parametrize("name", [name for name, p in CONFIG.pipelines.items() if p.train and name != "demo"])
def test_each_has_a_title_and_cites_a_paper(name):
    pipeline = CONFIG.pipelines[name]
    assert pipeline.title
    assert re.search(r"\((19|20)\d\d\)", pipeline.citation or "")


def test_every_network_and_every_way_of_covariances_has_a_pipeline():
    used = {use.name for pipeline in CONFIG.pipelines.values() if pipeline.train for use in pipeline.train.model}
    networks = {name for name, found in registry.definitions("models").items() if hasattr(found, "network")}
    riemannian = {"mdm", "tangent_space", "recenter", "augmented_covariances", "xdawn_covariances", "csp"}
    others = {"trca", "canonical_correlation", "euclidean_alignment", "random_forest", "knn", "ridge", "calibrated"}
    assert networks | riemannian | others | {"confound_regression", "gradient_boosting", "svm", "lda"} <= used


def test_every_protocol_has_a_pipeline():
    trained = [p for p in CONFIG.pipelines.values() if p.train]
    asked = {role for p in trained for role in p.train.protocols()}
    asked |= {name for p in trained if p.evaluate for name in p.evaluate.document()}
    assert {"over_time", "few_shot", "ablation", "seizures", "forecast"} <= asked
    assert any(p.train.split.forward for p in trained)


def test_what_is_ours_is_not_called_by_the_name_of_a_paper():
    """The cards of these networks were made from abstracts, so no parity is claimed."""
    ours = {"histn", "ricci_graph", "feature_attention", "adversarial_attention", "edge_dnn", "edge_cnn", "edge_lstm"}
    for pipeline in CONFIG.pipelines.values():
        if pipeline.train and ours & {use.name for use in pipeline.train.model}:
            assert "design of our own" in (pipeline.citation or ""), pipeline.name


WEIGHTED = [name for name, p in CONFIG.pipelines.items() if p.train and p.train.balance == "weights"]


@pytest.mark.parametrize("name", WEIGHTED)
def test_where_classes_are_balanced_by_weights_the_model_takes_them(name):
    model = build_chain([use.settings for use in CONFIG.pipelines[name].train.model]).members[-1][1]
    assert getattr(model, "accepts_weights", has_fit_parameter(model, "sample_weight"))


@pytest.mark.parametrize("name", CONFIG.pipelines)
def test_each_plans_on_recordings_that_suit_it_or_says_why_not(name, cohort, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROCLI_CACHE_DIR", str(tmp_path / "cache"))
    words = ["plan", name, "--bids-dir", str(cohort), "-o", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(build(), words)
    if CONFIG.pipelines[name].input.datatype != "eeg":  # there is EEG alone in this dataset
        assert isinstance(result.exception, NeurocliError)
        assert result.exception.code in ("E-INPUT-EMPTY", "E-INPUT-DERIVATIVES")
        assert result.exception.exit_status == 4
        return
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["pipeline"] == name


@pytest.mark.slow
def test_seizures_are_scored_side_by_side_and_written_as_tables(cohort, cli, tmp_path):
    out = tmp_path / "out"
    words = ["run", "seizures-dense", "--bids-dir", cohort, "-o", out]
    found = cli.document(*words, "--set", "train.model.edge_dnn.n_epochs=3", "--set", "preprocess.epoch.duration=2 s")
    assert found["status"] == "ok", found
    page = next(out.rglob("report.html")).read_text()
    for said in ("<h2>Seizures</h2>", "NEDC TAES", "E-INPUT-CLIPS", "<h2>Network</h2>", "Loss of each pass"):
        assert said in page
    tables = sorted(out.glob("sub-*/eeg/*_desc-seizuresdense_events.tsv"))
    assert len(tables) == 5
    assert tables[0].read_text().startswith("onset\tduration\teventType\tconfidence")


ALONE = {"demo", "forecast", "forecast-attention", "seizures-dense"}  # run by tests of their own
TRAINED = [n for n, p in CONFIG.pipelines.items() if p.train and p.input.datatype == "eeg" and n not in ALONE]
PASSES = {name for name, found in registry.definitions("models").items() if hasattr(found, "network")}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """Return a store, so that a pipeline finds what the ones before left."""
    return tmp_path_factory.mktemp("shared") / "store"


def shortened(name: str) -> tuple[str, ...]:
    """Return settings: no null, one pass of a network, few shots, windows no longer than the seizures here."""
    small = {"seizures-transformer": ("widths=[8, 16]", "depth=1", "n_heads=2", "n_hidden=16")}
    sets = ["train.null.permutations=0"]
    sets += [f"train.model.{use.name}.n_epochs=1" for use in CONFIG.pipelines[name].train.model if use.name in PASSES]
    sets += ["train.few_shot.shots=[0, 1, 2]"] if name == "imagery-few-shot" else []
    sets += [f"train.model.seizure_transformer.{setting}" for setting in small.get(name, ())]
    return (*sets, *(["preprocess.epoch.duration=5 s"] if name.startswith("seizures-") else []))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # as in a worker; what members warn of is in the document
@pytest.mark.parametrize("name", TRAINED)
def test_each_that_trains_runs_from_files_to_report(name, cohort, store, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROCLI_CACHE_DIR", str(tmp_path / "cache"))
    found = run_here(Request(name, cohort, tmp_path / "out", sets=shortened(name), store=store, n_cpus=1))
    assert found.get("status") == "ok", found
    assert found["scores"] or "over_time" in found
    page = (tmp_path / "out" / "report.html").read_text()
    assert html.escape(CONFIG.pipelines[name].citation.split(",")[0]) in page
    assert name != "erp-benchmark" or "By sample and by subject" in page
