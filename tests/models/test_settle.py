"""What batch normalisation divides by is measured again after training with dropout, and Deep4 then learns."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from neurocli import registry
from neurocli.models._chain import build_chain
from neurocli.models._deep import network_class
from neurocli.models._torch_deep4 import Deep4
from neurocli.models._torch_settle import settle


def two_sources(n, seed):
    """Return 2 s epochs of noise at 128 Hz; class 0 has a rhythm of 10 Hz on the left, class 1 on the right."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    places = np.array([[1, 0.8, 0.5, 0.2, 0, 0, 0, 0], [0, 0, 0, 0, 0.2, 0.5, 0.8, 1]])
    phase = rng.uniform(0, 2 * np.pi, n)[:, None] + 2 * np.pi * 10 * np.arange(256) / 128
    x = rng.standard_normal((n, 8, 256)) + 1.5 * places[y][:, :, None] * np.sin(phase)[:, None]
    return (1e-5 * x).astype(np.float32), y, {"duration": [2.0] * n}


@pytest.fixture(scope="module")
def learned():
    """Return Deep4 trained on 128 epochs, ten times over; with this seed it is at chance if nothing is settled."""
    model = registry.get("models", "deep4")(n_epochs=10, batch_size=16)
    return build_chain([model], 2).fit(*two_sources(128, 0))


def test_deep4_learns_a_plain_difference(learned):
    x, y, samples = two_sources(64, 1)
    assert np.mean(learned.predict(x, samples) == y) > 0.95


def test_inference_is_as_sure_as_training(learned):
    """Without new statistics the loss of inference is many times that of training, on the same samples."""
    x, y, samples = two_sources(128, 0)
    proba = learned.fitted_[-1][1].predict_proba(x, samples)
    assert -np.log(proba[np.arange(128), y]).mean() < 0.1
    assert learned.fitted_[-1][1].curve_[-1]["loss"] < 0.2


def test_settled_statistics_are_those_of_the_samples():
    """Oracle: what one batch of them all divides by when nothing is left out."""
    torch.manual_seed(0)
    module = network_class("deep4")(3, 2, 200, 100.0, pool=2, n_filters=4).train()
    x = 2 * torch.randn(50, 3, 200) + 1
    for _ in range(5):
        module(x)
    whole = copy.deepcopy(module)
    for layer in whole.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    with torch.no_grad():
        expected = whole(x)
        before = module.eval()(x)
        settle(module, x)
        after = module(x)
    assert torch.allclose(after, expected, atol=1e-2)
    assert (before - expected).abs().max() > 0.1  # there was something to repair
    assert not any(layer.training for layer in module.modules())
    assert {n.momentum for n in module.modules() if isinstance(n, torch.nn.BatchNorm1d)} == {0.1}


@pytest.mark.parametrize("n", [1, 64, 65, 129])
def test_no_part_of_the_samples_is_one_alone(n):
    """A batch of one sample has no statistics where one point in time is left of it."""
    module = Deep4(3, 2, 200, 100.0, pool=2, n_filters=4)
    sizes = []
    module.register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    settle(module, torch.randn(n, 3, 200))
    assert sum(sizes) == n
    assert min(sizes) > 1 or n == 1
