"""From `--device` and the key `device` to the recipe of a unit, and to the environment in which it computes."""

from __future__ import annotations

import os

import pytest

from neurocli.errors import ConfigError, UsageError
from neurocli.pipelines import device
from neurocli.pipelines.choose import chosen
from neurocli.pipelines.config import load
from neurocli.pipelines.gather import Cohort, Member, train_units
from neurocli.pipelines.plan import Chain, Source
from neurocli.pipelines.request import Request
from neurocli.pipelines.usage import memory_error

PIPELINES = """version: 1
defaults: {device: DEVICE}
pipelines:
  features:
    input: {datatype: eeg}
    featurize: [FEATURE]
    target: {entity: task}
    train: {split: {leave_out: subject}, model: [MODEL]}
"""


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that gives this machine cards, and takes away what the environment says of them."""
    monkeypatch.setattr(device, "CARDS", ((tmp_path, "card*"),))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(device, "can_use_cards", lambda: True)

    def cards(n):
        for i in range(n):
            (tmp_path / f"card{i}").touch()

    return cards


@pytest.fixture
def pipeline(tmp_path):
    def one(in_file="auto", asked=None, feature="band_power", model="tcn", executor="local"):
        text = PIPELINES.replace("DEVICE", in_file).replace("FEATURE", feature).replace("MODEL", model)
        file = tmp_path / "pipelines.yaml"
        file.write_text(text)
        return chosen(Request("features", tmp_path, tmp_path, file=file, device=asked, executor=executor))[0]

    return one


def featurize(one):
    """Return the recipe of the features of a recording."""
    source = Source("sub-01", type("Item", (), {"path": "a", "entities": {}, "sidecars": ()})(), {}, {"eeg.edf": "0"})
    return Chain.of(one, "featurize").task(source).units[-1]


def fits(one):
    members = [Member(f"sub-{i}", {"subject": str(i), "task": "rest"}, "0" * 64, "1" * 64) for i in (1, 2)]
    return {unit.recipe["role"]: unit for unit in train_units(one, members, Cohort())}


@pytest.mark.parametrize(
    ("in_file", "asked", "features", "network"),
    [
        ("auto", None, "cpu", "cuda"),
        ("cpu", None, "cpu", "cpu"),
        ("cuda", None, "cuda", "cuda"),
        ("cuda", "cpu", "cpu", "cpu"),
        ("cpu", "cuda:1", "cuda", "cuda"),
        ("cuda", "auto", "cpu", "cuda"),
    ],
)
def test_the_command_line_overrides_the_file_and_both_reach_features_and_networks(
    machine, pipeline, in_file, asked, features, network
):
    machine(2)
    one = pipeline(in_file, asked)
    assert featurize(one).recipe["backend"] == features
    assert featurize(one).recipe["dtype"] == {"cpu": "float64", "cuda": "float32"}[features]
    found = fits(one)
    assert {found[role].recipe["backend"] for role in ("model", "all", "drift")} == {network}
    assert not {"backend"} & {*found["majority"].recipe, *found["linear"].recipe}, "rivals know no device"


def test_the_backend_is_part_of_the_key_and_the_number_of_the_card_is_not(machine, pipeline):
    machine(2)
    keys = [featurize(pipeline(asked=asked)).key for asked in ("cpu", "auto", "cuda", "cuda:0", "cuda:1")]
    assert keys[0] == keys[1]
    assert keys[2] == keys[3] == keys[4] != keys[0]
    trained = [fits(pipeline(asked=asked))["model"].key for asked in ("cpu", "cuda", "cuda:1")]
    assert trained[1] == trained[2] != trained[0]


def test_what_has_no_kernel_and_what_is_no_network_ask_for_no_gpu(machine, pipeline):
    machine(1)
    one = pipeline(asked="cuda", feature="modularity", model="logistic_regression")
    assert featurize(one).recipe["backend"] == "cpu"
    assert "backend" not in fits(one)["model"].recipe


@pytest.mark.parametrize(
    ("n_cards", "hidden", "usable", "executor", "found"),
    [
        (1, None, True, "local", "auto"),
        (0, None, True, "local", "cpu"),
        (1, "", True, "local", "cpu"),
        (1, None, False, "local", "cpu"),
        (1, None, True, "slurm", "cpu"),
        (1, None, True, "nipype:SLURM", "cpu"),
    ],
)
def test_auto_is_the_processor_unless_this_machine_computes_and_has_a_gpu(
    machine, monkeypatch, n_cards, hidden, usable, executor, found
):
    machine(n_cards)
    monkeypatch.setattr(device, "can_use_cards", lambda: usable)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert device.resolved("auto", executor) == found


def test_a_card_of_a_cluster_has_no_number_here(machine):
    machine(0)
    assert device.resolved("cuda:3", "slurm") == "cuda"
    assert device.resolved("cuda:3", "local") == "cuda:3"


def test_an_interpreter_is_no_gpu_for_auto(machine, monkeypatch):
    machine(0)
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert device.resolved("auto", "local") == "cpu"


def test_what_is_installed_says_whether_a_gpu_can_be_used(monkeypatch):
    versions = {"triton": "3.3.0", "torch": "2.9.1+cpu"}
    monkeypatch.setattr(device.metadata, "version", versions.__getitem__)
    assert not device.can_use_cards()
    versions["torch"] = "2.9.1"
    assert device.can_use_cards()


@pytest.mark.parametrize("name", ["gpu", "cuda0", "cuda:", "CUDA", ""])
def test_another_name_is_refused_on_the_command_line_and_in_the_file(machine, pipeline, tmp_path, name):
    machine(0)
    with pytest.raises(UsageError, match="is no device") as caught:
        device.checked(name)
    assert (caught.value.code, caught.value.exit_status) == ("E-USAGE-DEVICE", 2)
    assert "cuda:N" in caught.value.remedy
    if name:
        with pytest.raises(ConfigError, match=f"device: '{name}' is no device") as caught:
            pipeline(repr(name))
        assert (caught.value.code, caught.value.where) == ("E-CONFIG-VALUE", "pipelines.yaml:2:20")
        assert [problem.code for problem in load(tmp_path / "pipelines.yaml").problems()] == ["E-CONFIG-VALUE"]
        with pytest.raises(UsageError):
            pipeline(asked=name)


@pytest.mark.parametrize(
    ("given", "backend", "run", "told"),
    [
        ("cuda:2", "cuda", "auto", "cuda:2"),
        ("-", "cuda", "cuda", "cuda:0"),
        (None, "cuda", "cuda:1", "cuda:1"),
        ("cuda:2", "cpu", "cuda", "cpu"),
        (None, None, "auto", "cpu"),
    ],
)
def test_a_unit_is_told_the_card_of_its_worker_or_the_processor(monkeypatch, given, backend, run, told):
    """Also a unit on the processor that follows one on a card in the same worker."""
    if given is None:
        monkeypatch.delenv(device.VARIABLE, raising=False)
    else:
        monkeypatch.setenv(device.VARIABLE, given)
    with device.told({"backend": backend} if backend else {}, run):
        assert os.environ[device.VARIABLE] == told
    assert os.environ.get(device.VARIABLE) == given


def test_without_features_there_is_nothing_to_compute_on_a_gpu():
    assert device.of_features([], "cuda") == device.PROCESSOR


@pytest.mark.parametrize("said", ["CUDA out of memory. Tried to allocate 2.00 GiB.", "CUBLAS_STATUS_ALLOC_FAILED"])
def test_a_full_card_is_not_mended_by_more_memory_of_the_machine(said):
    """As torch and its libraries say it."""
    error = memory_error(RuntimeError(said))
    assert (error.code, error.exit_status) == ("E-RUN-MEMORY", 8)
    assert error.message == f"The memory of the GPU ran out: {said}"
    assert "--device cpu" in error.remedy
    assert "--mem-gb" not in error.remedy
