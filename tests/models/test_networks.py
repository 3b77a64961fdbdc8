"""Deep decoders: the authors' sizes and outputs, and one signature for all."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from neurocli import registry
from neurocli.models._deep import network_class
from neurocli.models._torch_blocks import TemporalSpatial
from neurocli.models._torch_front import TemporalNormSpatial, window_moments

# outputs of the authors' code with the weights and samples made below, depth 1 and 2 of DBConformer
AUTHORS = json.loads((Path(__file__).parent / "authors_outputs.json").read_text())
NAMES = [name for name, definition in registry.definitions("models").items() if hasattr(definition, "network")]


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("depth", "n"), [(1, 54_307), (2, 93_747), (3, 133_187), (4, 172_627), (5, 212_067), (6, 251_507)]
)
def test_dbconformer_has_the_authors_number_of_parameters(depth, n):
    assert n_parameters(network_class("dbconformer")(22, 2, 1000, 250.0, depth=depth)) == n


def test_eeg_conformer_has_the_authors_number_of_parameters():
    assert n_parameters(network_class("eeg_conformer")(22, 4, 1000, 250.0)) == 789_572


def filled(module, size=0.15):
    """Give each weight a value that follows from its place."""
    buffers = [(name, buffer) for name, buffer in module.named_buffers() if "running" in name]
    with torch.no_grad():
        for i, (name, weight) in enumerate([*module.named_parameters(), *buffers]):
            k = torch.arange(weight.numel(), dtype=torch.float64)
            value = torch.sin(0.7 * k * k + i)
            weight.copy_((1 + 0.2 * value if "running_var" in name else size * value).reshape(weight.shape))
    return module.eval()


def waves(n_chans, n_times):
    n, c, t = np.meshgrid(np.arange(3), np.arange(n_chans), np.arange(n_times), indexing="ij")
    return torch.tensor((n + 1) * np.sin(0.01 * (c + 3) * (n + 1) * t + c) + np.sin(0.7 * t * t + c)).float()


@pytest.mark.parametrize(
    ("case", "name", "shape", "sfreq", "gain"),
    [
        ("dbconformer1", "dbconformer", (22, 2, 1001), 250.0, 5),
        ("dbconformer2", "dbconformer", (22, 2, 1001), 250.0, 5),
        ("eeg_conformer", "eeg_conformer", (22, 4, 1000), 250.0, 1),
        ("eegnet", "eegnet", (22, 2, 512), 128.0, 30),
    ],
)
def test_outputs_are_those_of_the_authors_code(case, name, shape, sfreq, gain):
    settings = {"depth": int(case[-1])} if case[-1].isdigit() else {}
    module = filled(network_class(name)(*shape, sfreq, **settings))
    with torch.no_grad():
        found = module(gain * waves(shape[0], shape[2])).numpy()
    assert np.ptp(AUTHORS[case], axis=0).max() > 0.003  # the samples make a difference
    assert np.allclose(found, AUTHORS[case], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "gain", "size"), [("deep4", 30, 0.15), ("shallow_convnet", 1, 0.01)])
@pytest.mark.parametrize("training", [False, True])
def test_outputs_are_those_of_braindecode(name, gain, size, training):
    """braindecode/braindecode at eb3ddee6; in training without dropout, so by the statistics of the batch."""
    module = filled(network_class(name)(22, 4, 1000, 250.0, dropout=0.0 if training else 0.5), size).train(training)
    with torch.no_grad():
        found = module(gain * waves(22, 1000)).numpy()
    expected = AUTHORS[name + "_training" * training]
    assert np.ptp(expected, axis=0).max() > 0.003  # the samples make a difference
    assert np.allclose(found, expected, rtol=0, atol=1e-5)


def test_deep4_begins_as_its_authors_do():
    """Glorot's uniform numbers, whose size follows from what goes in and out of a layer; no offsets."""
    torch.manual_seed(0)
    module = network_class("deep4")(22, 4, 1000, 250.0)
    weight = module.layers[6][0].weight  # 200 filters of 100 x 10
    limit = (6 / (100 * 10 + 200 * 10)) ** 0.5
    assert 0.99 * limit < weight.abs().max() <= limit
    assert all(not value.any() for name, value in module.named_parameters() if name.endswith("bias"))


@pytest.fixture(scope="module")
def seizure_transformer():
    return filled(network_class("seizure_transformer")(19, 2, 15_360, 256.0), 0.02)


def test_seizure_transformer_has_the_authors_number_of_parameters(seizure_transformer):
    """One block of theirs is copied eight times and never used."""
    assert n_parameters(seizure_transformer) == 41_001_281
    assert n_parameters(seizure_transformer.template) == 3_152_384


