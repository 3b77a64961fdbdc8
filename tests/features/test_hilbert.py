"""Oracle: SciPy's analytic signal with its phase unwrapped; ground truth: a sine and a chirp."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import hilbert

from neurocli.features.engine import compute

SFREQ = 200.0
NAMES = ("envelope_mean", "envelope_std", "instantaneous_frequency_median", "instantaneous_frequency_iqr")
backends = pytest.mark.parametrize("backend", ["reference", "cpu"])


def found(x, backend):
    blocks = compute(x[None], SFREQ, [(name, {}) for name in NAMES], ch_names=list("abcdef")[: len(x)], backend=backend)
    return [block.values[0] for block in blocks]


@backends
@pytest.mark.parametrize("n_times", [400, 401])
def test_as_scipy(backend, n_times):
    x = np.cumsum(np.random.default_rng(0).standard_normal((3, n_times)), axis=-1)
    signal = hilbert(x - x.mean(axis=-1, keepdims=True))
    frequency = np.diff(np.unwrap(np.angle(signal))) * SFREQ / (2 * np.pi)
    spread = np.quantile(frequency, 0.75, axis=-1) - np.quantile(frequency, 0.25, axis=-1)
    envelope = np.abs(signal)
    expected = [envelope.mean(axis=-1), envelope.std(axis=-1), np.median(frequency, axis=-1), spread]
    np.testing.assert_allclose(found(x, backend), expected, rtol=1e-9)


@backends
def test_of_a_sine(backend):
    """20 whole periods of 10 Hz and amplitude 3, which the discrete transform holds exactly."""
    x = 3 * np.sin(2 * np.pi * 10 * np.arange(400) / SFREQ)[None]
    np.testing.assert_allclose(np.ravel(found(x, backend)), [3.0, 0.0, 10.0, 0.0], atol=1e-9)


@backends
def test_of_a_chirp(backend):
    """From 20 to 40 Hz: the median is 30 and the quartiles are 10 apart, but for the ends."""
    t = np.arange(2000) / SFREQ
    x = np.cos(2 * np.pi * (20 * t + t**2))[None]
    mean, _, median, spread = np.ravel(found(x, backend))
    assert (mean, median, spread) == pytest.approx((1.0, 30.0, 10.0), rel=0.02)


@backends
def test_of_a_constant(backend):
    mean, std, median, spread = np.ravel(found(np.full((1, 100), 0.1), backend))
    assert (mean, std) == (0.0, 0.0)
    assert np.isnan([median, spread]).all()
