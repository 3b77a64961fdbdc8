"""Oracles: numpy.corrcoef, nilearn with an empirical covariance, pandas for windows; a sinusoid for amplitudes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurocli.errors import InputError
from neurocli.features.engine import compute

SFREQ = 0.5
NAMES = list("abcde")
RNG = np.random.default_rng(3)
X = np.einsum("ij,njt->nit", RNG.standard_normal((5, 5)), RNG.standard_normal((2, 5, 240))) + 100.0
UPPER = np.triu_indices(5, 1)


def values(name, x=X, **settings):
    (block,) = compute(x, SFREQ, [(name, settings)], ch_names=NAMES[: x.shape[1]], backend="reference")
    return block.values


def test_correlation_is_that_of_numpy():
    np.testing.assert_allclose(values("correlation"), [np.corrcoef(epoch)[UPPER] for epoch in X], rtol=1e-10)


KINDS = {"correlation": "correlation", "partial_correlation": "partial correlation", "precision": "precision"}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_plain_and_partial_are_those_of_nilearn(name, kind):
    connectome = pytest.importorskip("nilearn.connectome")
    from sklearn.covariance import EmpiricalCovariance

    measure = connectome.ConnectivityMeasure(cov_estimator=EmpiricalCovariance(), kind=kind, standardize=False)
    expected = measure.fit_transform([epoch.T for epoch in X])
    np.testing.assert_allclose(values(name), [matrix[UPPER] for matrix in expected], rtol=1e-9)


def test_the_feature_and_the_member_make_nilearns_tangent_connectivity():
    """What `covariance` gives, mapped as the member `tangent_space` maps it; nilearn divides all but the diagonal."""
    connectome = pytest.importorskip("nilearn.connectome")
    from sklearn.covariance import EmpiricalCovariance

    from neurocli.geometry.spd import mean
    from neurocli.geometry.tangent import tangent_vectors

    x = RNG.standard_normal((6, 5, 240)) + X[:1]
    options = {"cov_estimator": EmpiricalCovariance(), "kind": "tangent", "standardize": False, "vectorize": True}
    expected = connectome.ConnectivityMeasure(**options).fit_transform([epoch.T for epoch in x])
    covariances = values("covariance", x, estimator="scm")
    rows, columns = np.tril_indices(5)  # the order of nilearn, of which the first index is the row
    order = [list(zip(*np.triu_indices(5), strict=True)).index((c, r)) for r, c in zip(rows, columns, strict=True)]
    found = tangent_vectors(covariances, mean(covariances))[:, order] / np.sqrt(2)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)  # its mean is found to that


def test_channels_that_sum_to_zero_have_no_precision():
    assert np.isnan(values("precision", X - X.mean(axis=1, keepdims=True))).all()


def test_a_common_cause_is_taken_out():
    cause, a, b = RNG.standard_normal((3, 20000))
    x = np.stack([cause, cause + 0.5 * a, cause + 0.5 * b])[None]
    assert values("correlation", x)[0, 2] > 0.7
    assert abs(values("partial_correlation", x)[0, 2]) < 0.03


def test_channels_that_sum_to_zero_have_no_partial_correlation():
    x = X - X.mean(axis=1, keepdims=True)
    assert np.isnan(values("partial_correlation", x)).all()
    with pytest.raises(InputError, match="partial_correlation needs at least 6 samples"):
        values("partial_correlation", X[..., :5])


def test_windows_are_those_of_pandas():
    frame = pd.DataFrame(X[0].T)
    rolled = [frame[i].rolling(20).corr(frame[j]).dropna()[::5] for i, j in zip(*UPPER, strict=True)]
    expected = [(series.mean(), series.std(ddof=0)) for series in rolled]
    found = values("dynamic_correlation", window=40.0, step=10.0)[0].reshape(-1, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_the_amplitude_of_a_slow_sinusoid_is_found():
    times = np.arange(200) / SFREQ
    x = (3.0 * np.sin(2 * np.pi * 0.05 * times) + np.sin(2 * np.pi * 0.2 * times + 1) + 7.0)[None, None]
    n_bins = 29  # 0.01 Hz to 0.08 Hz, 0.0025 Hz apart
    np.testing.assert_allclose(values("alff", x), 3.0 / n_bins, rtol=0.2)
    np.testing.assert_allclose(values("falff", x), 0.75, rtol=0.2)
    assert np.isnan(values("falff", np.full((1, 1, 100), 4.0))).all()


def test_alff_is_its_formula():
    from scipy.signal import detrend, periodogram

    freqs, power = periodogram(detrend(X), SFREQ, scaling="spectrum", detrend=False)
    inside = (freqs >= 0.01 - 1e-12) & (freqs <= 0.08 + 1e-12)
    amplitude = np.sqrt(2 * power)
    amplitude[..., -1] *= np.sqrt(2)  # SciPy counts the Nyquist frequency once
    np.testing.assert_allclose(values("alff"), amplitude[..., inside].mean(axis=-1), rtol=1e-9)
    np.testing.assert_allclose(values("falff"), amplitude[..., inside].sum(-1) / amplitude[..., 1:].sum(-1), rtol=1e-9)


def test_a_band_below_the_resolution_is_refused():
    with pytest.raises(InputError, match="holds 0 of the frequencies"):
        values("alff", X, band=(0.0001, 0.001))
