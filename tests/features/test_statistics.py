"""Oracles: NumPy, scipy.stats, antropy; and closed forms of a sine."""

from __future__ import annotations

import antropy
import numpy as np
import pytest
import scipy.stats
from mne_features.univariate import compute_line_length

from neurocli.features.engine import compute
from neurocli.features.hjorth import hjorth_activity, hjorth_complexity, hjorth_mobility
from neurocli.features.waveform import zero_crossings

SFREQ = 250.0
X = np.cumsum(np.random.default_rng(1).standard_normal((3, 4, 500)), axis=-1)
X -= X.mean(axis=-1, keepdims=True)
AT = [0.0, 0.1, 0.5, 1.0]
ORACLES = {
    "mean": lambda x: np.mean(x, axis=-1),
    "variance": lambda x: np.var(x, axis=-1),
    "std": lambda x: np.std(x, axis=-1),
    "log_variance": lambda x: np.log10(np.var(x, axis=-1)),
    "skewness": lambda x: scipy.stats.skew(x, axis=-1),
    "kurtosis": lambda x: scipy.stats.kurtosis(x, axis=-1),
    "rms": lambda x: np.linalg.norm(x, axis=-1) / np.sqrt(x.shape[-1]),
    "peak_to_peak": lambda x: np.max(x, axis=-1) - np.min(x, axis=-1),
    "line_length": lambda x: np.stack([compute_line_length(epoch) for epoch in x]),
    "zero_crossings": lambda x: antropy.num_zerocross(x, axis=-1),
    "hjorth_activity": lambda x: np.var(x, axis=-1),
    "hjorth_mobility": lambda x: antropy.hjorth_params(x, axis=-1)[0] * SFREQ,
    "hjorth_complexity": lambda x: antropy.hjorth_params(x, axis=-1)[1],
    "voxels": lambda x: np.mean(x, axis=-1),
}


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("name", ORACLES)
def test_it_is_what_the_oracle_says(name, backend):
    (block,) = compute(X, SFREQ, [(name, {})], ch_names=list("abcd"), backend=backend)
    np.testing.assert_allclose(block.values, ORACLES[name](X), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_quantiles_are_those_of_numpy_and_named_by_probability(backend):
    (block,) = compute(X, SFREQ, [("quantiles", {"at": AT})], ch_names=list("abcd"), backend=backend)
    np.testing.assert_allclose(block.values.reshape(3, 4, 4), np.moveaxis(np.quantile(X, AT, axis=-1), 0, -1))
    assert block.columns[:5] == (
        "quantiles/0/a",
        "quantiles/0.1/a",
        "quantiles/0.5/a",
        "quantiles/1/a",
        "quantiles/0/b",
    )


@pytest.mark.parametrize("freq", [1, 10, 100])
def test_mobility_of_a_sine_is_its_angular_frequency(freq):
    """Differencing a sine multiplies it by 2 sin(pi f / fs), exactly."""
    sfreq, n_times = 1000.0, 10_000
    x = np.sin(2 * np.pi * freq * np.arange(n_times) / sfreq)
    expected = 2 * sfreq * np.sin(np.pi * freq / sfreq)
    # np.diff loses one slope in n_times, twice for the complexity, in which it counts twice
    assert hjorth_mobility(x, sfreq) == pytest.approx(expected, rel=1 / n_times)
    assert hjorth_complexity(x) == pytest.approx(1.0, rel=3 / n_times)
    assert hjorth_activity(x) == pytest.approx(0.5)


def test_zero_is_positive_whatever_its_sign():
    assert zero_crossings(np.array([1.0, 0.0, -0.0, 1.0])) == 0
    assert zero_crossings(np.array([-1.0, 0.0, -1.0, -0.0])) == 3


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [("variance", 0.0), ("std", 0.0), ("skewness", np.nan), ("kurtosis", np.nan), ("hjorth_mobility", np.nan),
     ("hjorth_complexity", np.nan), ("line_length", 0.0), ("peak_to_peak", 0.0), ("log_variance", np.nan)],
)  # fmt: skip
def test_a_constant_has_the_values_that_the_page_promises(name, expected, backend):
    (block,) = compute(np.full((1, 1, 77), 0.1), SFREQ, [(name, {})], ch_names=["a"], backend=backend)
    np.testing.assert_array_equal(block.values, [[expected]])
