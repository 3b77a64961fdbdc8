"""Oracle: antropy's Kaspar-Schuster count; the examples of the papers; strings whose count is known."""

from __future__ import annotations

import antropy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.features import lempel_ziv as reference
from neurocli.features.kernels import lempel_ziv as cpu

both = pytest.mark.parametrize("module", [reference, cpu], ids=["reference", "cpu"])


def theirs(x, *, normalize=False):
    return antropy.lziv_complexity(x > np.median(x), normalize=normalize)


@both
@given(bits=st.lists(st.booleans(), min_size=1, max_size=200), repeats=st.integers(1, 5))
def test_any_string(module, bits, repeats):
    x = np.tile(np.array(bits, float), repeats)
    assert module.lempel_ziv_complexity(x[None], normalize=False)[0] == theirs(x)


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_times", [63, 64, 65, 1000])
def test_signals(module, dtype, n_times):
    x = np.cumsum(np.random.default_rng(n_times).standard_normal((5, n_times)), axis=-1).astype(dtype)
    expected = [theirs(row.astype(float), normalize=True) for row in x]
    np.testing.assert_allclose(module.lempel_ziv_complexity(x), expected, rtol=1e-12)


def test_the_example_of_kaspar_and_schuster():
    """0001101001000101 reads 0.001.10.100.1000.101: six phrases."""
    assert reference._n_phrases(bytes(map(int, "0001101001000101"))) == 6


@both
def test_constant_periodic_random(module):
    assert module.lempel_ziv_complexity(np.zeros((1, 500)), normalize=False) == 2
    assert module.lempel_ziv_complexity(np.tile([0.0, 1.0], 250)[None], normalize=False) == 3
    noise = np.random.default_rng(0).standard_normal((4, 4000))
    # the ratio tends to 1 from above, like 1 + O(log log n / log n)
    assert (module.lempel_ziv_complexity(noise) > 1.0).all()
    assert (module.lempel_ziv_complexity(noise) < 1.1).all()
