"""Events and avalanches are counted as the reference counts them, to the last one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neurocli.features import avalanches as reference
from neurocli.features._power_law import exponent


@pytest.mark.parametrize("threshold", [0.7, 1.5])
@pytest.mark.parametrize("n_times", [30, 100])
def test_events_are_the_peaks_of_excursions(kernels, monkeypatch, threshold, n_times):
    """Also of runs that reach over the stretches of several lanes, of constants and of equal largest samples."""
    module = kernels("avalanches")
    monkeypatch.setattr(module, "STRETCH", 16)
    x = np.random.default_rng(n_times).standard_normal((2, 4, n_times)).cumsum(axis=-1) + 5.0
    x[:, 1, ::5] *= -1
    x[:, 2] = 0.1
    x[:, 3] = np.round(x[:, 3] / 3)
    signal = torch.from_numpy(x)
    found = module.excursions(signal, kernels("statistics").fused_statistics(signal), threshold=threshold)
    expected = reference.excursions(x, threshold=threshold)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert expected.any()


def test_single_precision_finds_the_same_events_whatever_the_level(kernels):
    level = np.array([0, 1e3, -1e5, 1e-9, 7])[:, None]
    x = (np.random.default_rng(0).standard_normal((2, 5, 200)) + level).astype(np.float32)
    signal = torch.from_numpy(x)
    found = kernels("avalanches").excursions(signal, kernels("statistics").fused_statistics(signal))
    np.testing.assert_array_equal(found.numpy(), reference.excursions(x.astype(float)))


@pytest.mark.parametrize("width", [None, 0.1, 0.2, 0.3])
def test_avalanches_are_those_of_the_reference(kernels, monkeypatch, width):
    """Over several blocks of bins; of dense, rare, single and no events; mean intervals that end on a half."""
    module = kernels("avalanches")
    monkeypatch.setattr(module, "block", lambda *_: 8)
    rng = np.random.default_rng(1)
    events = np.stack([rng.poisson(mean, 61) for mean in (0.05, 0.3, 1.0, 3.0, 0.0)])
    events[4, 60] = 1
    halves = np.zeros((2, 61), dtype=int)
    halves[0, [0, 2, 5]], halves[1, [1, 2, 4]] = 1, 2  # 2.5 and 1.5: both round to 2
    events = np.concatenate([events, halves, np.zeros((1, 61), dtype=int)])
    found = module.avalanches(torch.from_numpy(events), 10.0, width=width)
    expected = reference.avalanches(events, 10.0, width=width)
    for one, other in zip(found[:2], expected[:2], strict=True):
        np.testing.assert_array_equal(one.numpy(), other)
    np.testing.assert_allclose(found[2].numpy(), expected[2], rtol=1e-15)
    np.testing.assert_array_equal(found[3].numpy(), expected[3])


@pytest.mark.parametrize("smallest", [1, 2, 7])
def test_exponents_are_those_of_the_reference(kernels, smallest):
    """Also where there is none: fewer than two values, or all of them the smallest."""
    rng = np.random.default_rng(5)
    rows = [np.minimum(rng.zipf(true, 300), 10**9) for true in (1.3, 2.0, 3.0)]
    rows += [np.full(300, smallest), np.eye(1, 300, dtype=int)[0] * 50, np.zeros(300, dtype=int)]
    v = np.stack(rows)
    found = kernels("_power_law").exponents(torch.from_numpy(v.astype(np.int32)), smallest)
    np.testing.assert_allclose(found.numpy(), exponent(v, smallest), rtol=1e-12)
