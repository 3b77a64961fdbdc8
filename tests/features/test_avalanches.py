"""Ground truth: a simulated branching process. Oracle: SciPy's zeta and optimiser, and cascades counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import zeta

from neurocli.features import avalanches as reference
from neurocli.features._power_law import exponent
from neurocli.features.engine import compute
from neurocli.features.kernels import avalanches as cpu

SFREQ = 250.0
both = pytest.mark.parametrize("module", [reference, cpu], ids=["reference", "cpu"])
backends = pytest.mark.parametrize("backend", ["reference", "cpu"])


def values(names, x, backend="reference", **quantities):
    asked = [(name, quantities) for name in names]
    channels = [f"E{i}" for i in range(x.shape[1])]
    blocks = compute(x, SFREQ, asked, ch_names=channels, backend=backend)
    return np.concatenate([block.values for block in blocks], axis=-1)


def branching(ratio, n_bins, n_channels=400, seed=0):
    """Return events a bin: each event has a Poisson number of descendants, each cascade starts from one event."""
    rng = np.random.default_rng(seed)
    events = np.zeros(n_bins, dtype=int)
    for t in range(1, n_bins):
        alive = events[t - 1]
        events[t] = min(rng.poisson(ratio * alive), n_channels) if alive else int(events[t - 2 : t].sum() == 0)
    return events


def spikes(events, n_channels=400):
    """Return a signal with that many channels beyond the threshold in each bin of two samples, and noise within it."""
    x = 0.1 * np.random.default_rng(1).standard_normal((n_channels, 2 * events.size))
    first = np.cumsum(np.r_[0, events])  # each event on the next channel, so that none fires twice in a row
    for t, n in enumerate(events):
        x[np.arange(first[t], first[t] + n) % n_channels, 2 * t] = 10.0 * (-1) ** t
    return x


def by_hand(x, threshold):
    """Return the events of one epoch, sample by sample in plain Python."""
    counts = np.zeros(x.shape[-1], dtype=int)
    for row in (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True):
        run = []
        for t, z in enumerate([*row, 0.0]):
            if run and (abs(z) <= threshold or z * row[run[-1]] < 0):
                counts[max(run, key=lambda s: abs(row[s]))] += 1
                run = []
            if abs(z) > threshold:
                run.append(t)
    return counts


@both
@pytest.mark.parametrize("threshold", [1.0, 2.5])
@pytest.mark.parametrize("n_times", [30, 64, 100, 1000])
def test_events_are_the_peaks_of_excursions(module, threshold, n_times):
    x = np.random.default_rng(n_times).standard_normal((2, 3, n_times)).cumsum(axis=-1) + 5.0
    x[:, :, ::5] *= -1
    expected = [by_hand(epoch, threshold) for epoch in x]
    np.testing.assert_array_equal(module.excursions(x, threshold=threshold), expected)


def test_single_precision_finds_the_same_events_whatever_the_level():
    level = np.array([0, 1e3, -1e5, 1e-9, 7])[:, None]
    x = (np.random.default_rng(0).standard_normal((2, 5, 999)) + level).astype(np.float32)
    np.testing.assert_array_equal(cpu.excursions(x), reference.excursions(x.astype(float)))


@both
def test_cascades_are_counted_as_on_paper(module):
    events = np.array([[2, 0, 0, 0, 1, 3, 0, 1, 0, 0, 0, 2], [0] * 12, [0, 0, 1] + [0] * 9])
    sizes, bins, ratio, width = module.avalanches(events, 10.0, width=0.2)  # bins: 2 0 4 1 0 2
    assert sizes[0].tolist() == [2, 5, 2, 0, 0, 0, 0]
    assert bins[0].tolist() == [1, 2, 1, 0, 0, 0, 0]
    np.testing.assert_allclose(ratio[0], np.mean([0, 1 / 4, 0]))
    np.testing.assert_allclose(width, 0.2)
    _, _, ratio, width = module.avalanches(events, 10.0)  # intervals 4 1 2 4: their mean, 2.75, makes 3 samples
    np.testing.assert_allclose(ratio[0], np.mean([4 / 2, 1 / 4, 2]))
    np.testing.assert_allclose(width, [0.3, np.nan, np.nan])


@backends
def test_a_critical_branching_process_has_its_exponents(backend):
    """Sizes fall with 3/2 and durations with 2 (Harris, 1963); the estimate's error is (a - 1) / sqrt(n)."""
    x = spikes(branching(1.0, 6000))[None]
    names = ("avalanche_size_exponent", "avalanche_rate")
    size, rate = values(names, x, backend, avalanches={"width": 2 / SFREQ})[0]
    n = rate * x.shape[-1] / SFREQ
    assert n > 300
    assert size == pytest.approx(1.5, abs=3 * 0.5 / np.sqrt(n))
    (block,) = compute(
        x, SFREQ, [("avalanche_duration_exponent", {"shortest": 5, "avalanches": {"width": 2 / SFREQ}})],
        ch_names=[str(i) for i in range(x.shape[1])], backend=backend,
    )  # fmt: skip
    assert block.values[0, 0] == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("ratio", [0.3, 0.6, 0.9])
