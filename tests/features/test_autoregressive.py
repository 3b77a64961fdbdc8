"""Oracles: spectrum's Yule-Walker and Burg, SciPy's Toeplitz solver; ground truth: the poles of a simulation."""

from __future__ import annotations

import numpy as np
import pytest
import spectrum
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from neurocli.features import autoregressive as reference
from neurocli.features.engine import compute
from neurocli.features.kernels import autoregressive as cpu

both = pytest.mark.parametrize("module", [reference, cpu], ids=["reference", "cpu"])
X = np.cumsum(np.random.default_rng(4).standard_normal((3, 300)), axis=-1)
X -= X.mean(axis=-1, keepdims=True)


@both
@pytest.mark.parametrize("order", [1, 2, 8])
def test_as_spectrum_with_the_sign_of_the_prediction(module, order):
    yule_walker = [-spectrum.aryule(row, order)[0].real for row in X]
    burg = [-spectrum.arburg(row, order)[0].real for row in X]
    np.testing.assert_allclose(module.ar(X, order=order), yule_walker, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(module.ar(X, order=order, method="burg"), burg, rtol=1e-9, atol=1e-9)


@both
def test_levinson_solves_the_toeplitz_equations(module):
    lags = np.stack([np.correlate(row, row, "full")[row.size - 1 :][:9] for row in X])
    expected = [solve_toeplitz(row[:-1], row[1:]) for row in lags]
    np.testing.assert_allclose(module.ar(X), expected, rtol=1e-8, atol=1e-10)


@both
@pytest.mark.parametrize("method", ["yule_walker", "burg"])
def test_poles_of_a_simulation_are_found(module, method):
    """An alpha rhythm: poles of radius 0.95 at 10 of 250 Hz. The estimate's error is about 1 / sqrt(n)."""
    angle, n_times = 2 * np.pi * 10 / 250, 50_000
    phi = np.array([2 * 0.95 * np.cos(angle), -(0.95**2)])
    x = lfilter([1.0], np.r_[1.0, -phi], np.random.default_rng(0).standard_normal(n_times))[None]
    np.testing.assert_allclose(module.ar(x, order=2, method=method)[0], phi, atol=3 / np.sqrt(n_times))


def test_cepstrum_is_the_series_of_the_log_of_the_filter():
    """Poles p of the model give c_n = sum p^n / n."""
    poles = np.array([0.9 * np.exp(0.3j), 0.9 * np.exp(-0.3j), -0.5])
    phi = -np.poly(poles).real[1:]
    n = np.arange(1, 4)
    expected = (poles[:, None] ** n).sum(axis=0).real / n
    np.testing.assert_allclose(reference.lpc_cepstrum(phi[None])[0], expected, rtol=1e-12)


@both
def test_a_constant_has_no_model(module):
    x = np.full((2, 100), 0.1)
    assert np.isnan(module.ar(x)).all()
    assert np.isnan(module.ar(x, method="burg")).all()


def test_columns_are_named_by_lag():
    (block,) = compute(X[None], 250.0, [("ar_coefficients", {"ar": {"order": 2}})], ch_names=list("abc"))
    assert [name for name in block.columns if name.endswith("/a")] == ["ar_coefficients/1/a", "ar_coefficients/2/a"]
    np.testing.assert_allclose(block.values.reshape(3, 2), reference.ar(X, order=2), rtol=1e-12, atol=1e-12)
