"""`--device` from the command line to the kernels, on a machine without a GPU: plan, manifest, batch file, worker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neurocli.store import Store, ledger

FEATURES = """version: 1
pipelines:
  tiny:
    input: {datatype: eeg, task: [rest, work]}
    preprocess: [{epoch: {duration: 2 s}}]
    featurize: [{band_power: {log: true, bands: {theta: [4 Hz, 8 Hz], alpha: [8 Hz, 13 Hz]}}}]
"""
NETWORK = """version: 1
pipelines:
  tiny:
    input: {datatype: eeg, task: [rest, work]}
    target: {entity: task, positive: work}
    preprocess: [{epoch: {duration: 2 s}}]
    device: cuda
    train: {split: {leave_out: subject}, model: [{edge_dnn: {n_epochs: 1}}]}
    evaluate: {metrics: [balanced_accuracy]}
"""


@pytest.fixture
def words(cli, dataset, file, tmp_path):
    """Return what all commands here share, on a machine without a GPU and without an interpreter of kernels."""
    cli.env = cli.env | {"TRITON_INTERPRET": "0", "CUDA_VISIBLE_DEVICES": ""}
    file.write_text(FEATURES)
    where = ["--bids-dir", dataset, "-o", tmp_path / "out", "-f", file, "--store", tmp_path / "store"]
    return ["tiny", *where, "--participant-label", "01"]


def features(store: Path) -> dict[str, tuple[np.ndarray, dict]]:
    """Return the values and the recipe of each recording's features, by the backend that computed them."""
    found = {}
    for manifest in sorted(store.glob("[0-9a-f][0-9a-f]/*/manifest.json")):
        recipe = json.loads(manifest.read_text())["recipe"]
        if recipe["stage"] == "featurize":
            arrays, _ = Store(store).read(manifest.parent.name)
            values = next(array for name, array in sorted(arrays.items()) if array.ndim == 2)
            found.setdefault(recipe["backend"], []).append((np.array(values), recipe))
    return found


def test_the_plan_shows_the_device_and_asks_for_no_gpu_itself(cli, words):
    made = cli.document("plan", *words, "--until", "featurize", "--device", "cuda")
    backends = {line["unit"].partition("/")[0]: line.get("backend") for line in made["plan"]}
    assert (made["device"], backends) == ("cuda", {"preprocess": None, "featurize": "cuda"})
    said = cli("plan", *words, "--until", "featurize", "--device", "cuda").stdout
    assert "2 of them on a GPU" in next(line for line in said.splitlines() if "featurize" in line)


def test_without_a_gpu_the_run_says_so_before_it_reads_anything(cli, words, tmp_path):
    done = cli("featurize", *words, "--device", "cuda")
    assert done.returncode == 9
    assert done.stderr.startswith("error: E-RUN-GPU Some units compute on a GPU, and none is visible here.")
    assert "--device cpu" in done.stderr
    assert not list((tmp_path / "store").rglob("manifest.json"))


def test_a_network_is_refused_before_its_recordings_are_prepared(cli, words, file, tmp_path):
    file.write_text(NETWORK)
    done = cli("evaluate", *words[:-2])
    assert (done.returncode, done.stderr.split()[1]) == (9, "E-RUN-GPU")
    assert not list((tmp_path / "store").rglob("manifest.json"))


def test_another_name_of_a_device_is_a_mistake_of_usage(cli, words):
    done = cli("featurize", *words, "--device", "gpu")
    assert (done.returncode, done.stderr.split()[1]) == (2, "E-USAGE-DEVICE")


@pytest.mark.slow
def test_an_array_asks_for_a_card_and_its_worker_says_when_there_is_none(cli, words, tmp_path):
    """The machine that submits has none, and needs none."""
    asked = ["featurize", *words, "--executor", "slurm", "--dry-run", "--device"]
    assert "--gres" not in cli(*asked, "cpu").stdout
    done = cli(*asked, "cuda:1")
    assert "#SBATCH --gres=gpu:1" in done.stdout, done.stderr
    manifest = max((tmp_path / "out").rglob("tasks.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    head, first, *_ = map(json.loads, manifest.read_text().splitlines())
    assert head["device"] == "cuda"
    assert [unit["recipe"].get("backend") for unit in first["units"]] == [None, "cuda"]
    work = ["worker", "--manifest", manifest, "--index", "1"]
    assert cli(*work).returncode == 9
    events = ledger.read(tmp_path / "out" / ".neurocli" / "ledger")
    error = next(event["error"] for event in events if event["event"] == "failed")
    assert error["code"] == "E-ENVIRONMENT-GPU"
    assert "--device cpu" in error["remedy"]
    cli.env = cli.env | {"TRITON_INTERPRET": "1"}
    assert cli(*work).returncode == 0


@pytest.mark.slow
def test_interpreted_kernels_give_the_values_of_the_processor_under_another_key(cli, words, tmp_path):
    pytest.importorskip("triton", reason="Triton is not installed: pip install 'neurocli[gpu]'")
    cli.env = cli.env | {"TRITON_INTERPRET": "1"}
    assert cli.document("featurize", *words, "--n-cpus", "1")["units"]["executed"] == 4
    made = cli.document("featurize", *words, "--n-cpus", "1", "--device", "cuda")
    assert (made["units"]["executed"], made["units"]["cached"], made["warnings"]) == (2, 2, [])
    assert cli.document("featurize", *words, "--device", "cuda")["units"]["executed"] == 0
    found = features(tmp_path / "store")
    assert {backend: len(values) for backend, values in found.items()} == {"cpu": 2, "cuda": 2}
    of = {backend: {recipe["upstream"]: values for values, recipe in made} for backend, made in found.items()}
    for upstream, expected in of["cpu"].items():
        assert expected.shape == (12, 10)
        assert of["cuda"][upstream].dtype == np.float32
        tolerance = 4e-6 * abs(expected).max()  # what the spectrum and the band powers state for float32
        np.testing.assert_allclose(of["cuda"][upstream], expected, rtol=0, atol=tolerance)
