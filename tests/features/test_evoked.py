"""Ground truth: a bump of known height, place and area; NumPy's own trapezoidal rule."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.features.engine import compute

SFREQ = 500.0
TIMES = np.arange(500) / SFREQ
BUMP = 5e-6 * np.exp(-(((TIMES - 0.3) / 0.03) ** 2)) - 2e-6 * np.exp(-(((TIMES - 0.6) / 0.03) ** 2))


def value(name, x=BUMP, **settings):
    (block,) = compute(x[None, None], SFREQ, [(name, settings)], ch_names=["Pz"], backend="reference")
    return block.values[0]


@pytest.mark.parametrize(
    ("settings", "amplitude", "latency"),
    [
        ({}, 5e-6, 0.3),
        ({"sign": "negative"}, -2e-6, 0.6),
        ({"window": (0.5, 0.8)}, -2e-6, 0.6),
        ({"window": (0.2, 0.5), "sign": "positive"}, 5e-6, 0.3),
    ],
)
def test_the_peak_is_where_it_was_put(settings, amplitude, latency):
    np.testing.assert_allclose(value("erp_peak_amplitude", **settings), amplitude, rtol=1e-9)
    np.testing.assert_allclose(value("erp_peak_latency", **settings), latency, rtol=1e-12)


def test_the_area_is_the_integral():
    part = slice(100, 251)
    found = value("erp_area", window=(0.2, 0.5))
    np.testing.assert_allclose(found, np.trapezoid(BUMP[part], dx=1 / SFREQ), rtol=1e-12)
    np.testing.assert_allclose(found, 5e-6 * 0.03 * np.sqrt(np.pi), rtol=1e-3)
    np.testing.assert_allclose(value("erp_area", rectify=True), np.trapezoid(abs(BUMP), dx=1 / SFREQ), rtol=1e-12)


@pytest.mark.parametrize("window", [(-0.1, 0.2), (0.5, 1.0)])
def test_a_window_beyond_the_epoch_is_refused(window):
    with pytest.raises(InputError, match="not within the epoch"):
        value("erp_area", window=window)


@pytest.mark.parametrize("statistic", ["mean", "std", "min", "max"])
def test_the_pyramid_is_made_of_halves(statistic):
    x = np.random.default_rng(0).standard_normal(501)
    parts = [x, x[:250], x[250:], x[:125], x[125:250], x[250:375], x[375:]]
    expected = [getattr(np, statistic)(part) for part in parts]
    np.testing.assert_allclose(value("temporal_pyramid", x, statistic=statistic), expected, rtol=1e-12)
