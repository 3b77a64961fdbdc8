"""Equal signals have equal hashes; one sample that differs, wherever it lies, gives another."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurocli.data.samples import signal_hash


@given(channel=st.integers(0, 4), time=st.integers(0, 99), sparse=st.booleans())
def test_one_sample_that_differs_gives_another_hash(channel, time, sparse):
    """Counts are nearly all zero, so most of their samples agree whatever the epoch."""
    x = np.random.default_rng(0).poisson(0.02, (5, 100)) * 1.0 if sparse else np.random.default_rng(0).random((5, 100))
    other = x.copy()
    assert signal_hash(other) == signal_hash(np.asfortranarray(x)) == signal_hash(x)
    other[channel, time] += 1.0
    assert signal_hash(other) != signal_hash(x)


def test_a_constant_has_none():
    assert signal_hash(np.full((3, 50), 2.0)) is None
    assert signal_hash(np.empty((3, 0))) is None


@given(st.data())
def test_spikes_in_other_places_give_another_hash(data):
    """Sparse counts, where most samples agree: spikes that change places among channels or times."""
    places = st.sets(st.tuples(st.integers(0, 69), st.integers(0, 19)), min_size=1, max_size=6)
    sizes = st.lists(st.sampled_from([1.0, 2.0, 3.0, -1.0]), min_size=6, max_size=6)
    x, other = (_spikes(data.draw(places), data.draw(sizes)) for _ in range(2))
    assert (signal_hash(x) == signal_hash(other)) == np.array_equal(x, other)


def _spikes(places, sizes):
    x = np.zeros((70, 20))
    for place, size in zip(sorted(places), sizes, strict=False):
        x[place] = size
    return x


def test_the_shape_counts():
    x = np.random.default_rng(0).random((4, 50))
    assert len({signal_hash(x), signal_hash(x[:, :49]), signal_hash(x[:3]), signal_hash(x[[1, 0, 2, 3]])}) == 4
