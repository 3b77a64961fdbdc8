"""Oracles: the published formulas, pair by pair in plain NumPy; scipy.signal.hilbert for the analytic signal."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.signal import hilbert

from neurocli.errors import InputError
from neurocli.features.analytic import analytic
from neurocli.features.engine import compute

SFREQ = 200.0
TIMES = np.arange(800) / SFREQ
BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0)}
X = np.random.default_rng(0).standard_normal((3, 4, 800)).cumsum(axis=-1) * 1e-6
BACKENDS = pytest.mark.parametrize("backend", ["reference", "cpu"])


def values(name, x, backend="reference", **settings):
    settings = {"analytic": {"bands": BANDS, **settings}}
    (block,) = compute(x, SFREQ, [(name, settings)], ch_names=list("abcd")[: x.shape[1]], backend=backend)
    return block.values.reshape(len(x), -1, len(block.columns) * 2 // (x.shape[1] * (x.shape[1] - 1)))


def filtered(x, band):
    """Band-pass by hand, then SciPy's Hilbert transform."""
    freqs = np.fft.rfftfreq(x.shape[-1], 1 / SFREQ)
    spectrum = np.fft.rfft(x - x.mean())
    spectrum[(freqs < band[0]) | (freqs > band[1])] = 0
    return hilbert(np.fft.irfft(spectrum, x.shape[-1]))


def by_hand(name, a, b):
    cross = a * np.conj(b)
    lag = cross.imag
    own = (lag**2).sum()
    power = np.sqrt((abs(a) ** 2).sum() * (abs(b) ** 2).sum())
    return {
        "plv": abs(np.mean(np.exp(1j * (np.angle(a) - np.angle(b))))),
        "pli": abs(np.mean(np.sign(lag))),
        "wpli": abs(np.mean(lag)) / np.mean(abs(lag)),
        "wpli_debiased": (lag.sum() ** 2 - own) / (abs(lag).sum() ** 2 - own),
        "coherence": abs(cross.sum()) / power,
        "imaginary_coherence": cross.sum().imag / power,
        "amplitude_envelope_correlation": np.corrcoef(abs(a), abs(b))[0, 1],
    }[name]


ALL = (
    "plv", "pli", "wpli", "wpli_debiased", "coherence", "imaginary_coherence", "amplitude_envelope_correlation",
)  # fmt: skip


@BACKENDS
@pytest.mark.parametrize("name", ALL)
def test_each_measure_is_its_formula(name, backend):
    expected = [
        [
            [by_hand(name, filtered(a, band), filtered(b, band)) for band in BANDS.values()]
            for a, b in combinations(e, 2)
        ]
        for e in X
    ]
    np.testing.assert_allclose(values(name, X, backend), expected, rtol=1e-9, atol=1e-12)


def test_the_analytic_signal_of_all_frequencies_is_that_of_scipy():
    centred = X - X.mean(axis=-1, keepdims=True)
    found = analytic(X, SFREQ, bands={"all": (0.0, SFREQ / 2)})[:, 0]
    np.testing.assert_allclose(found, hilbert(centred), rtol=0, atol=1e-12 * abs(centred).max())


def test_trimming_cuts_both_ends_after_the_filter():
    whole, cut = (analytic(X, SFREQ, bands=BANDS, trim=trim) for trim in (0.0, 0.1))
    np.testing.assert_array_equal(cut, whole[..., 80:-80])
    with pytest.raises(InputError, match="leaves 0 of 800 samples"):
        analytic(X, SFREQ, bands=BANDS, trim=0.5)


@BACKENDS
@pytest.mark.parametrize(
    ("name", "expected"), [("plv", 1.0), ("pli", 1.0), ("wpli", 1.0), ("imaginary_coherence", 1.0)]
)
def test_a_quarter_turn_ahead_is_a_lag_and_all_locked(name, expected, backend):
    lead = np.stack([np.cos(2 * np.pi * 10 * TIMES), np.sin(2 * np.pi * 10 * TIMES)])[None]
    found = values(name, lead, backend, bands={"alpha": (8.0, 13.0)})
    np.testing.assert_allclose(found.ravel(), [expected], atol=1e-9)


@BACKENDS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equal_channels_have_no_lag_and_all_else(backend, dtype):
    same = np.repeat(X[:, :1], 2, axis=1).astype(dtype)
    for name, expected in {"pli": 0.0, "wpli": 0.0, "wpli_debiased": 0.0}.items():
        np.testing.assert_array_equal(values(name, same, backend), expected)
    for name in ("plv", "coherence", "amplitude_envelope_correlation"):
        np.testing.assert_allclose(values(name, same, backend), 1.0, rtol=1e-5)


@BACKENDS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_envelope_of_a_single_frequency_is_flat_and_has_no_correlation(backend, dtype):
    """A quarter of a second holds one frequency of the delta band; what its envelope moves is rounding."""
    x = np.random.default_rng(1).standard_normal((3, 4, 33)).astype(dtype)
    request = ("amplitude_envelope_correlation", {"analytic": {"bands": {"delta": (1.0, 4.0), "wide": (1.0, 30.0)}}})
    (block,) = compute(x, 128.0, [request], ch_names=list("abcd"), backend=backend)
    delta, wide = block.values.reshape(3, 6, 2).transpose(2, 0, 1)
    assert np.isnan(delta).all()
    assert np.isfinite(wide).all()


@BACKENDS
def test_a_constant_channel_has_no_phase_and_no_lag(backend):
    x = X.copy()
    x[:, 1] = 0.3
    found = values("plv", x, backend)
    assert np.isnan(found[:, [0, 3, 4]]).all()
    assert np.isfinite(found[:, [1, 2, 5]]).all()
    np.testing.assert_array_equal(values("wpli", x, backend)[:, [0, 3, 4]], 0.0)


@BACKENDS
@pytest.mark.parametrize("name", ["plv", "wpli", "coherence"])
def test_locking_rises_with_the_strength_of_the_coupling(name, backend):
    rng = np.random.default_rng(4)
    source, noise = filtered(rng.standard_normal(800), (8, 13)), rng.standard_normal(800)
    mixed = [np.stack([source.real, k * source.imag + noise])[None] for k in (0.0, 0.5, 2.0, 10.0)]
    found = [values(name, x, backend, bands={"alpha": (8.0, 13.0)}).item() for x in mixed]
    assert found == sorted(found)
    assert found[-1] > 0.9


def test_a_band_between_the_bins_is_refused():
    with pytest.raises(InputError, match="holds 0 of the frequencies"):
        values("plv", X, bands={"narrow": (10.05, 10.1)})
