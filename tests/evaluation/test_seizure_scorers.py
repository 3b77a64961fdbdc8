"""Seizure scorers: equal to `timescoring`, and to NEDC cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.evaluation.seizures.counts import Counts, per_subject, pooled, union
from neurocli.evaluation.seizures.nedc import epoch_counts, overlap_counts, taes_counts
from neurocli.evaluation.seizures.szcore import Tolerance, event_counts, sample_counts

timescoring = pytest.importorskip("timescoring")
from timescoring.annotations import Annotation  # noqa: E402
from timescoring.scoring import EventScoring, SampleScoring  # noqa: E402


def random_events(rng, duration, step):
    """Return up to eight disjoint events in the order of time, on a grid of `step` seconds."""
    edges = np.sort(rng.choice(int(duration / step), size=2 * rng.integers(0, 9), replace=False)) * step
    return [(float(a), float(b)) for a, b in edges.reshape(-1, 2)]


def compare(rng, tolerance):
    duration = float(rng.integers(600, 7200))
    step = float(rng.choice([0.1, 0.25, 0.37, 1.0, 10.0]))
    true, said = random_events(rng, duration, step), random_events(rng, duration, step)
    one, other = Annotation(true, 256, round(duration * 256)), Annotation(said, 256, round(duration * 256))
    parameters = EventScoring.Parameters(
        tolerance.before, tolerance.after, tolerance.min_overlap, tolerance.max_duration, tolerance.min_gap
    )
    assert same(event_counts(true, said, duration, tolerance), EventScoring(one, other, parameters))
    assert same(sample_counts(true, said, duration), SampleScoring(one, other))


def same(ours, theirs):
    for mine, name in (("sensitivity", "sensitivity"), ("precision", "precision"), ("fp_per_day", "fpRate")):
        np.testing.assert_allclose(getattr(ours, mine), getattr(theirs, name), rtol=1e-12)
    if theirs.refTrue + theirs.fp:  # where nothing was found, theirs and ours are both 0 or both NaN
        np.testing.assert_allclose(ours.f1, theirs.f1, rtol=1e-12)
    return (ours.tp, ours.fp, ours.tp + ours.fn) == (theirs.tp, theirs.fp, theirs.refTrue)


TOLERANCES = [Tolerance(), Tolerance(0, 0, 0.5, 120, 20), Tolerance(60, 10, 0.1, 600, 0)]


@pytest.mark.parametrize("tolerance", TOLERANCES, ids=["community", "strict", "wide"])
def test_random_event_lists_score_as_in_timescoring(tolerance):
    rng = np.random.default_rng(0)
    for _ in range(60):
        compare(rng, tolerance)


@pytest.mark.slow
def test_ten_thousand_random_event_lists_score_as_in_timescoring():
    rng = np.random.default_rng(1)
    for i in range(10_000):
        compare(rng, TOLERANCES[i % 3])


HOUR = 3600.0


@pytest.mark.parametrize(
    ("true", "said", "expected"),
    [
        ([(1000, 1030)], [(970, 980)], (1, 0, 0)),  # within the 30 s before the onset
        ([(1000, 1030)], [(1090, 1100)], (0, 1, 1)),  # 60 s after the end is too late
        ([(1000, 1660)], [(1000, 1010)], (1, 2, 0)),  # eleven minutes are three pieces
        ([(1700, 1730)], [(1000, 2200)], (1, 0, 3)),  # twenty minutes are four, one of them right
        ([], [], (0, 0, 0)),
    ],
)
def test_szcore_cases(true, said, expected):
    found = event_counts(true, said, HOUR)
    assert (found.tp, found.fn, found.fp) == expected


def test_a_perfect_hit_can_fail_a_minimal_overlap_of_the_extended_event():
    assert event_counts([(1000, 1030)], [(1000, 1030)], HOUR, Tolerance(min_overlap=0.5)).tp == 0


# -- NEDC, worked by hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("true", "said", "expected"),
    [
        ([(100, 120)], [(105, 125)], (0.75, 0.25, 0.25)),  # late by 5 of 20 s
        ([(100, 120)], [(95, 115)], (0.75, 0.25, 0.25)),  # early by 5 s
        ([(100, 120)], [(90, 130)], (1.0, 0.0, 1.0)),  # 20 s too long round 20 s
        ([(100, 120)], [(50, 200)], (1.0, 0.0, 1.0)),  # a false alarm counts at most once
        ([(100, 120)], [(105, 110)], (0.25, 0.75, 0.0)),  # inside
        ([(100, 120)], [(102, 107), (110, 115)], (0.5, 0.5, 0.0)),  # two parts of it
        ([(100, 120)], [(200, 210)], (0.0, 1.0, 1.0)),  # elsewhere
        ([(100, 120), (130, 150), (160, 180)], [(100, 180)], (1.0, 2.0, 1.0)),  # three under one
        ([], [(10, 20)], (0.0, 0.0, 1.0)),
        ([(10, 20)], [], (0.0, 1.0, 0.0)),
    ],
)
def test_taes_cases(true, said, expected):
    found = taes_counts(true, said, HOUR)
    assert (found.tp, found.fn, found.fp) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("true", "said", "expected"),
    [
        ([(100, 120)], [(119, 300)], (1, 0, 0)),  # any overlap is a hit
        ([(100, 120)], [(120, 300)], (0, 1, 1)),  # touching is none
        ([(100, 120), (130, 150)], [(110, 140)], (2, 0, 0)),  # one detection, two hits
        ([(100, 120)], [(101, 102), (103, 104), (300, 301)], (1, 0, 1)),  # several detections of one are one hit
    ],
)
def test_overlap_cases(true, said, expected):
    found = overlap_counts(true, said, HOUR)
    assert (found.tp, found.fn, found.fp) == expected


def test_epochs_are_compared_at_their_middle():
    """Of 1 s epochs the middles .5 ... 9.5; the truth holds 2.5, 3.5, 4.5 and the detection 4.5, 5.5."""
    found = epoch_counts([(2, 5)], [(4.2, 6)], 10.0, epoch=1.0)
    assert (found.tp, found.fn, found.fp) == (1, 2, 1)


# -- laws -----------------------------------------------------------------------------------------------------------

events = st.lists(st.tuples(st.integers(0, 3500), st.integers(1, 90)), max_size=6).map(
    lambda pairs: union([(float(a), float(a + b)) for a, b in pairs], HOUR)
)
SCORERS = [event_counts, sample_counts, overlap_counts, taes_counts, epoch_counts]


@pytest.mark.parametrize("scorer", SCORERS)
@given(true=events)
def test_a_perfect_detector_misses_nothing_and_never_errs(scorer, true):
    found = scorer(true, true, HOUR)
    assert found.fn == pytest.approx(0)
    assert found.fp == pytest.approx(0)


@pytest.mark.parametrize("scorer", SCORERS)
@given(true=events)
def test_a_silent_detector_finds_nothing_and_a_loud_one_is_counted(scorer, true):
    silent = scorer(true, [], HOUR)
    assert (silent.tp, silent.fp) == (0, 0)
    assert scorer([], true, HOUR).tp == 0


@given(true=events, said=events)
def test_taes_gives_at_most_the_credit_of_overlap(true, said):
    assert taes_counts(true, said, HOUR).tp <= overlap_counts(true, said, HOUR).tp + 1e-9


def test_pooled_and_per_subject_counts_differ_as_they_should():
    one, two = Counts(9, 1, 0, 3600.0), Counts(0, 2, 3, 3600.0)
    assert pooled([one, two]).sensitivity == 0.75
    means = per_subject({"01": [one], "02": [two]})
    assert np.mean([c.sensitivity for c in means.values()]) == 0.45
    assert pooled([one, two]).fp_per_day == 36.0


def test_nothing_is_no_score():
    nothing = Counts(0, 0, 0, 0.0)
    assert np.isnan([nothing.sensitivity, nothing.precision, nothing.f1, nothing.fp_per_day]).all()
