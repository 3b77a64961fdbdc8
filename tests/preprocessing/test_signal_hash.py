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