def test_the_branching_ratio_is_that_of_the_process(ratio):
    found = values(["branching_ratio"], spikes(branching(ratio, 6000))[None], avalanches={"width": 2 / SFREQ})
    assert found[0, 0] == pytest.approx(ratio, abs=0.05)


def test_the_size_is_that_of_the_process():
    """Cascades from one event have 1 / (1 - ratio) events in the mean."""
    found = values(["avalanche_size"], spikes(branching(0.6, 6000))[None], avalanches={"width": 2 / SFREQ})
    assert found[0, 0] == pytest.approx(2.5, rel=0.1)


@pytest.mark.parametrize("smallest", [1, 2, 7])
@pytest.mark.parametrize("true", [1.3, 2.0, 3.0])
def test_the_exponent_is_the_most_likely_one(true, smallest):
    v = np.minimum(np.random.default_rng(5).zipf(true, (1, 3000)), 10**9)
    counted = v[v >= smallest]

    def surprise(a):
        return counted.size * np.log(zeta(a, smallest)) + a * np.log(counted).sum()

    best = minimize_scalar(surprise, bounds=(1.001, 20), method="bounded", options={"xatol": 1e-10}).x
    np.testing.assert_allclose(exponent(v, smallest), best, rtol=1e-6)


@pytest.mark.parametrize(("ones", "large"), [(100_000, [2]), (1, [2] * 1000), (1, [2]), (1, [10**9])])
def test_the_exponent_is_found_at_the_extremes(ones, large):
    """There the mean logarithm is minus the logarithmic derivative of zeta."""
    v = np.r_[np.ones(ones, dtype=int), large][None]
    a = exponent(v, 1)[0]
    h = 1e-4 * (a - 1)
    np.testing.assert_allclose((np.log(zeta(a - h)) - np.log(zeta(a + h))) / (2 * h), np.log(v).mean(), rtol=1e-6)


@pytest.mark.parametrize("v", [[[1, 1, 1, 0]], [[5, 0, 0, 0]], [[0, 0, 0, 0]]])
def test_no_exponent_without_two_different_values(v):
    assert np.isnan(exponent(np.array(v), 1)).all()


@backends
def test_silence_has_no_avalanches(backend):
    x = np.tile(np.random.default_rng(0).choice([-1.0, 1.0], 300), (1, 4, 1))  # nothing is beyond three deviations
    found = values(["avalanche_rate", "avalanche_size", "avalanche_duration", "branching_ratio"], x, backend)
    np.testing.assert_array_equal(found, [[0, np.nan, np.nan, np.nan]])
    assert np.isnan(values(["avalanche_size_exponent"], np.full((1, 2, 50), 0.3), backend)).all()
