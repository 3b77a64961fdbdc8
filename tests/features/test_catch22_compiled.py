"""The compiled 22: what counts, waits or decides is exactly the reference's, all else to 1e-12."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocli.features import _catch22_symbols as symbols
from neurocli.features import catch22 as reference
from neurocli.features._catch22_common import zscored
from neurocli.features.kernels import catch22 as scans
from neurocli.features.kernels import catch22_values as twin
from neurocli.features.kernels._standard import standardised

TIMES = np.arange(1000)
EXACT = (
    "acf_timescale", "acf_first_min", "low_freq_power", "median_freq", "whiten_timescale", "high_fluctuation",
    "stretch_high", "stretch_decreasing", "ami_timescale", "periodicity",
)  # fmt: skip


def pink(rng, n_series, n_times):
    """Return 1/f noise."""
    freqs = np.fft.rfftfreq(n_times)
    waves = rng.standard_normal((n_series, freqs.size)) + 1j * rng.standard_normal((n_series, freqs.size))
    return np.fft.irfft(waves / np.sqrt(np.maximum(freqs, freqs[1])), n_times)


def series():
    """Return rows of each kind, but none of period 2: of every other sample of it, only rounding has a fluctuation."""
    rng = np.random.default_rng(7)
    periods = (2, 3, 5, 8, 20, 25, 37, 50, 125, 250, 1000)
    return {
        "noise": rng.standard_normal((5, 1000)),
        "1/f": pink(rng, 40, 1000),
        "1/f of an odd length": pink(rng, 5, 1025),
        "random walk": np.cumsum(rng.standard_normal((5, 333)), axis=-1),
        "sines": np.stack([np.sin(2 * np.pi * TIMES / period) for period in periods]),
        "squares": np.stack([(TIMES // width % 2).astype(float) for width in (2, 5, 10, 25, 50)]),
        "saw": (TIMES % 40.0)[None],
        "ramp": TIMES.astype(float)[None],
        "step": (TIMES > 500).astype(float)[None],
        "one outlier": np.eye(1, 300, 70) * 9.0,
        "integers": rng.integers(0, 5, (5, 1000)).astype(float),
        "two values": rng.integers(0, 2, (5, 500)).astype(float),
        "16 samples": rng.standard_normal((20, 16)),
        "16 integers": rng.integers(0, 3, (20, 16)).astype(float),
        "17 samples": rng.standard_normal((5, 17)),
        "50 samples": rng.standard_normal((5, 50)),
        "constant": np.full((2, 100), 3.0),
        "one of them constant": np.concatenate([np.full((1, 100), 0.1), rng.standard_normal((2, 100))]),
    }


SERIES = series()


def both(x):
    """Return the 22 of the reference and of the twins."""
    with np.errstate(all="ignore"):  # of a ramp, the steps' autocorrelation is 0 / 0
        expected = reference.catch22(x, reference.outlier_timing(x), reference.fluctuation_regimes(x))
    return expected, twin.catch22(x, scans.outlier_timing(x), scans.fluctuation_regimes(x))


def check(x):
    expected, found = both(x)
    exact = [reference.NAMES.index(name) for name in EXACT]
    np.testing.assert_array_equal(found[:, exact], expected[:, exact])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", SERIES)
def test_it_is_the_reference(kind, dtype):
    x = SERIES[kind].astype(dtype)
    np.testing.assert_array_equal(standardised(x), zscored(x))
    check(x)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), n_times=st.integers(16, 150), n_values=st.integers(2, 6))
def test_it_is_the_reference_where_values_tie(seed, n_times, n_values):
    check(np.random.default_rng(seed).integers(0, n_values, (3, n_times)).astype(float))


def test_a_series_does_not_know_those_that_are_transformed_with_it():
    x = SERIES["1/f"]
    whole = twin.catch22(x, scans.outlier_timing(x), scans.fluctuation_regimes(x))
    for i in (0, 15, 16, 39):
        one = x[i : i + 1]
        alone = twin.catch22(one, scans.outlier_timing(one), scans.fluctuation_regimes(one))
        np.testing.assert_array_equal(alone[0], whole[i])


@pytest.mark.parametrize("step", [2, 3, 7, 19, 20])
def test_only_the_samples_that_are_kept_are_filtered(step, monkeypatch):
    z = SERIES["noise"]
    expected = symbols._every(z, step)
    np.testing.assert_array_equal(twin._low_passed(z, step), expected)
    monkeypatch.delattr(np, "vecdot", raising=False)  # as in NumPy 1
    np.testing.assert_array_equal(twin._low_passed(z, step), expected)
