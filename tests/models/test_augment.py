"""Changes of a batch: what each leaves as it is, and that a seed gives the same ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neurocli import registry
from neurocli.errors import MissingError
from neurocli.models._augment import CHANGES, augmented
from neurocli.models._chain import build_chain
from neurocli.models._loss import loss_of
from neurocli.models._training import training_device

SIZES = {"gaussian_noise": 0.5, "time_shift": 0.2, "channel_dropout": 0.5, "fourier_surrogate": 1.0}


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(40, 5, 100, dtype=torch.float64)


def test_the_settings_name_every_change():
    from typing import get_args

    from neurocli.models._deep_step import Change

    assert set(get_args(Change)) == set(CHANGES) == set(SIZES)


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_seed_gives_the_same_change_and_no_size_gives_none(x, name):
    before = x.clone()
    torch.manual_seed(1)
    one = CHANGES[name](x, SIZES[name], 100.0)
    torch.manual_seed(1)
    two = CHANGES[name](x, SIZES[name], 100.0)
    assert torch.equal(one, two)
    assert not torch.equal(one, x)
    assert torch.equal(x, before)
    assert torch.allclose(CHANGES[name](x, 0.0, 100.0), x, atol=1e-12)


def test_noise_has_the_size_that_was_asked_for(x):
    noise = CHANGES["gaussian_noise"](x, 0.5, 100.0) - x
    assert noise.std().item() == pytest.approx(0.5, rel=4 / np.sqrt(2 * x.numel()))  # four standard errors


def test_a_shift_moves_whole_epochs_and_not_too_far(x):
    moved = CHANGES["time_shift"](x, 0.2, 100.0)
    for before, after in zip(x, moved, strict=True):
        shifts = [s for s in range(-20, 21) if torch.equal(before.roll(s, -1), after)]
        assert len(shifts) == 1


def test_channels_are_dropped_whole_and_as_often_as_was_asked_for(x):
    dropped = CHANGES["channel_dropout"](x, 0.5, 100.0)
    gone = (dropped == 0).all(dim=-1)
    assert torch.equal(dropped[~gone], x[~gone])
    assert abs(gone.double().mean().item() - 0.5) < 4 * np.sqrt(0.25 / gone.numel())


def test_surrogates_keep_spectra_and_cross_spectra(x):
    new = CHANGES["fourier_surrogate"](x, 1.0, 100.0)
    one, two = torch.fft.rfft(x), torch.fft.rfft(new)
    assert torch.allclose(one[:, :, None] * one[:, None].conj(), two[:, :, None] * two[:, None].conj(), atol=1e-9)
    assert not torch.allclose(x, new, atol=0.1)


def test_half_of_the_epochs_are_changed(x):
    changed = (augmented(x, {"gaussian_noise": 1.0}, 100.0) != x).flatten(1).any(dim=1)
    assert abs(changed.double().mean().item() - 0.5) < 4 * np.sqrt(0.25 / len(x))


def trained(**settings):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(32, 3, 64)).astype(np.float32), np.tile([0, 1], 16)
    samples = {"subject": ["01"] * 32, "duration": [0.5] * 32}
    use = registry.get("models", "edge_cnn")(n_epochs=2, **settings)
    return build_chain([use], 3).fit(X, y, samples).fitted_[-1][1].weights_


def test_augmentation_changes_what_is_learned_and_mixed_precision_on_a_cpu_does_not():
    plain = trained()
    changed, mixed = trained(augment={"gaussian_noise": 0.5}), trained(precision="bfloat16")
    assert not all(np.array_equal(plain[name], changed[name]) for name in plain)
    assert all(np.array_equal(plain[name], mixed[name]) for name in plain)


@pytest.mark.parametrize("given", ["cpu", "-", ""])
def test_without_a_card_of_its_own_a_unit_trains_on_the_processor(monkeypatch, given):
    monkeypatch.setenv("NEUROCLI_DEVICE", given)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert training_device() == torch.device("cpu")


@pytest.mark.parametrize(
    ("given", "n_cards", "found"), [("cuda:0", 1, True), ("cuda:1", 1, False), ("cuda:0", 0, False)]
)
def test_a_card_that_is_not_here_is_no_reason_to_train_elsewhere(monkeypatch, given, n_cards, found):
    """The weights would lie under the key of another device."""
    monkeypatch.setenv("NEUROCLI_DEVICE", given)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_cards > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_cards)
    if found:
        assert training_device() == torch.device(given)
        return
    with pytest.raises(MissingError, match=f"trained on {given}, and torch finds no such GPU") as caught:
        training_device()
    assert (caught.value.code, caught.value.exit_status) == ("E-ENVIRONMENT-GPU", 9)
    assert "--device cpu" in caught.value.remedy


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_mixed_precision_on_a_gpu_learns_nearly_the_same(monkeypatch):
    monkeypatch.setenv("NEUROCLI_DEVICE", "cuda:0")
    plain, mixed = trained(), trained(precision="bfloat16")
    assert all(np.allclose(plain[name], mixed[name], atol=0.05) for name in plain)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_torchs(smoothing):
    logits, y, weight = torch.randn(8, 4), torch.arange(8) % 4, torch.ones(8)
    expected = torch.nn.functional.cross_entropy(logits, y, label_smoothing=smoothing)
    assert loss_of(logits, y, weight, smoothing).item() == pytest.approx(expected.item(), rel=1e-6)


def test_ordinal_smoothing_is_least_where_neighbours_share_the_rest():
    """Gibbs: the cross-entropy with a distribution is least at the distribution itself."""
    y = torch.tensor([0, 1, 3])
    truth = torch.tensor([[0.8, 0.2, 0, 0], [0.1, 0.8, 0.1, 0], [0, 0, 0.2, 0.8]])
    least = loss_of((truth + 1e-9).log(), y, torch.ones(3), 0.2, True)
    entropy = -(truth * (truth + 1e-9).log()).sum(dim=1).mean()
    assert least.item() == pytest.approx(entropy.item(), abs=1e-5)
