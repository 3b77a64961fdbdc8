"""The 22 characteristics: pycatch22 is the oracle where it is installed; what it said is kept for where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.features import catch22 as features
from neurocli.features.engine import compute

TIMES = np.arange(1000)


def series():
    """Return rows of each kind, of lengths that are and are not powers of two, even and odd."""
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.standard_normal((3, 333)), axis=-1)
    return {
        "noise": rng.standard_normal((3, 1000)),
        "random walk": walk,
        "long": np.cumsum(rng.standard_normal((2, 2048)), axis=-1) + rng.standard_normal((2, 2048)),
        "sine": np.sin(2 * np.pi * TIMES / 37 + 0.3)[None],
        "sine through exact zeros": np.sin(2 * np.pi * TIMES / 50)[None],
        "ties": rng.integers(0, 5, (3, 1000)).astype(float),
        "two values": rng.integers(0, 2, (3, 500)).astype(float),
        "step": (TIMES > 500).astype(float)[None],
        "ramp": TIMES.astype(float)[None],
        "short": rng.standard_normal((3, 20)),
        "rather short": rng.standard_normal((3, 50)),
        "constant": np.full((1, 100), 3.0),
        "one outlier": np.eye(1, 300, 70) * 9.0,
    }


SERIES = series()


def values(x, backend="cpu"):
    names = [str(i) for i in range(len(x))]
    (block,) = compute(x[None], 1.0, [("catch22", {})], ch_names=names, backend=backend)
    return block.values.reshape(len(x), 22)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("kind", SERIES)
def test_it_is_pycatch22(kind, backend):
    oracle = pytest.importorskip("pycatch22", reason="pycatch22 (extra 'bench') is not installed")
    found = values(SERIES[kind], backend)
    for one, ours in zip(SERIES[kind], found, strict=True):
        told = oracle.catch22_all(one.tolist(), mask_nans=False, short_names=True)
        assert told["short_names"] == list(features.NAMES)
        np.testing.assert_allclose(ours, told["values"], rtol=1e-9, atol=1e-12)


# What pycatch22 1.0.2 says of sin(t^1.5 / 60) + (t mod 7) / 5 for t = 0 ... 499
CHIRP = [
    -0.8192724539924713,
    -0.6219656743192884,
    -0.006000000000000005,
    0.016000000000000014,
    2.3442555495537034,
    6.0,
    0.7501108755458868,
    0.4540583132141498,
    0.9186361034970236,
    0.6132328187077624,
    0.935871743486974,
    19.0,
    8.0,
    1.891929320150897,
    0.1611048913582988,
    -0.44754924063623014,
    4.0,
    0.007891085674644466,
    14.0,
    0.1787003189704716,
    0.2608695652173913,
    0.46511627906976744,
]


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_it_is_what_pycatch22_said(backend):
    times = np.arange(500)
    x = np.sin(times**1.5 / 60) + (times % 7) / 5
    np.testing.assert_allclose(values(x[None], backend)[0], CHIRP, rtol=1e-9)


def test_known_answers():
    found = dict(zip(features.NAMES, values(SERIES["sine through exact zeros"])[0], strict=True))
    assert found["periodicity"] == 50
    assert found["acf_first_min"] == 25
    assert found["stretch_high"] in (24, 25, 26)  # rounding decides on the samples that should be zero
    steepest = np.sqrt(2) * 2 * np.sin(np.pi / 50)  # of steps a sample apart, in standard deviations
    assert found["high_fluctuation"] == pytest.approx(1 - 2 / np.pi * np.arcsin(0.04 / steepest), abs=0.03)
    ramp = dict(zip(features.NAMES, values(SERIES["ramp"])[0], strict=True))
    assert ramp["stretch_decreasing"] == 0
    assert ramp["stretch_high"] == 500
    assert ramp["periodicity"] == 0
    assert ramp["outlier_timing_pos"] == pytest.approx(-ramp["outlier_timing_neg"], abs=0.01)
    step = dict(zip(features.NAMES, values(SERIES["step"])[0], strict=True))
    assert step["stretch_high"] == 499
    noise = dict(zip(features.NAMES, values(SERIES["noise"]).T, strict=True))
    np.testing.assert_allclose(noise["forecast_error"], np.sqrt(4 / 3), rtol=0.1)
    np.testing.assert_allclose(noise["entropy_pairs"], np.log(9), rtol=0.01)


def test_a_constant_has_none_of_them():
    assert np.isnan(values(SERIES["constant"])).all()


def test_too_few_window_lengths_have_no_bend():
    found = values(SERIES["short"])
    assert np.isnan(found[:, 20:]).all()
    assert np.isfinite(found[:, :20]).all()
