"""Oracle: scipy's Welch and Simpson, MNE's multitaper."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.signal import welch

from neurocli.errors import InputError
from neurocli.features.band_power import BANDS, band_power, band_ratio
from neurocli.features.engine import compute
from neurocli.features.spectrum import psd

SFREQ, N_TIMES = 250.0, 1000
RNG = np.random.default_rng(0)
X = np.cumsum(RNG.standard_normal((2, 3, N_TIMES)), axis=-1) * 1e-6


@pytest.mark.parametrize("segment", [256 / SFREQ, 2.0, 40.0])
def test_welch_is_that_of_scipy(segment):
    freqs, expected = welch(X, SFREQ, nperseg=min(round(segment * SFREQ), N_TIMES))
    power, found = psd(X, SFREQ, segment=segment)
    np.testing.assert_array_equal(found, freqs)
    np.testing.assert_allclose(power, expected, rtol=1e-9, atol=1e-12 * expected.max())


@pytest.mark.parametrize("n_times", [1000, 999])
def test_multitaper_is_that_of_mne(n_times):
    options = {"bandwidth": 2.0, "adaptive": False, "low_bias": True, "normalization": "full", "verbose": False}
    expected, freqs = mne.time_frequency.psd_array_multitaper(X[..., :n_times], SFREQ, **options)
    power, found = psd(X[..., :n_times], SFREQ, method="multitaper", bandwidth=2.0)
    np.testing.assert_allclose(found, freqs)
    np.testing.assert_allclose(power, expected, rtol=1e-9, atol=1e-12 * expected.max())


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_power_is_the_simpson_integral_with_both_edges(backend):
    freqs, spectrum = welch(X, SFREQ, nperseg=256)
    chosen = [(freqs >= low) & (freqs <= high) for low, high in BANDS.values()]
    expected = np.stack([simpson(spectrum[..., bins], dx=freqs[1], axis=-1) for bins in chosen], axis=-1)
    request = ("band_power", {"psd": {"segment": 256 / SFREQ}})
    (block,) = compute(X, SFREQ, [request], ch_names=list("abc"), backend=backend)
    np.testing.assert_allclose(block.values.reshape(expected.shape), expected, rtol=1e-9)
    assert block.columns[:6] == (*(f"band_power/{band}/a" for band in BANDS), "band_power/delta/b")
    assert block.unit == "V^2"


def test_the_power_of_a_sine_is_half_its_squared_amplitude():
    """The Hann window spreads a line over three bins of 0.5 Hz, all inside the band."""
    sine = 3.0 * np.sin(2 * np.pi * 10 * np.arange(N_TIMES) / SFREQ)
    power = band_power(*psd(sine, SFREQ), bands={"alpha": (8.0, 12.0)})
    # bins carry 1/6, 2/3, 1/6 of it; on an odd bin Simpson weighs them 2/3, 4/3, 2/3, which makes 10/9 of the whole
    assert power[0] == pytest.approx(4.5, rel=0.12)


def test_relative_and_logarithm():
    power, freqs = psd(X, SFREQ)
    absolute = band_power(power, freqs)
    relative = band_power(power, freqs, relative=True)
    np.testing.assert_allclose(band_power(power, freqs, log=True), np.log10(absolute))
    whole = band_power(power, freqs, bands={"whole": (1.0, 45.0)})
    np.testing.assert_allclose(relative, absolute / whole)
    ratio = band_ratio(power, freqs, numerator=BANDS["theta"], denominator=BANDS["beta"])
    np.testing.assert_allclose(ratio, absolute[..., 1] / absolute[..., 3])


@pytest.mark.parametrize(
    ("chosen", "unit"),
    [
        ({}, "V^2"),
        ({"log": True}, "log10 V^2"),
        ({"relative": True}, "1"),
        ({"relative": True, "log": True}, "log10 1"),
    ],
)
def test_the_unit_follows_the_settings(chosen, unit):
    (block,) = compute(X, SFREQ, [("band_power", chosen)], ch_names=list("abc"))
    assert block.unit == unit


@pytest.mark.parametrize(
    ("band", "sentence"),
    [
        ((100.0, 130.0), r"\[100 Hz, 130 Hz\] reaches beyond 125 Hz"),
        ((10.1, 10.4), "holds 0 of the frequencies of the spectrum, which are 0.5 Hz apart"),
        ((10.0, 10.4), "holds 1 of the frequencies"),
    ],
)
def test_a_band_that_does_not_fit_is_refused(band, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        compute(X, SFREQ, [("band_power", {"bands": {"odd": band}})], ch_names=list("abc"))
    assert caught.value.code == "E-FEATURES-BAND"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"segment": 0.001}, "E-FEATURES-SEGMENT"),
        ({"overlap": 1.0}, "E-FEATURES-SEGMENT"),
        ({"method": "multitaper", "bandwidth": 0.1}, "E-FEATURES-BANDWIDTH"),
    ],
)
def test_a_spectrum_that_cannot_be_made_is_refused(settings, code):
    with pytest.raises(InputError) as caught:
        compute(X, SFREQ, [("band_power", {"psd": settings})], ch_names=list("abc"))
    assert caught.value.code == code
