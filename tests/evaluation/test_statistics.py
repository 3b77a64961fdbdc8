"""Tests that compare: scipy as the oracle, and simulations under the null."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurocli.evaluation.statistics.maps import cluster_test, fdr, max_t
from neurocli.evaluation.statistics.paired import Test as Outcome
from neurocli.evaluation.statistics.paired import bayesian_signed_rank, corrected_t, over_datasets, sign_flip

seeds = st.integers(0, 999)


@given(seed=seeds, k=st.integers(2, 30))
def test_without_overlap_the_corrected_t_is_students(seed, k):
    d = np.random.default_rng(seed).normal(0.1, 1, k)
    theirs = stats.ttest_1samp(d, 0, alternative="greater")
    ours = corrected_t(d, n_train=1, n_test=0)
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_corrected_t_by_hand():
    """Ten folds of ten: sqrt(1/10 + 1/9) in the place of sqrt(1/10)."""
    d = np.linspace(0, 0.18, 10)
    plain = stats.ttest_1samp(d, 0).statistic
    assert corrected_t(d, 90, 10).statistic == pytest.approx(plain * np.sqrt(0.1 / (0.1 + 1 / 9)))


def test_equal_scores_are_no_test():
    assert np.isnan(corrected_t(np.zeros(5), 4, 1).p)


@given(seed=seeds, n=st.integers(3, 10))
def test_few_subjects_are_flipped_exhaustively(seed, n):
    """Oracle: the definition. Strictly larger sums count, and one for the data themselves."""
    d = np.random.default_rng(seed).normal(0.5, 1, n)
    above = sum(np.dot(signs, d) > d.sum() + 1e-9 for signs in product([-1, 1], repeat=n))
    expected = min(1 + above, 2**n - 1) / 2**n
    assert sign_flip(d, np.random.default_rng(0)).p == expected


def test_more_subjects_are_flipped_at_random_and_many_are_ranked():
    d = np.random.default_rng(3).normal(0.3, 1, 15)
    theirs = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert sign_flip(d, np.random.default_rng(0)).p == pytest.approx(theirs.pvalue, abs=0.015)
    d = np.random.default_rng(3).normal(0.3, 1, 25)
    assert sign_flip(d, np.random.default_rng(0)).p == stats.wilcoxon(d, alternative="greater").pvalue


def test_datasets_weigh_as_the_root_of_their_size():
    tests = [Outcome(0, 0.01, 1.0), Outcome(0, 0.4, 0.2)]
    found = over_datasets(tests, [9, 16])
    z = (3 * stats.norm.isf(0.01) + 4 * stats.norm.isf(0.4)) / 5
    assert found.statistic == pytest.approx(z)
    assert found.p == pytest.approx(stats.norm.sf(z))
    assert found.effect == pytest.approx((3 * 1.0 + 4 * 0.2) / 7)


@given(seed=seeds)
def test_posterior_probabilities_mirror_and_add_up(seed):
    d = np.random.default_rng(seed).normal(0.2, 0.5, 8)
    one = bayesian_signed_rank(d, np.random.default_rng(1), rope=0.05, n_draws=2000)
    other = bayesian_signed_rank(-d, np.random.default_rng(1), rope=0.05, n_draws=2000)
    assert sum(one.values()) == pytest.approx(1)
    assert one["better"] == pytest.approx(other["worse"], abs=1e-12)


def test_what_is_always_better_is_better_and_what_is_within_the_rope_is_equal():
    rng = np.random.default_rng(0)
    assert bayesian_signed_rank(np.full(12, 0.1), rng)["better"] > 0.99
    assert bayesian_signed_rank(np.full(12, 0.005), rng, rope=0.01)["equal"] > 0.99


def effect_map(rng, effect):
    x = rng.normal(size=(14, 8, 10))
    x[:, 2:5, 3:7] += effect
    return x


@pytest.mark.parametrize("tfce", [True, False])
def test_an_effect_is_found_where_it_is(tfce):
    found = cluster_test(effect_map(np.random.default_rng(0), 1.5), 0, tfce=tfce, n_permutations=100)
    inside = np.zeros((8, 10), bool)
    inside[2:5, 3:7] = True
    assert (found.p[inside] <= 0.05).mean() > 0.9
    assert (found.p[~inside] <= 0.05).mean() < 0.15  # clusters bleed into their neighbours


def test_max_t_holds_the_error_of_the_whole_map():
    """Fifty empty maps at .05: more than seven with any hit have probability .003."""
    rng = np.random.default_rng(2)
    hits = sum((max_t(rng.normal(size=(12, 30)), rng, 99).p <= 0.05).any() for _ in range(50))
    assert hits <= 7
    assert (max_t(effect_map(rng, 3.0), rng, 199).p[2:5, 3:7] <= 0.05).mean() > 0.9


@given(p=st.lists(st.floats(0.001, 1), min_size=1, max_size=20))
def test_fdr_is_that_of_scipy(p):
    np.testing.assert_allclose(fdr(np.array(p)), stats.false_discovery_control(p), rtol=1e-12)
