"""What is counted is equal to the last one: pairs of templates, phrases, patterns; and what is selected is a sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neurocli.features.kernels.lempel_ziv import _complexity
from neurocli.features.kernels.permutation_entropy import _counts_of_codes


def noise(n_series: int, n_times: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(1).standard_normal((n_series, n_times)).cumsum(axis=-1).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_pairs_of_templates(kernels, monkeypatch, order, dtype):
    module = kernels("template_matches")
    monkeypatch.setattr(module, "lanes", lambda *_: 32)  # more than one block of lags
    x = noise(1, 45, dtype)
    r = (0.3 * x.std(axis=-1)).astype(dtype)
    found = module.pair_counts(torch.from_numpy(x), torch.from_numpy(r), order)
    assert found.tolist() == [pairs(row, order, radius) for row, radius in zip(x, r, strict=True)]


def pairs(x: np.ndarray, order: int, r: float) -> list[int]:
    """Return how many pairs of templates are nearer than r over `order` samples, and over one more: the definition."""
    n = len(x) - order
    near = [np.abs(x[k : k + n, None] - x[None, k : k + n]) < r for k in range(order + 1)]
    later = np.triu(np.ones((n, n), dtype=bool), k=1)
    return [int(np.sum(np.logical_and.reduce(near[:m]) & later)) for m in (order, order + 1)]


def strings() -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    periodic = [np.arange(200) % period == 0 for period in (1, 2, 7, 64)]
    long_repeat = np.concatenate([rng.random(130) < 0.5] * 2)[:200]  # agrees for more than two words
    return [*(rng.random((2, 200)) < 0.5), *periodic, long_repeat, np.zeros(200, bool), np.arange(200) > 100]


@pytest.mark.parametrize("symbols", strings())
def test_phrases(kernels, monkeypatch, symbols):
    """Random, periodic and constant strings, and one that repeats itself beyond a word."""
    module = kernels("lempel_ziv")
    monkeypatch.setattr(module, "block", lambda *_: 64)  # more than one block of earlier starts
    x, middle = symbols.astype(np.float32)[None], np.full(1, 0.5, np.float32)
    found = module.phrases(torch.from_numpy(x), torch.from_numpy(middle))
    assert found.tolist() == _complexity(x, middle).tolist()


@pytest.mark.parametrize("order", [2, 3, 5, 7])
def test_patterns(kernels, order):
    """Ties are ordered by position: the signal is rounded so that there are some."""
    x = np.round(noise(2, 90))
    found = kernels("permutation_entropy").pattern_counts(torch.from_numpy(x), order, 2)
    n_codes = int(np.prod(np.arange(1, order + 1)))
    np.testing.assert_array_equal(found.numpy(), _counts_of_codes(x, order, 2, n_codes))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_order_statistics_are_samples(kernels, dtype):
    """Of both signs, with ties, infinities and zeros of both signs."""
    x = np.round(noise(3, 50, dtype), 1) - 1
    x[0, :4] = [np.inf, -np.inf, 0.0, -0.0]
    ranks = [0, 1, 20, 48, 49]
    found = kernels("_select").kth(torch.from_numpy(x), ranks)
    np.testing.assert_array_equal(found.numpy(), np.sort(x, axis=-1)[:, ranks])


def test_quantiles_are_interpolated_as_numpy_does(kernels):
    x = noise(2, 51, "float64")
    at = [0.0, 0.05, 0.5, 1.0]
    found = kernels("_select").quantiles(torch.from_numpy(x), at)
    np.testing.assert_allclose(found.numpy(), np.quantile(x, at, axis=-1).T, rtol=1e-14)
