"""The null: which blocks are exchanged, how many labellings there are, and that p is what it says."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurocli.evaluation.null import MOST, exchangeable, n_possible, p_value, permuted, smallest_p

from .cohorts import recordings, table


def of_task(samples):
    return (np.array(samples["task"]) == "arithmetic").astype(int)


def test_a_label_of_the_recording_moves_whole_recordings_within_the_subject():
    samples = table(recordings(3), n={"rest": 6, "arithmetic": 2})
    y = of_task(samples)
    exchange = exchangeable(y, samples)
    assert (exchange.level, exchange.n_blocks) == ("recording", 6)
    assert n_possible(y, exchange) == 2**3
    seen = set()
    for number in range(100):
        moved = permuted(y, exchange, number)
        for subject in ("01", "02", "03"):
            own = np.array(samples["subject"]) == subject
            first, second = moved[own][:2], moved[own][2:]
            assert len(set(first)) == len(set(second)) == 1
            assert first[0] != second[0]
        seen.add(tuple(moved))
    assert len(seen) == 8


def test_a_label_of_the_person_moves_between_people():
    samples = table(recordings(4))
    y = np.array([float(s) for s in samples["subject"]])
    exchange = exchangeable(y, samples)
    assert (exchange.level, exchange.n_blocks) == ("subject", 4)
    assert n_possible(y, exchange) == 24


def test_a_label_of_the_session_stays_in_the_subject():
    entities = [{"subject": s, "session": x, "run": r} for s in "12" for x in "abc" for r in "12"]
    samples = table(entities)
    y = np.array([int(x == "a") for x in samples["session"]])
    exchange = exchangeable(y, samples)
    assert (exchange.level, exchange.n_blocks) == ("session", 6)
    assert n_possible(y, exchange) == 9


def test_a_label_of_the_moment_moves_stretches_within_the_recording():
    samples = table([{"subject": "01", "run": r} for r in "12"], n=6)
    y = np.array([0, 0, 1, 1, 2, 2] * 2)
    exchange = exchangeable(y, samples)
    assert (exchange.level, exchange.n_blocks) == ("run", 6)
    assert n_possible(y, exchange) == 36
    for number in range(20):
        moved = permuted(y, exchange, number)
        assert np.all(moved[::2] == moved[1::2])
        assert sorted(moved[:6]) == sorted(y[:6])


def test_stretches_follow_time_not_the_order_of_the_table():
    samples = table([{"subject": "01"}], n=4)
    samples["onset"] = [0.0, 8.0, 4.0, 12.0]
    assert exchangeable(np.array([0, 1, 0, 1]), samples).block.tolist() == [0, 1, 0, 1]


@given(labels=st.lists(st.integers(0, 2), min_size=1, max_size=6))
def test_the_number_of_labellings_is_counted_exactly(labels):
    """Brute force over all orders of the blocks."""
    samples = table([{"subject": str(i)} for i in range(len(labels))], n=2)
    y = np.repeat(labels, 2)
    exchange = exchangeable(y, samples)
    assert n_possible(y, exchange) == len(set(permutations(labels)))


def test_a_number_of_labellings_that_nobody_can_count_is_capped():
    samples = table([{"subject": f"{i}"} for i in range(80)], n=1)
    y = np.arange(80) % 2
    assert n_possible(y, exchangeable(y, samples)) == MOST


def test_all_labellings_are_equally_frequent():
    """Chi-square of 24 labellings in 2,400 draws; 49.7 is its 99.9 % point at 23 degrees of freedom."""
    samples = table([{"subject": str(i)} for i in range(4)], n=1)
    y = np.arange(4.0)
    exchange = exchangeable(y, samples)
    counts = np.unique([permuted(y, exchange, p) for p in range(2400)], axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert ((counts - 100) ** 2 / 100).sum() < 49.7


def test_smallest_p_is_what_the_design_or_the_effort_allows():
    assert smallest_p(200, 256) == 1 / 201
    assert smallest_p(200, 8) == 1 / 8


def test_p_counts_itself_and_ties():
    null = np.array([0.4, 0.5, 0.6, 0.7])
    assert p_value(0.6, null) == 3 / 5
    assert p_value(0.8, null) == 1 / 5
    assert p_value(0.5, null, best="min") == 3 / 5
    assert p_value(0.1 + 0.2, np.array([0.3])) == 1.0  # equal but for rounding


# -- simulation: eight people, two recordings each of ten windows, whose slow state resembles itself -----------------


def cohort_without_effect(rng, n_subjects=8, n=10):
    state = rng.normal(size=(n_subjects, 2, 1)) + 0.3 * rng.normal(size=(n_subjects, 2, n))
    return state.reshape(-1)


def separation(x, y):
    """Return the mean over people of the difference of the class means."""
    x, y = x.reshape(8, -1), y.reshape(8, -1)
    return float(np.mean([row[own == 1].mean() - row[own == 0].mean() for row, own in zip(x, y, strict=True)]))


def rejections(permute, n_cohorts=120, n_permutations=19):
    rng = np.random.default_rng(0)
    samples = table(recordings(8), n=10)
    y = of_task(samples)
    count = 0
    for _ in range(n_cohorts):
        x = cohort_without_effect(rng)
        null = np.array([separation(x, permute(y, samples, number)) for number in range(n_permutations)])
        count += p_value(separation(x, y), null) <= 0.05
    return count / n_cohorts


def test_blocks_reject_a_true_null_as_often_as_they_say():
    """Binomial(120, .05): more than 14 rejections have probability .001."""
    exchange = {}

    def blocks(y, samples, number):
        exchange.setdefault("one", exchangeable(y, samples))
        return permuted(y, exchange["one"], number)

    assert rejections(blocks) <= 14 / 120


def test_shuffled_epochs_reject_a_true_null_far_too_often():
    def epochs(y, _samples, number):
        rng = np.random.default_rng(number)
        return np.concatenate([rng.permutation(own) for own in y.reshape(8, -1)])

    assert rejections(epochs) > 0.3
