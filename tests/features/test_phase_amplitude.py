"""Ground truth: a simulated coupling of known strength. Oracle: Tort's formula in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.features.analytic import analytic
from neurocli.features.engine import compute

SFREQ = 250.0
TIMES = np.arange(2500) / SFREQ


def coupled(strength, seed=0):
    noise = 0.1 * np.random.default_rng(seed).standard_normal(TIMES.size)
    slow = np.cos(2 * np.pi * 6 * TIMES)
    return slow + 0.3 * (1 + strength * slow) * np.cos(2 * np.pi * 38 * TIMES) + noise


def index(x, backend="reference", **settings):
    (block,) = compute(x[:, None], SFREQ, [("pac_modulation_index", settings)], ch_names=["Cz"], backend=backend)
    return block.values[:, 0]


def by_hand(x, n_bins=18):
    phase = np.angle(analytic(x[None], SFREQ, bands={"slow": (4.0, 8.0)}))[0, 0]
    envelope = abs(analytic(x[None], SFREQ, bands={"fast": (30.0, 45.0)}))[0, 0]
    which = np.digitize(phase, np.linspace(-np.pi, np.pi, n_bins + 1))
    means = np.array([envelope[which == k].mean() for k in range(1, n_bins + 1)])
    share = means / means.sum()
    return 1 + (share * np.log(share)).sum() / np.log(n_bins)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_it_is_the_formula_of_tort(backend):
    x = np.stack([coupled(k, seed) for seed, k in enumerate((0.0, 0.3, 0.9))])
    np.testing.assert_allclose(index(x, backend), [by_hand(row) for row in x], rtol=1e-9)


def test_it_rises_with_the_strength_of_the_coupling():
    found = index(np.stack([coupled(k) for k in (0.0, 0.25, 0.5, 0.75, 1.0)]))
    assert (np.diff(found) > 0).all()
    assert found[0] < 0.01 < found[-1]


def test_it_does_not_depend_on_the_preferred_phase_or_the_scale():
    x = coupled(0.8)[None]
    np.testing.assert_allclose(index(-3e-6 * x), index(x), rtol=0.05)  # half a turn is nine whole bins


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_constant_has_no_index_and_columns_name_both_bands(backend):
    assert np.isnan(index(np.full((1, 500), 0.2), backend)).all()
    bands = {"phases": {"a": (4, 8), "b": (8, 12)}, "amplitudes": {"c": (30, 45), "d": (45, 80)}}
    asked = [("pac_modulation_index", bands)]
    (block,) = compute(coupled(0.5)[None, None], SFREQ, asked, ch_names=["Cz"], backend=backend)
    assert [name.split("/")[1] for name in block.columns] == ["a-c", "a-d", "b-c", "b-d"]


@pytest.mark.parametrize("n_bins", [6, 36])
def test_other_numbers_of_bins(n_bins):
    np.testing.assert_allclose(index(coupled(0.7)[None], n_bins=n_bins), by_hand(coupled(0.7), n_bins), rtol=1e-9)


def test_the_index_of_the_same_phase_and_envelope_is_tensorpacs():
    """Only the filters differ: theirs are finite impulse responses, ours a mask.

    One epoch a call, for it counts the samples of a bin over all epochs together.
    """
    tensorpac = pytest.importorskip("tensorpac", reason="the oracle of the extra [bench] is not installed")
    pac = tensorpac.Pac(idpac=(2, 0, 0), verbose=False)
    for x in (coupled(0.1, 0)[None], coupled(0.8, 1)[None]):
        phase = np.angle(analytic(x, SFREQ, bands={"slow": (4.0, 8.0)}))
        envelope = abs(analytic(x, SFREQ, bands={"fast": (30.0, 45.0)}))
        np.testing.assert_allclose(index(x), pac.fit(phase, envelope, verbose=False).ravel(), rtol=1e-9)
