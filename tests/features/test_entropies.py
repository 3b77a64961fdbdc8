"""Oracle: antropy, which counts the same integers; then signals whose entropy is known."""

from __future__ import annotations

import antropy
import numpy as np
import pytest

from neurocli.features import permutation_entropy as patterns
from neurocli.features import svd_entropy as embedding
from neurocli.features import template_matches as templates
from neurocli.features.kernels import permutation_entropy as fast_patterns
from neurocli.features.kernels import svd_entropy as fast_embedding
from neurocli.features.kernels import template_matches as fast_templates

RNG = np.random.default_rng(8)
WALKS = np.cumsum(RNG.standard_normal((4, 300)), axis=-1)
STEPS = RNG.integers(0, 5, (4, 301)).astype(float)  # ties everywhere, and one sample beyond the words
SIGNALS = [WALKS, RNG.standard_normal((3, 64)), STEPS, RNG.standard_normal((2, 129))]
both = pytest.mark.parametrize("templates", [templates, fast_templates], ids=["reference", "cpu"])
each_signal = pytest.mark.parametrize("x", SIGNALS, ids=["walk", "white", "steps", "short"])


@both
@each_signal
@pytest.mark.parametrize("order", [2, 3])
def test_sample_entropy_counts_what_antropy_counts(templates, x, order):
    expected = [antropy.sample_entropy(row, order) for row in x]
    np.testing.assert_array_equal(templates.sample_entropy(x, order=order), expected)


@both
@each_signal
@pytest.mark.parametrize("order", [2, 3])
def test_approximate_entropy_is_that_of_antropy(templates, x, order):
    expected = [antropy.app_entropy(row, order) for row in x]
    np.testing.assert_allclose(templates.approximate_entropy(x, order=order), expected, rtol=1e-9, atol=1e-13)


@both
@pytest.mark.parametrize("order", [1, 5, 40])
def test_counts_by_hand(templates, order):
    """The definition, template by template."""
    x = STEPS[0, :90]
    r, n = 0.2 * x.std(), x.size - order
    found = templates.sample_entropy(x[None], order=order)[0]
    near = [
        [np.abs(x[i : i + m] - x[j : j + m]).max() < r for i in range(n) for j in range(i)] for m in (order, order + 1)
    ]
    n_short, n_long = np.sum(near[0]), np.sum(near[1])
    assert found == pytest.approx(-np.log(n_long / n_short) if n_long else np.inf if n_short else np.nan, nan_ok=True)


@both
def test_where_there_is_nothing_to_count(templates):
    ramp, constant = np.arange(100.0)[None], np.full((1, 100), 0.1)
    assert np.isnan(templates.sample_entropy(constant)).all()
    assert templates.sample_entropy(ramp, tolerance=1e-9)[0] != templates.sample_entropy(ramp)[0]
    alternating = np.tile([0.0, 1.0], 50)[None]
    assert templates.sample_entropy(alternating)[0] == pytest.approx(np.log(2401 / 2353), abs=0.03)
    np.testing.assert_allclose(templates.approximate_entropy(constant), 0.0, atol=1e-12)


def test_float32_counts_the_same_but_for_pairs_on_the_border():
    x = WALKS.astype(np.float32)
    for name in ("sample_entropy", "approximate_entropy"):
        expected = getattr(templates, name)(x)
        np.testing.assert_allclose(getattr(fast_templates, name)(x), expected, rtol=2e-3)


@each_signal
@pytest.mark.parametrize("module", [patterns, fast_patterns], ids=["reference", "cpu"])
@pytest.mark.parametrize(("order", "delay"), [(2, 1), (3, 1), (3, 4), (4, 2), (5, 1), (6, 3)])
def test_permutation_entropy_is_that_of_antropy(module, x, order, delay):
    expected = [antropy.perm_entropy(row, order, delay, normalize=True) for row in x]
    np.testing.assert_allclose(module.permutation_entropy(x, order=order, delay=delay), expected, atol=1e-12)
    bits = [antropy.perm_entropy(row, order, delay) for row in x]
    np.testing.assert_allclose(
        module.permutation_entropy(x, order=order, delay=delay, normalize=False), bits, atol=1e-12
    )


@pytest.mark.parametrize("module", [patterns, fast_patterns], ids=["reference", "cpu"])
def test_permutation_entropy_of_order_and_of_noise(module):
    assert module.permutation_entropy(np.arange(50.0)[None]) == 0.0
    assert module.permutation_entropy(np.full((1, 50), 0.1), normalize=False) == 0.0
    noise = np.random.default_rng(0).standard_normal((1, 20_000))
    # six patterns, each about 1/6: the bias of the plug-in entropy is (6 - 1) / (2 n) nats
    assert module.permutation_entropy(noise)[0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("module", [embedding, fast_embedding], ids=["reference", "cpu"])
@pytest.mark.parametrize(("order", "delay"), [(3, 1), (10, 2), (2, 3)])
def test_svd_entropy_is_that_of_antropy(module, order, delay):
    expected = [antropy.svd_entropy(row, order, delay, normalize=True) for row in WALKS]
    np.testing.assert_allclose(module.svd_entropy(WALKS, order=order, delay=delay), expected, rtol=1e-9)


@pytest.mark.parametrize("module", [embedding, fast_embedding], ids=["reference", "cpu"])
def test_svd_entropy_of_as_few_samples_as_there_may_be(module):
    """Two rows of three columns have two singular values."""
    expected = [antropy.svd_entropy(row, 3, 1, normalize=True) for row in WALKS[:, :4]]
    np.testing.assert_allclose(module.svd_entropy(WALKS[:, :4]), expected, rtol=1e-9)


@pytest.mark.parametrize("module", [embedding, fast_embedding], ids=["reference", "cpu"])
def test_svd_entropy_of_a_sine_has_two_equal_values(module):
    """A sine of 8 samples a period lies on a circle when seen 2 samples apart: two equal singular values, one bit."""
    x = np.sin(2 * np.pi * np.arange(802) / 8)[None]
    assert module.svd_entropy(x, order=2, delay=2, normalize=False)[0] == pytest.approx(1.0, rel=1e-6)
    # three columns, the third minus the first: [1, 1, -1 ...] still has rank two, and the third value is zero
    assert module.svd_entropy(x, order=3, delay=2, normalize=False)[0] < 1.0
    assert np.isnan(module.svd_entropy(np.zeros((1, 50)))).all()
