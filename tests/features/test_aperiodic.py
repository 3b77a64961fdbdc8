"""Oracle: specparam 2.0.0rc7; ground truth: power laws, knees and bumps that were put there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch
from specparam import SpectralModel

from neurocli.features import aperiodic as reference
from neurocli.features.engine import compute
from neurocli.features.kernels import aperiodic as cpu

both = pytest.mark.parametrize("module", [reference, cpu], ids=["reference", "cpu"])
SFREQ = 250.0
FREQS = np.arange(0.0, 60.5, 0.5)


def spectra(n=24, seed=0):
    """Return Welch spectra of 1/f noise with an alpha rhythm, as rough as an epoch of 4 s makes them."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(1000, 1 / SFREQ)
    bump = 1 + 8 * np.exp(-((freqs - 10) ** 2) / 2)
    amplitude = np.sqrt(bump) / np.maximum(freqs, 0.25) ** rng.uniform(0.3, 1.0, (n, 1))
    noise = rng.standard_normal((n, freqs.size)) + 1j * rng.standard_normal((n, freqs.size))
    freqs, power = welch(np.fft.irfft(noise * amplitude), SFREQ, nperseg=500)
    return freqs, power


def theirs(freqs, power, mode="fixed", freq_range=(2, 40)):
    model = SpectralModel(
        peak_width_limits=(1, 8),
        max_n_peaks=6,
        min_peak_height=0.1,
        peak_threshold=2.0,
        aperiodic_mode=mode,
        verbose=False,
    )
    model.fit(freqs, power, list(freq_range))
    return model.get_params("aperiodic"), model.results.params.periodic.get_params("fit").reshape(-1, 3)


def law(offset, exponent, knee=0.0):
    return 10**offset / (knee + np.maximum(FREQS, 0.1) ** exponent)


@both
def test_laws_and_bumps_are_those_of_specparam(module):
    """Their last fit of a line stops within 1e-5 of it, ours is closed; the bumps take the same steps."""
    freqs, power = spectra()
    found, bumps = module.power_law(power, freqs)
    for row, ours, expected in zip(found, bumps, (theirs(freqs, p) for p in power), strict=True):
        np.testing.assert_allclose(row[[0, 2]], expected[0], atol=1e-5)
        n_bumps = len(expected[1])
        np.testing.assert_allclose(ours[:n_bumps], expected[1] * [1, 1, 2], atol=1e-4)
        assert np.isnan(ours[n_bumps:]).all()
    assert (~np.isnan(bumps[..., 0])).sum() > 24


def test_a_knee_is_that_of_specparam():
    power = law(1.0, 2.0, knee=100.0) * np.exp(0.05 * np.random.default_rng(0).standard_normal((4, FREQS.size)))
    found, _ = reference.power_law(power, FREQS, mode="knee", freq_range=(1.0, 60.0))
    expected = [theirs(FREQS, row, "knee", (1, 60))[0] for row in power]
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    np.testing.assert_allclose(reference.aperiodic_knee(found), 10.0, rtol=0.1)


@both
@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.0])
def test_a_power_law_is_recovered(module, exponent):
    power = law(-11.0, exponent)
    power[1::2] *= 1 + 1e-9  # so that some points lie below the line
    found, bumps = module.power_law(power[None], FREQS)
    np.testing.assert_allclose(found[0], [-11.0, 0.0, exponent], atol=1e-6)
    assert np.isnan(bumps).all()


@both
def test_a_bump_is_recovered_and_does_not_bend_the_law(module):
    height, std = 0.8, 1.2
    rough = 0.02 * np.random.default_rng(0).standard_normal(FREQS.size)
    power = law(-11.0, 1.5) * 10 ** (height * np.exp(-((FREQS - 10) ** 2) / (2 * std**2)) + rough)
    found, bumps = module.power_law(power[None], FREQS)
    assert found[0, 2] == pytest.approx(1.5, abs=0.05)
    np.testing.assert_allclose(bumps[0, 0], [10.0, height, 2 * std], rtol=0.1)


@both
def test_the_frequency_zero_has_no_logarithm_and_is_left_out_as_specparam_does(module):
    freqs, power = spectra(4)
    whole, _ = module.power_law(power, freqs, freq_range=(0.0, 40.0))
    assert np.isfinite(whole[..., [0, 2]]).all()
    np.testing.assert_array_equal(whole, module.power_law(power, freqs, freq_range=(0.5, 40.0))[0])
    with pytest.warns(RuntimeWarning, match="skipping frequency == 0"):
        expected = [theirs(freqs, one, freq_range=(0, 40))[0] for one in power]
    np.testing.assert_allclose(whole[:, [0, 2]], expected, atol=1e-5)


def test_of_many_points_more_than_two_are_below_the_percentile():
    """Ten thousand frequencies, those of a recording that nobody cut, have three at most."""
    freqs = np.linspace(0.0, 50.0, 10_001)
    rough = np.random.default_rng(0).standard_normal((3, freqs.size))
    power = np.exp(0.5 * rough) / np.maximum(freqs, 0.01) ** 1.5
    settings = {"freq_range": (1.0, 48.0), "max_n_peaks": 0}
    x, y = np.log10(freqs[200:9601]), np.log10(power[:, 200:9601])
    found = [cpu._robust_line(x, np.ascontiguousarray(row)) for row in y]
    limits = reference.Limits(freqs[200:9601], "fixed", (1.0, 8.0), 0, 0.1, 2.0)
    np.testing.assert_allclose(found, [limits._robust_law(row)[[0, 2]] for row in y], rtol=1e-9)
    np.testing.assert_allclose(
        cpu.power_law(power, freqs, **settings)[0], reference.power_law(power, freqs, **settings)[0], rtol=1e-9
    )


@both
def test_float32_and_other_settings_agree(module):
    freqs, power = spectra(8, seed=3)
    settings = {"freq_range": (3.0, 30.0), "peak_width": (2.0, 6.0), "max_n_peaks": 2, "min_peak_height": 0.3}
    expected, expected_bumps = reference.power_law(power, freqs, **settings)
    found, bumps = module.power_law(power.astype(np.float32), freqs.astype(np.float32), **settings)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(bumps, expected_bumps, atol=1e-2)


@both
def test_what_cannot_be_fitted_is_nan(module):
    found, bumps = module.power_law(np.zeros((2, FREQS.size)), FREQS)
    assert np.isnan(found).all()
    assert np.isnan(bumps).all()
    for few in [(10.0, 11.0), (100.0, 120.0)]:
        found, _ = module.power_law(np.ones((2, FREQS.size)), FREQS, freq_range=few)
        assert found.shape == (2, 3)
        assert np.isnan(found).all()


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_features_of_a_random_walk(backend):
    """Its spectrum falls with f^2; one spectrum's exponent scatters by a tenth, so the mean of 24 by 0.02."""
    x = np.cumsum(np.random.default_rng(2).standard_normal((6, 4, 2500)), axis=-1)
    asked = [("aperiodic_exponent", {}), ("aperiodic_offset", {}), ("bump_frequency", {})]
    exponent, offset, _ = compute(x, SFREQ, asked, ch_names=list("abcd"), backend=backend)
    assert exponent.values.mean() == pytest.approx(2.0, abs=0.1)
    # 2 / (fs (2 pi f / fs)^2) at 1 Hz, for steps of unit variance
    assert offset.values.mean() == pytest.approx(np.log10(2 / SFREQ / (2 * np.pi / SFREQ) ** 2), abs=0.15)
