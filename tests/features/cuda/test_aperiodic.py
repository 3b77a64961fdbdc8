"""The aperiodic fit on the device takes the steps of the reference, and what cannot be fitted is NaN there too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neurocli.features import aperiodic as reference

FREQS = np.arange(1.0, 41.0)
CLOSE = 1e-6  # the twin states 1e-4, for a fit that rounding stops a step sooner; these do not stand on that edge


def spectrum(*bumps, offset=-11.0, exponent=1.5, rough=0.02, seed=0):
    """Return a power law with bumps (centre, height, standard deviation), rough as an estimate is."""
    level = offset - exponent * np.log10(FREQS) + rough * np.random.default_rng(seed).standard_normal(FREQS.size)
    for centre, height, std in bumps:
        level += height * np.exp(-((FREQS - centre) ** 2) / (2 * std**2))
    return 10**level


def check(kernels, power, close=CLOSE, dtype="float64", **settings):
    """Hold the fit against the reference's, and return how many bumps each spectrum has."""
    signal = torch.from_numpy(power.astype(dtype))
    found, bumps = (one.numpy() for one in kernels("aperiodic").power_law(signal, FREQS, **settings))
    with np.errstate(divide="ignore", invalid="ignore"):
        expected, expected_bumps = reference.power_law(power, FREQS, **settings)
    assert bumps.shape == expected_bumps.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=close)
    np.testing.assert_allclose(bumps, expected_bumps, rtol=0, atol=10 * close)
    return np.isfinite(expected_bumps[..., 0]).sum(axis=-1).tolist()


def test_no_bump_one_and_two(kernels):
    """Two are fitted together, for they overlap."""
    power = [spectrum(), spectrum((10, 0.8, 1.2)), spectrum((10, 0.8, 1.5), (16, 0.5, 1.5))]
    assert check(kernels, np.stack(power)[:, None]) == [[0], [1], [2]]


@pytest.mark.slow
def test_many_bumps_of_a_rough_spectrum(kernels):
    """As of an epoch of a few seconds: the radius shrinks, and steps are regularised."""
    power = np.stack([spectrum((10, 0.9, 1.2), rough=0.35, seed=seed) for seed in (1, 2)])
    assert min(check(kernels, power)) > 2


def test_bumps_at_their_bounds(kernels):
    """One is narrower and one is wider than a bump may be, so that steps are cut and reflected there."""
    power = np.stack([spectrum((20, 0.8, 0.3)), spectrum((20, 0.8, 6.0))])
    assert check(kernels, power, peak_width=(1.5, 5.0), max_n_peaks=2) != [0, 0]


def test_what_cannot_be_fitted_is_nan_and_harms_no_other(kernels):
    power = np.stack([spectrum((10, 0.8, 1.2))] * 5)
    power[1], power[2, 7], power[3, 3], power[4, 9] = 0.0, np.nan, 0.0, np.inf
    assert check(kernels, power) == [1, 0, 0, 0, 0]


def test_a_constant_signal_and_too_few_points_have_no_law(kernels):
    assert check(kernels, np.zeros((1, FREQS.size))) == [0]
    assert check(kernels, spectrum()[None], freq_range=(10.0, 12.0)) == [0]


def test_bumps_that_are_too_low_too_near_the_edge_or_beyond_the_number_are_left(kernels):
    power = np.stack([spectrum((1.2, 0.9, 1.0)), spectrum((12, 0.08, 1.0)), spectrum((8, 0.5, 1.0), (20, 0.9, 1.0))])
    assert check(kernels, power, max_n_peaks=1) == [0, 0, 1]
    assert check(kernels, power, max_n_peaks=0) == [0, 0, 0]


@pytest.mark.parametrize("gain", [1e-12, 1.0, 1e12])
def test_the_unit_of_power_is_only_in_the_offset(kernels, gain):
    fitted = kernels("aperiodic").power_law(torch.from_numpy(gain * spectrum((10, 0.8, 1.2))[None]), FREQS)
    expected = reference.power_law(spectrum((10, 0.8, 1.2))[None], FREQS)
    np.testing.assert_allclose(fitted[0].numpy() - [np.log10(gain), 0, 0], expected[0], atol=CLOSE)
    np.testing.assert_allclose(fitted[1].numpy(), expected[1], atol=10 * CLOSE)


def test_single_precision_moves_the_fit_by_what_it_rounds(kernels):
    power = np.stack([spectrum((10, 0.8, 1.2), offset=0.0), spectrum(offset=0.0)])
    assert check(kernels, power, close=1e-5, dtype="float32") == [1, 0]


def test_frequencies_in_another_unit_take_the_same_steps(kernels):
    """The width of a bump is what they are measured in."""
    power = spectrum((10, 0.8, 2.0))[None]
    assert check(kernels, power, peak_width=(3.0, 12.0), freq_range=(3.0, 30.0)) == [1]
