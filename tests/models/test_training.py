"""One loop: the same seed gives the same bits, killed or not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from neurocli import registry
from neurocli.errors import InputError, TemporaryError
from neurocli.models import _training
from neurocli.models._adam import AdamW
from neurocli.models._card import card
from neurocli.models._chain import build_chain
from neurocli.models._training import checkpointing

SETTINGS = {"n_epochs": 6, "batch_size": 16, "learning_rate": 0.01}


def data(n=64):
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], n // 2)
    x = (rng.normal(size=(n, 3, 64)) * 1e-5).astype(np.float32)
    x[:, 0] *= 1 + y[:, None]
    samples = {"subject": [f"{i // 8:02d}" for i in range(n)], "duration": [0.5] * n}
    return x, y, samples


def chain(name="eegnet", **settings):
    return build_chain([registry.get("models", name)(**{**SETTINGS, **settings})], 7)


def weights(fitted):
    return fitted.fitted_[-1][1].weights_


def same(one, two):
    return all(np.array_equal(one[name], two[name]) for name in one) and one.keys() == two.keys()


ALL_CHANGES = {"gaussian_noise": 0.1, "time_shift": 0.05, "channel_dropout": 0.2, "fourier_surrogate": 0.5}
KILLED = [
    ("eegnet", {}),
    ("eegnet", {"patience": 3, "learning_rate": 0.05}),
    ("eegnet", {"augment": ALL_CHANGES}),
    ("adversarial_attention", {"width": 8, "depth": 1, "patch": 0.1}),
    ("ricci_graph", {"n_bands": 4}),
    ("deep4", {"pool": 2, "n_filters": 4, "kernel": 0.02}),
    ("deep4", {"pool": 2, "n_filters": 4, "kernel": 0.02, "patience": 3}),
]


@pytest.mark.parametrize(("name", "settings"), KILLED, ids=str)
@pytest.mark.parametrize("killed_after", [1, 2, 3, 4, 5])
def test_a_killed_training_resumes_to_the_same_bits(tmp_path, monkeypatch, killed_after, name, settings):
    x, y, samples = data()
    whole = chain(name, **settings).fit(x, y, samples)
    one_pass, passes = _training._one_pass, []

    def dying(*args):
        if len(passes) == killed_after:
            raise TemporaryError("The work was asked to stop.")
        passes.append(1)
        one_pass(*args)

    monkeypatch.setattr(_training, "_one_pass", dying)
    with checkpointing(tmp_path, every=0):
        if len(whole.fitted_[-1][1].curve_) > killed_after:
            with pytest.raises(TemporaryError):
                chain(name, **settings).fit(x, y, samples)
        monkeypatch.setattr(_training, "_one_pass", one_pass)
        resumed = chain(name, **settings).fit(x, y, samples)
    assert same(weights(resumed), weights(whole))
    assert resumed.fitted_[-1][1].curve_ == whole.fitted_[-1][1].curve_


def test_a_checkpoint_of_other_samples_is_not_used(tmp_path):
    x, y, samples = data()
    with checkpointing(tmp_path, every=0):
        chain().fit(x, y, samples)
        assert (tmp_path / "training.safetensors").is_file()
        other = chain().fit(2 * x[::-1], y, samples)
    assert same(weights(other), weights(chain().fit(2 * x[::-1], y, samples)))


def test_nothing_is_written_outside_a_checkpoint_block(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chain(n_epochs=1).fit(*data())
    assert not list(tmp_path.iterdir())


def test_torchs_own_random_numbers_and_threads_are_left_alone():
    n_threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fitted = chain(n_epochs=1).fit(*data())
    fitted.decision(data()[0], data()[2])
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == n_threads


def test_the_number_of_threads_changes_nothing():
    n_threads = torch.get_num_threads()
    found = []
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            found.append(weights(chain(n_epochs=2).fit(*data())))
    finally:
        torch.set_num_threads(n_threads)
    assert same(*found)


def test_another_seed_gives_other_weights():
    one, two = (build_chain([registry.get("models", "eegnet")(**SETTINGS)], seed).fit(*data()) for seed in (0, 1))
    assert not same(weights(one), weights(two))


def test_the_loss_goes_down_and_patience_restores_the_best():
    fitted = chain(n_epochs=40, patience=2, learning_rate=0.1, dropout=0.0).fit(*data())
    curve = fitted.fitted_[-1][1].curve_
    held = [point["held_loss"] for point in curve]
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert len(curve) < 40
    assert len(curve) - 1 - int(np.argmin(held)) == 2


def test_patience_needs_groups_to_hold_out():
    x, y, samples = data()
    samples["subject"] = ["01"] * len(y)
    with pytest.raises(InputError, match=r"holds out one in five of the 1 training groups.*patience: 0"):
        chain(patience=2).fit(x, y, samples)


def test_weights_change_what_is_learned():
    x, y, samples = data()
    x = np.zeros_like(x)  # nothing to see, so the weighted share of each class is all there is to learn
    weight = np.where(y == 0, 3.0, 1.0)
    fitted = chain("tcn", n_epochs=25, learning_rate=0.03).fit(x, y, samples, sample_weight=weight)
    assert fitted.decision(x, samples)[0] == pytest.approx([0.75, 0.25], abs=0.05)


@pytest.mark.parametrize("name", ["deep4", "shallow_convnet", "eeg_conformer"])
def test_epochs_that_are_too_short_are_said_to_be(name):
    x, y, samples = data()
    samples["duration"] = [0.064] * 64
    with pytest.raises(InputError, match=f"'{name}' cannot take epochs of 64 samples at 1000 Hz") as caught:
        chain(name).fit(x, y, samples)
    assert caught.value.code == "E-INPUT-MODEL"


def test_the_sampling_rate_must_be_known():
    x, y, samples = data()
    del samples["duration"]
    with pytest.raises(InputError, match=r"must know the sampling rate.*eegnet.sfreq"):
        chain().fit(x, y, samples)
    assert chain(sfreq="128 Hz", n_epochs=1).fit(x, y, samples).fitted_[-1][1].signature_["sfreq"] == 128.0


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_steps_are_those_of_torchs_adamw(weight_decay):
    """Oracle: `torch.optim.AdamW`, after fifty steps on a network with shared and unused gradients."""
    nets = []
    for kind in ("ours", "torch"):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()
        ours = AdamW(net, 0.01, weight_decay)
        theirs = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=weight_decay)
        for _ in range(50):
            ours.zero()
            (net(torch.randn(16, 5, dtype=torch.float64)) ** 2).sum().backward()
            (ours if kind == "ours" else theirs).step()
        nets.append(net)
    for one, two in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.allclose(one, two, rtol=0, atol=1e-12)


@pytest.mark.slow  # imports torch in a process of its own
def test_training_does_not_import_the_compiler_of_torch():
    """It takes seconds in each worker."""
    code = (
        "import sys, numpy as np; from neurocli.models.eegnet import EEGNet;"
        "e = EEGNet(n_epochs=1, sfreq=128).build(); e.fit(np.random.rand(8, 2, 128), np.arange(8) % 2);"
        "e.predict_proba(np.random.rand(8, 2, 128)); print('torch._dynamo' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_card_counts_what_can_be_counted_by_hand():
    """The layers of EEGNet, each multiplied out."""
    fitted = chain(n_epochs=3).fit(*data()).fitted_[-1][1]
    found = card(fitted)
    # 3 channels, 64 samples at 128 Hz: mixing, 64-tap filters, 16-tap filters, pointwise, 2 classes of 16 × 2 numbers
    mixing, temporal = 16 * 3 * (64 + 63), 16 * 64 * 64
    separable, pointwise, classes = 16 * 16 * 16, 16 * 16 * 16, 2 * 32
    assert found["flops"] == 2 * (mixing + temporal + separable + pointwise + classes)
    assert found["n_parameters"] == 8 * 64 + 2 * 8 + 16 * 3 + 2 * 16 + 16 * 16 + 16 * 16 + 2 * 16 + 2 * 32 + 2
    assert found["n_epochs"] == 3
    assert found["latency_s"] > 0
