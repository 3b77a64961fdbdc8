"""Forecasts of held-out recordings: a predictor that knows is told from one that only warns all the time."""

from __future__ import annotations

import numpy as np
import pytest

from neurocli.data.fitted import Fitted
from neurocli.evaluation.seizures.foretold import foretold

WINDOW, HORIZON, OCCURRENCE, DURATION = 10.0, 20.0, 100.0, 6000.0
SETTINGS = {"horizon": HORIZON, "occurrence": OCCURRENCE, "k": 2, "n": 3, "surrogates": 199}


def fits(score, n_recordings=4, duration=DURATION):
    """Return predictions of recordings with an event every 500 to 900 s, `score` saying what of each window."""
    made = []
    for i in range(n_recordings):
        rng = np.random.default_rng(i)
        onsets = np.cumsum(rng.uniform(500, 900, 20))
        onsets = onsets[onsets < duration - 200]
        start = np.arange(0, duration, WINDOW)
        wait = np.array([min((t - s - WINDOW for t in onsets if t >= s + WINDOW), default=np.inf) for s in start])
        y = (wait >= HORIZON) & (wait <= HORIZON + OCCURRENCE)
        following = [min((float(t) for t in onsets if t >= s + WINDOW), default=None) for s in start]
        p = score(y, rng)
        samples = {
            "subject": [f"{i:02d}"] * len(start), "onset": start.tolist(), "duration": [WINDOW] * len(start),
            "target/onset": following,
        }  # fmt: skip
        made.append(Fitted("model", f"sub-{i:02d}", y.astype(int), np.column_stack([1 - p, p]), samples,
                           ("interictal", "preictal"), saw={"seed": 0}))  # fmt: skip
    return made


def knowing(y, rng):
    return np.clip(0.1 + 0.8 * y + rng.normal(0, 0.05, len(y)), 0, 1)


def guessing(y, rng):
    return rng.uniform(0, 1, len(y))


def test_one_that_knows_beats_both_kinds_of_chance():
    found = foretold(fits(knowing), **SETTINGS)
    assert found["sensitivity"] == 1.0
    assert found["p_surrogate"] == found["p_rate"] == 1 / 200
    assert found["improvement"] > 0.7
    assert found["false_alarms_per_hour"] == 0.0
    assert found["brier_skill"] > 0.8


def test_one_that_guesses_is_exposed_although_it_finds_half():
    found = foretold(fits(guessing), **SETTINGS)
    assert found["sensitivity"] > 0.4
    assert found["p_surrogate"] > 0.05
    assert found["p_rate"] > 0.05
    assert abs(found["sensitivity"] - found["time_in_warning"]) < 4 * np.sqrt(0.25 / found["n_onsets"])
    assert abs(found["random_sensitivity"] - found["chance"]) < 0.1
    assert found["brier_skill"] < 0


def test_p_of_a_guess_is_uniform():
    """Over 60 guessing forecasters p is at most .05 about as often as it says: P(more than 8) < .003."""
    rng = np.random.default_rng(0)
    ps = []
    for _ in range(60):
        one = fits(lambda y, _: rng.uniform(0, 1, len(y)), n_recordings=1)
        ps.append(foretold(one, **{**SETTINGS, "surrogates": 99}, seed=int(rng.integers(1 << 30)))["p_surrogate"])
    assert np.sum(np.array(ps) <= 0.05) <= 8


def test_clips_are_refused():
    found = foretold(fits(knowing, duration=500.0), **SETTINGS)
    assert found["refused"] == "E-INPUT-CLIPS"
    assert "sensitivity" not in found


@pytest.mark.parametrize(("refractory", "most"), [(None, DURATION / (HORIZON + OCCURRENCE)), (1000.0, 6)])
def test_alarms_keep_their_distance(refractory, most):
    found = foretold(fits(guessing, n_recordings=1), **SETTINGS, refractory=refractory)
    assert 0 < found["n_alarms"] <= most
    moments = np.array(found["recordings"][0]["alarms"])
    assert (np.diff(moments) >= (refractory or HORIZON + OCCURRENCE)).all()
