"""Steady-state responses in noise: which light was looked at."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from neurocli.errors import InputError
from neurocli.models._ssvep import TRCA, CanonicalCorrelation

SFREQ, FREQS = 128.0, [9.0, 11.0, 13.0]


def flicker(n=60, seed=0, gain=0.5, is_locked=True):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    phase = np.zeros(n) if is_locked else rng.uniform(0, 2 * np.pi, n)
    t = np.arange(256) / SFREQ
    wave = np.sin(2 * np.pi * np.array(FREQS)[y][:, None] * t + phase[:, None])
    x = rng.normal(size=(n, 4, 256)) + gain * np.array([1.0, 0.5, 0, -0.5])[:, None] * wave[:, None]
    return x * 1e-6, y, {"duration": [2.0] * n}


@pytest.mark.parametrize("is_referenced", [False, True])
def test_the_correlation_is_scikit_learns(is_referenced):
    x, _, samples = flicker(6)
    if is_referenced:
        x = x - x.mean(axis=1, keepdims=True)
    found = CanonicalCorrelation(FREQS, 2).fit(x, samples=samples).transform(x, samples=samples)
    t = np.arange(256)[:, None] / SFREQ
    for i, epoch in enumerate(x):
        signal = epoch[:-1] if is_referenced else epoch  # a reference makes one channel the negative sum of the others
        for k, freq in enumerate(FREQS):
            sines = np.concatenate([f(2 * np.pi * freq * h * t) for h in (1, 2) for f in (np.sin, np.cos)], axis=1)
            one, two = CCA(1, max_iter=5000, tol=1e-12).fit_transform(signal.T * 1e6, sines)
            assert found[i, k] == pytest.approx(abs(np.corrcoef(one[:, 0], two[:, 0])[0, 1]), abs=1e-4)


def test_the_frequency_that_is_there_correlates_most_whatever_its_phase():
    x, y, samples = flicker(gain=1.0, is_locked=False)
    found = CanonicalCorrelation(FREQS).fit(x, samples=samples).transform(x, samples=samples)
    assert (found.argmax(axis=1) == y).mean() > 0.95
    assert ((found >= 0) & (found <= 1)).all()


def test_the_sampling_rate_must_be_known():
    x, _, _ = flicker(3)
    with pytest.raises(InputError, match=r"canonical_correlation.sfreq"):
        CanonicalCorrelation(FREQS).fit(x, samples={})
    assert CanonicalCorrelation(FREQS, sfreq=SFREQ).fit(x, samples={}).sfreq_ == SFREQ


@pytest.mark.parametrize("is_ensemble", [False, True])
@pytest.mark.parametrize("is_referenced", [False, True])
def test_trca_finds_the_class_of_new_trials(is_ensemble, is_referenced):
    (x, y, _), (new, truth, _) = flicker(), flicker(seed=1)
    if is_referenced:
        x, new = (epochs - epochs.mean(axis=1, keepdims=True) for epochs in (x, new))
    fitted = TRCA(is_ensemble).fit(x, y)
    assert (fitted.predict(new) == truth).mean() > 0.9
    assert (np.abs(fitted.decision_function(new)) <= 1 + 1e-12).all()


def test_the_mixture_is_the_one_that_repeats():
    """Ground truth: source 0 is the same in every trial, the others are not; the filter undoes the mixing."""
    rng = np.random.default_rng(0)
    sources = rng.normal(size=(40, 4, 200))
    sources[:, 0] = rng.normal(size=200)
    mixing = rng.normal(size=(4, 4))
    picked = np.abs(TRCA().fit(mixing @ sources, np.zeros(40)).filters_[0] @ mixing)
    assert picked[0] > 10 * picked[1:].max()
