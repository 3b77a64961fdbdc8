"""Forecasts and continuous detection: the random predictor is exposed, and clips have no rates."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.errors import InputError
from neurocli.evaluation.seizures.detection import Trace, false_alarms_at, latencies, require_continuous
from neurocli.evaluation.seizures.forecasting import brier_skill, forecast

DAY = 86_400.0


def onsets_and(rng, n=6, days=5):
    return np.sort(rng.uniform(0, days * DAY, n)), days * DAY


def test_alarms_before_seizures_are_worth_something():
    rng = np.random.default_rng(0)
    onsets, duration = onsets_and(rng)
    found = forecast(onsets - rng.uniform(600, 1800, 6), onsets, duration, rng)
    assert found.sensitivity == 1.0
    assert found.p <= 0.01
    assert found.improvement > 0.9
    assert found.time_in_warning == pytest.approx(6 * 1800 / duration, rel=0.1)


def test_the_random_predictor_is_exposed():
    """It warns most of the time, so it finds most seizures; none of that is above chance (binomial, 60 at .05)."""
    rng = np.random.default_rng(1)
    results = []
    for _ in range(60):
        onsets, duration = onsets_and(rng)
        results.append(forecast(rng.uniform(0, duration, 300), onsets, duration, rng, n_surrogates=99))
    assert np.mean([r.sensitivity for r in results]) > 0.6
    assert abs(np.mean([r.improvement for r in results])) < 0.08
    assert np.mean([r.sensitivity - r.time_in_warning for r in results]) == pytest.approx(0, abs=0.08)
    assert sum(r.p <= 0.05 for r in results) <= 9


def test_a_seizure_within_the_horizon_was_not_foretold():
    rng = np.random.default_rng(0)
    assert forecast([1000.0], [1200.0], DAY, rng, n_surrogates=9).sensitivity == 0.0
    assert forecast([1000.0], [1301.0], DAY, rng, n_surrogates=9).sensitivity == 1.0
    assert forecast([1000.0], [3101.0], DAY, rng, n_surrogates=9).sensitivity == 0.0


def test_no_seizures_are_no_score():
    found = forecast([1000.0], [], DAY, np.random.default_rng(0), n_surrogates=9)
    assert np.isnan([found.sensitivity, found.p]).all()
    assert found.chance == pytest.approx(1 - np.exp(-1800 / DAY))


def test_the_base_rate_has_no_skill_and_the_truth_has_all():
    came = np.array([1, 0, 0, 0])
    assert brier_skill(np.full(4, 0.25), came) == 0.0
    assert brier_skill(came.astype(float), came) == 1.0
    assert brier_skill(1.0 - came, came) < 0
    assert np.isnan(brier_skill(np.zeros(4), np.zeros(4)))


def trace(scores, reference, window=10.0):
    return Trace(np.array(scores, float), window * np.arange(len(scores)), window, reference, window * len(scores))


def test_false_alarms_at_a_sensitivity_by_hand():
    """An hour of 10 s windows; events score .9 and .5; besides, .8 stands once alone and .4 twice."""
    scores = np.zeros(360)
    scores[[10, 100]] = 0.9, 0.5
    scores[[50, 200, 250]] = 0.8, 0.4, 0.4
    one = trace(scores, [(100, 110), (1000, 1010)])
    assert false_alarms_at([one], 0.5)[:2] == (0.0, 0.9)
    assert false_alarms_at([one], 1.0)[:2] == (1.0, 0.5)
    assert false_alarms_at([one, one], 1.0)[0] == 1.0


def test_a_sensitivity_that_nobody_reaches_is_no_rate():
    no_window = Trace(np.zeros(2), np.array([0.0, 10.0]), 10.0, [(5000, 5010)], 7200.0)
    assert np.isnan(false_alarms_at([no_window], 1.0)[0])


def test_latency_is_from_the_onset_to_the_first_overlapping_detection():
    found = latencies([(100, 160), (500, 560), (800, 860)], [(120, 130), (140, 150), (490, 510)], 3600.0)
    assert found == [20, -10]


def test_clips_have_no_rates():
    with pytest.raises(InputError, match="2 of 3 are shorter than 10 min") as error:
        require_continuous([10.0, 10.0, 3600.0])
    assert error.value.code == "E-INPUT-CLIPS"
    with pytest.raises(InputError):
        false_alarms_at([trace([1, 0], [(0, 10)])], 1.0)
    with pytest.raises(InputError):
        latencies([(0, 5)], [(0, 5)], 10.0)
