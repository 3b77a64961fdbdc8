"""Oracles: antropy and mne-features under their conventions; closed forms on spectra made by hand."""

from __future__ import annotations

import antropy
import numpy as np
import pytest
from mne_features.univariate import compute_spect_edge_freq
from scipy.signal import welch

from neurocli.features.engine import compute
from neurocli.features.spectral_moments import spectral_moments
from neurocli.features.spectral_shape import peak_frequency, spectral_edge, spectral_entropy

SFREQ = 250.0
X = np.cumsum(np.random.default_rng(3).standard_normal((2, 3, 1000)), axis=-1)
SEGMENT = {"psd": {"segment": 256 / SFREQ}}


def values(name, settings, backend="reference"):
    (block,) = compute(X, SFREQ, [(name, settings)], ch_names=list("abc"), backend=backend)
    return block.values


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_entropy_is_that_of_antropy(backend):
    expected = antropy.spectral_entropy(X, SFREQ, method="welch", nperseg=256, normalize=True, axis=-1)
    np.testing.assert_allclose(values("spectral_entropy", SEGMENT, backend), expected, rtol=1e-9)


@pytest.mark.parametrize("edge", [0.5, 0.95])
def test_edge_is_that_of_mne_features(edge):
    """Theirs, of the same spectrum: Hamming windows of 1.024 s without overlap are not ours, so theirs is rebuilt."""
    freqs, power = welch(X, SFREQ, nperseg=256)
    below = power.cumsum(axis=-1)
    expected = freqs[(below >= edge * power.sum(axis=-1, keepdims=True)).argmax(axis=-1)]
    np.testing.assert_array_equal(values("spectral_edge", {"edge": edge, **SEGMENT}), expected)
    theirs = np.stack([compute_spect_edge_freq(SFREQ, epoch, edge=[edge], psd_method="welch") for epoch in X])
    assert np.abs(theirs - expected).max() <= 2 * freqs[1]  # another window moves a bin or two


def test_of_a_flat_spectrum():
    freqs = np.arange(101.0)
    flat = np.ones(101)
    assert spectral_entropy(flat, freqs) == pytest.approx(1.0)
    assert spectral_edge(flat, freqs, edge=0.5) == 50.0
    mean, variance, third, fourth = spectral_moments(flat, freqs)
    # the discrete uniform distribution on 101 points: (n^2 - 1) / 12 and (n^2 - 1)(3 n^2 - 7) / 240
    assert (mean, variance, third) == pytest.approx((50.0, 850.0, 0.0), abs=1e-9)
    assert fourth == pytest.approx((101**2 - 1) * (3 * 101**2 - 7) / 240)


def test_of_a_line():
    freqs = np.arange(101.0)
    line = (freqs == 10.0).astype(float)
    assert spectral_entropy(line, freqs) == 0.0
    assert spectral_edge(line, freqs) == 10.0
    assert peak_frequency(line, freqs) == 10.0


def test_of_nothing():
    freqs, nothing = np.arange(101.0), np.zeros((2, 101))
    for feature in (spectral_entropy, spectral_edge, peak_frequency):
        assert np.isnan(feature(nothing, freqs)).all()


def test_moments_are_those_of_the_distribution_over_frequency():
    freqs, power = welch(X, SFREQ, nperseg=256)
    share = power / power.sum(axis=-1, keepdims=True)
    centre = (share * freqs).sum(axis=-1)
    central = [(share * (freqs - centre[..., None]) ** k).sum(axis=-1) for k in range(5)]
    np.testing.assert_allclose(values("spectral_centroid", SEGMENT), centre, rtol=1e-9)
    np.testing.assert_allclose(values("spectral_spread", SEGMENT), np.sqrt(central[2]), rtol=1e-9)
    np.testing.assert_allclose(values("spectral_skewness", SEGMENT), central[3] / central[2] ** 1.5, rtol=1e-9)
    np.testing.assert_allclose(values("spectral_kurtosis", SEGMENT), central[4] / central[2] ** 2 - 3, rtol=1e-9)


@pytest.mark.parametrize("freq", [8.0, 10.5, 13.0])
def test_the_peak_of_a_sine_is_its_frequency(freq):
    x = np.sin(2 * np.pi * freq * np.arange(1000) / SFREQ)[None, None]
    (block,) = compute(x, SFREQ, [("peak_frequency", {})], ch_names=["a"])
    assert block.values == freq  # a bin of segments of 2 s
