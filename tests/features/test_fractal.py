"""Oracles: antropy and mne-features; ground truth: white noise, random walks, straight lines."""

from __future__ import annotations

import antropy
import numpy as np
import pytest
from mne_features.univariate import compute_hurst_exp

from neurocli.features import fluctuation, fractal
from neurocli.features.kernels import fluctuation as fast_fluctuation
from neurocli.features.kernels import fractal as fast_fractal

RNG = np.random.default_rng(1)
WALKS = np.cumsum(RNG.standard_normal((20, 700)), axis=-1)
SIGNALS = [WALKS, RNG.standard_normal((3, 301)), np.round(WALKS) + 0.0]
dimensions = pytest.mark.parametrize("module", [fractal, fast_fractal], ids=["reference", "cpu"])
memories = pytest.mark.parametrize("module", [fluctuation, fast_fluctuation], ids=["reference", "cpu"])


@dimensions
@pytest.mark.parametrize("name", ["higuchi_fd", "katz_fd", "petrosian_fd"])
@pytest.mark.parametrize(
    "x", [WALKS, RNG.standard_normal((3, 301)), np.round(WALKS) + 0.0], ids=["walk", "white", "steps"]
)
def test_dimensions_are_those_of_antropy(module, name, x):
    expected = [getattr(antropy, name)(row) for row in x]
    np.testing.assert_allclose(getattr(module, name)(x), expected, rtol=1e-11)


@dimensions
@pytest.mark.parametrize("k_max", [5, 20])
def test_higuchi_with_other_steps(module, k_max):
    expected = [antropy.higuchi_fd(row, k_max) for row in WALKS]
    np.testing.assert_allclose(module.higuchi_fd(WALKS, k_max=k_max), expected, rtol=1e-11)


@dimensions
def test_dimensions_of_a_line_and_of_noise(module):
    line, noise = np.arange(1000.0)[None], np.random.default_rng(0).standard_normal((8, 10_000))
    for name in ("higuchi_fd", "katz_fd", "petrosian_fd"):
        assert getattr(module, name)(line)[0] == pytest.approx(1.0, abs=1e-9)
    # white noise fills the plane; a walk is half way
    np.testing.assert_allclose(module.higuchi_fd(noise), 2.0, atol=0.02)
    np.testing.assert_allclose(module.higuchi_fd(noise.cumsum(axis=-1)), 1.5, atol=0.06)


@memories
@pytest.mark.parametrize("n_times", [250, 700])
def test_dfa_is_that_of_antropy(module, n_times):
    x = WALKS[:, :n_times]
    expected = [antropy.detrended_fluctuation(row) for row in x]
    np.testing.assert_allclose(module.dfa_exponent(x), expected, rtol=1e-9 if module is fast_fluctuation else 1e-11)


@memories
@pytest.mark.parametrize("n_times", [128, 700])
def test_hurst_is_that_of_mne_features(module, n_times):
    x = WALKS[:, :n_times]
    np.testing.assert_allclose(module.hurst_exponent(x), compute_hurst_exp(x), rtol=1e-9)


@memories
def test_exponents_of_noise_and_of_walks(module):
    """White noise has 0.5, its sum 1.5; short windows bias DFA upwards by some 0.05 at n = 4 (Kantelhardt, 2001)."""
    noise = np.random.default_rng(0).standard_normal((8, 20_000))
    assert module.dfa_exponent(noise).mean() == pytest.approx(0.5, abs=0.06)
    assert module.dfa_exponent(noise.cumsum(axis=-1)).mean() == pytest.approx(1.5, abs=0.06)
    # correct for white noise at every length by construction
    assert module.hurst_exponent(noise[:, :4000]).mean() == pytest.approx(0.5, abs=0.05)


@memories
def test_float32_keeps_the_digits_it_can(module):
    x = WALKS.astype(np.float32)
    np.testing.assert_allclose(module.dfa_exponent(x), fluctuation.dfa_exponent(x), rtol=1e-5)
    np.testing.assert_allclose(module.hurst_exponent(x), fluctuation.hurst_exponent(x), rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_small_windows_of_a_long_recording_are_not_drowned(dtype):
    """Five minutes that nobody cut, with a drift: sums over all of its walk are 10^20 times those of four samples."""
    x = np.random.default_rng(2).standard_normal((2, 75_000)).cumsum(axis=-1).astype(dtype)
    np.testing.assert_allclose(fast_fluctuation.dfa_exponent(x), fluctuation.dfa_exponent(x), rtol=1e-9)


@memories
def test_a_constant_has_no_exponent(module):
    x = np.full((2, 300), 0.1)
    assert np.isnan(module.dfa_exponent(x)).all()
    assert np.isnan(module.hurst_exponent(x)).all()
