"""Ground truth: autoregressive systems whose wiring is known. Oracle: the formulas, one frequency at a time."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.features.directed_transfer import mvar
from neurocli.features.engine import compute

SFREQ, BANDS = 100.0, {"low": (5.0, 15.0), "high": (20.0, 40.0)}
NAMES = ("directed_transfer", "direct_directed_transfer")
CHAIN = np.zeros((2, 3, 3))  # a drives b, b drives c
CHAIN[0] = [[0.5, 0, 0], [0.6, 0.3, 0], [0, 0.6, 0.2]]
CHAIN[1] = [[-0.6, 0, 0], [0, -0.3, 0], [0, 0, -0.2]]


def simulated(coefficients, n_times=20_000, seed=0, mixing=None):
    order, n = coefficients.shape[:2]
    noise = np.random.default_rng(seed).standard_normal((n_times + 100, n)) @ (np.eye(n) if mixing is None else mixing)
    x = np.zeros_like(noise)
    for t in range(order, len(x)):
        x[t] = noise[t] + sum(coefficients[k] @ x[t - 1 - k] for k in range(order))
    return x[100:].T


def flows(name, x, order=2, step=1.0, names="abc", backend="reference"):
    settings = {"bands": BANDS, "mvar": {"order": order}, "transfer": {"step": step}}
    (block,) = compute(x[None], SFREQ, [(name, settings)], ch_names=list(names), backend=backend)
    return dict(zip(block.columns, block.values[0], strict=True))


def by_hand(coefficients, noise, step=1.0):
    """Return both measures (band, to, from), term by term."""
    n, freqs = len(noise), np.arange(step, SFREQ / 2 + 1e-9, step)
    h, partial = np.empty((freqs.size, n, n), complex), np.empty((freqs.size, n, n))
    for i, f in enumerate(freqs):
        a = np.eye(n) - sum(c * np.exp(-2j * np.pi * f * (k + 1) / SFREQ) for k, c in enumerate(coefficients))
        h[i] = np.linalg.inv(a)
        p = np.linalg.inv(h[i] @ noise @ h[i].conj().T)
        partial[i] = abs(p) ** 2 / np.outer(np.diag(p).real, np.diag(p).real)
    power = abs(h) ** 2
    dtf = power / power.sum(axis=2, keepdims=True)
    ddtf = power / power.sum(axis=2, keepdims=True).mean(axis=0) * partial
    bins = [(freqs >= low) & (freqs <= high) for low, high in BANDS.values()]
    return [np.stack([measure[b].mean(axis=0) for b in bins]) for measure in (dtf, ddtf)]


def columns(name, measure, names="abc"):
    """Return what the columns should hold: ``a~b`` from a to b."""
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names)) if i != j]
    return {f"{name}/{band}/{names[a]}~{names[b]}": measure[k, b, a] for a, b in pairs for k, band in enumerate(BANDS)}


def test_the_model_is_the_least_squares_one():
    x = simulated(CHAIN, 500) * np.array([[1e-6], [3.0], [1e4]])
    centred = x - x.mean(axis=1, keepdims=True)
    lags = np.concatenate([centred[:, 1:-1], centred[:, :-2]])
    expected, *_ = np.linalg.lstsq((lags / x.std(axis=1)[[0, 1, 2, 0, 1, 2], None]).T, centred[:, 2:].T)
    scaled = (expected / x.std(axis=1)[[0, 1, 2, 0, 1, 2], None]).T.reshape(3, 2, 3).swapaxes(0, 1)
    left = centred[:, 2:] - sum(scaled[k] @ centred[:, 1 - k : -1 - k] for k in range(2))
    coefficients, noise = mvar(x, order=2)
    np.testing.assert_allclose(coefficients, scaled, rtol=1e-8, atol=1e-13 * abs(scaled).max())
    np.testing.assert_allclose(noise, left @ left.T / 498, rtol=1e-8)


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_both_are_the_formulas(step):
    x = simulated(CHAIN, 2000, mixing=np.array([[1, 0.2, 0], [0, 1, 0], [0.1, 0, 2]]))
    for name, expected in zip(NAMES, by_hand(*mvar(x, order=2), step), strict=True):
        found = flows(name, x, step=step)
        assert list(found) == list(columns(name, expected))
        np.testing.assert_allclose(list(found.values()), list(columns(name, expected).values()), rtol=1e-9)


def test_the_true_system_is_found():
    """Twenty thousand samples: coefficients err by about 0.01."""
    for name, expected in zip(
        ("directed_transfer", "direct_directed_transfer"), by_hand(CHAIN, np.eye(3)), strict=True
    ):
        found = flows(name, simulated(CHAIN))
        np.testing.assert_allclose(list(found.values()), list(columns(name, expected).values()), atol=0.03)


def test_a_chain_flows_one_way_and_only_the_direct_measure_skips_its_middle():
    x = simulated(CHAIN)
    dtf, ddtf = flows("directed_transfer", x), flows("direct_directed_transfer", x)
    for band in BANDS:
        assert dtf[f"directed_transfer/{band}/a~b"] > 0.1 > 100 * dtf[f"directed_transfer/{band}/b~a"]
        assert dtf[f"directed_transfer/{band}/a~c"] > 0.02  # by way of b
        assert ddtf[f"direct_directed_transfer/{band}/a~b"] > 0.01
        assert ddtf[f"direct_directed_transfer/{band}/a~c"] < 1e-3


def test_unconnected_channels_have_no_flow():
    x = simulated(CHAIN * np.eye(3))
    assert max(flows("directed_transfer", x).values()) < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_channel_is_left_out_and_the_others_are_as_without_it(name):
    x = simulated(CHAIN, 1000)
    x[1] = 0.3
    found = flows(name, x)
    alone = flows(name, x[[0, 2]], names="ac")
    for column, value in found.items():
        if "b" in column.rsplit("/", 1)[1]:
            assert np.isnan(value)
        else:
            np.testing.assert_allclose(value, alone[column], rtol=1e-12)
    assert np.isnan(list(flows(name, np.zeros((3, 1000))).values())).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_that_is_its_own_prediction_has_no_noise_and_no_flow(name):
    t = np.arange(1000)
    x = np.stack([np.sin(0.3 * t), np.cos(0.7 * t), np.sin(1.1 * t)])
    assert np.isnan(list(flows(name, x).values())).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_average_reference_is_refused_in_words(dtype):
    x = simulated(CHAIN, 1000)
    x = (x - x.mean(axis=0)).astype(dtype)
    with pytest.raises(InputError, match="linear combinations"):
        flows("directed_transfer", x, backend="cpu")


def test_too_few_samples_for_the_unknowns_are_refused():
    with pytest.raises(InputError, match="directed_transfer needs at least 24 samples"):
        flows("directed_transfer", np.zeros((3, 23)), order=5)


def test_a_band_beyond_half_the_rate_is_refused():
    asked = [("directed_transfer", {"bands": {"a": (40.0, 60.0)}})]
    with pytest.raises(InputError, match="band"):
        compute(simulated(CHAIN, 200)[None], SFREQ, asked, ch_names=list("abc"))


@pytest.mark.parametrize("name", NAMES)
def test_the_steps_of_eeg_are_refused_in_words_at_the_rates_of_functional_mri(name):
    with pytest.raises(InputError, match=r"Frequencies 1 Hz apart have none up to 0\.25 Hz") as caught:
        compute(simulated(CHAIN, 200)[None], 0.5, [(name, {})], ch_names=list("abc"))
    assert (caught.value.code, "transfer.step" in (caught.value.remedy or "")) == ("E-FEATURES-BAND", True)
    settings = {"transfer": {"step": 0.01}, "bands": {"slow": (0.01, 0.08)}}
    (block,) = compute(simulated(CHAIN, 200)[None], 0.5, [(name, settings)], ch_names=list("abc"))
    assert np.isfinite(block.values).all()