@pytest.mark.parametrize(("n_times", "n", "step"), [(15_360, 1, 512), (1001, 3, 50)])
def test_seizure_transformer_gives_the_authors_probabilities(seizure_transformer, n_times, n, step):
    """Sample by sample; the authors' repository at cf83f590, time_step_level/model.py."""
    x = waves(19, n_times)[:n]
    with torch.no_grad():
        trace = seizure_transformer.trace(x)
        logits = seizure_transformer(x)
    expected = np.array(AUTHORS[f"seizure_transformer{n_times}"])
    assert np.ptp(expected, axis=1).min() > 0.003  # the samples make a difference
    assert np.allclose(torch.sigmoid(trace[:, 0, ::step]), expected, rtol=0, atol=1e-5)
    assert torch.allclose(logits.softmax(dim=1)[:, 1], torch.sigmoid(trace.mean(dim=(1, 2))))


@pytest.mark.parametrize("has_bias", [True, False])
def test_two_convolutions_in_one_are_the_two(has_bias):
    torch.manual_seed(0)
    both = TemporalSpatial(5, 3, 4, 7, has_bias).double()
    x = torch.randn(2, 5, 50, dtype=torch.float64)
    expected = F.conv2d(x[:, None], both.temporal.weight, both.temporal.bias)
    expected = F.conv2d(expected, both.spatial.weight, both.spatial.bias)[:, :, 0]
    assert torch.allclose(both(x), expected, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("n_chans", "n_outputs", "n_times", "sfreq"), [(3, 2, 500, 250.0), (8, 4, 256, 128.0)])
def test_every_network_has_the_same_signature(name, n_chans, n_outputs, n_times, sfreq):
    names = [f"E{i}" for i in range(n_chans)]
    settings = {"pool": 2} if name == "deep4" else {}
    n_times = 1 if name == "feature_attention" else n_times  # its channels are columns
    module = network_class(name)(n_chans, n_outputs, n_times, sfreq, names, **settings).eval()
    x = torch.randn(5, n_chans, n_times)
    with torch.no_grad():
        logits = module(x)
        alone = module(x[2:3])
    assert logits.shape == (5, n_outputs)
    assert torch.allclose(logits[2:3], alone, atol=1e-5)  # samples do not see each other


@pytest.mark.parametrize("name", NAMES)
def test_defaults_of_the_definition_are_those_of_the_network(name):
    """The YAML and the class say the same, so a stored architecture means what it says."""
    import inspect

    from neurocli.models._deep_step import DeepStep

    keyword = {
        p.name: p.default
        for p in inspect.signature(network_class(name)).parameters.values()
        if p.kind == p.KEYWORD_ONLY
    }
    definition = registry.get("models", name)()
    assert definition.model_dump(exclude=set(DeepStep.model_fields)) == keyword


def test_eegnet_keeps_its_norms():
    module = network_class("eegnet")(4, 2, 256, 128.0)
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(100)
    module.constrain()
    assert module.layers[0].spatial.weight.flatten(1).norm(dim=1).max() <= 1 + 1e-6
    assert module.classifier.weight.norm(dim=1).max() <= 0.25 + 1e-6


def test_a_tcn_sees_the_past_only():
    blocks = network_class("tcn")(3, 2, 200, 100.0).eval().blocks
    x = torch.randn(1, 3, 200)
    later = x.clone()
    later[..., 120:] += 1
    with torch.no_grad():
        assert torch.equal(blocks(x)[..., :120], blocks(later)[..., :120])


def in_order(front, x):
    """Return what the layers of `TemporalNormSpatial` give one after the other."""
    padded = F.pad(x[:, None], (front.kernel // 2 - 1, front.kernel - front.kernel // 2))
    return front.spatial(front.norm(front.temporal(padded)))[:, :, 0]


@pytest.mark.parametrize("kernel", [2, 5, 16])
def test_mixing_channels_first_changes_nothing(kernel):
    """Oracle: the layers in order; outputs, gradients and running statistics, in training and after."""
    torch.manual_seed(0)
    fast = TemporalNormSpatial(3, 4, 2, kernel).double()
    plain = copy.deepcopy(fast)
    for _ in range(3):
        x = torch.randn(6, 3, 40, dtype=torch.float64) + 0.5
        goal = torch.randn(6, 8, 40, dtype=torch.float64)
        for module, output in ((fast, fast(x)), (plain, in_order(plain, x))):
            module.zero_grad()
            (output * goal).sum().backward()
        assert torch.allclose(fast(x), in_order(plain, x), atol=1e-9)
        for one, two in zip(fast.parameters(), plain.parameters(), strict=True):
            assert torch.allclose(one.grad, two.grad, atol=1e-8)
    for one, two in zip(fast.buffers(), plain.buffers(), strict=True):
        assert torch.allclose(one, two, atol=1e-9)
    assert torch.allclose(fast.eval()(x), in_order(plain.eval(), x), atol=1e-9)


def test_moments_of_windows_are_those_of_the_windows():
    x = torch.randn(3, 40, dtype=torch.float64)
    moments, n = window_moments(x, 7)
    windows = x.unfold(1, 7, 1).reshape(-1, 7)
    assert n == len(windows)
    assert torch.allclose(moments[:-1], windows.T @ windows / n, atol=1e-12)
    assert torch.allclose(moments[-1], windows.mean(dim=0), atol=1e-12)
