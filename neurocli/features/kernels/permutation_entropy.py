"""Permutation entropy on the CPU: patterns of three samples from five sums, longer ones from their Lehmer code."""

from __future__ import annotations

from math import factorial

import numpy as np

from ..define import twin
from ..permutation_entropy import entropy_of_counts
from ._bits import fast_kernel, kernel, series

BLOCK = 1 << 20  # float32 counts exactly up to 2^24


@fast_kernel
def _sums_of_three(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[float, float, float, float, float]:
    """Count a <= b, b <= c, both, a least, c most; counted in the dtype of the signal, so that it vectorises."""
    one, zero = a.dtype.type(1), a.dtype.type(0)
    up, next_up, both, first_least, last_most = zero, zero, zero, zero, zero
    for i in range(a.size):
        ab = one if a[i] <= b[i] else zero
        bc = one if b[i] <= c[i] else zero
        ac = one if a[i] <= c[i] else zero
        up += ab
        next_up += bc
        both += ab * bc
        first_least += ab * ac
        last_most += ac * bc
    return up, next_up, both, first_least, last_most


@kernel
def _counts_of_three(x: np.ndarray, delay: int) -> np.ndarray:
    """Count the six patterns of three samples."""
    counts = np.zeros((x.shape[0], 6))
    n_patterns = x.shape[1] - 2 * delay
    for s in range(x.shape[0]):
        for start in range(0, n_patterns, BLOCK):
            n = min(n_patterns - start, BLOCK)
            a = x[s, start : start + n]
            b, c = x[s, start + delay : start + delay + n], x[s, start + 2 * delay : start + 2 * delay + n]
            up, next_up, both, first_least, last_most = _sums_of_three(a, b, c)
            counts[s, 0] += both
            counts[s, 1] += first_least - both
            counts[s, 2] += up - first_least
            counts[s, 3] += last_most - both
            counts[s, 4] += next_up - last_most
            counts[s, 5] += n - up - next_up + both
    return counts


@kernel
def _lehmer_codes(x: np.ndarray, order: int, delay: int, codes: np.ndarray) -> None:
    """Number each pattern by how many later samples are smaller than each."""
    codes[:] = 0
    weight = 1
    for first in range(order - 2, -1, -1):
        weight *= order - 1 - first
        for later in range(first + 1, order):
            for i in range(codes.size):
                codes[i] += weight if x[i + later * delay] < x[i + first * delay] else 0


@kernel
def _counts_of_codes(x: np.ndarray, order: int, delay: int, n_codes: int) -> np.ndarray:
    counts = np.zeros((x.shape[0], n_codes))
    codes = np.empty(x.shape[1] - (order - 1) * delay, np.int32)
    for s in range(x.shape[0]):
        _lehmer_codes(x[s], order, delay, codes)
        for code in codes:
            counts[s, code] += 1
    return counts


@twin("permutation_entropy", backend="cpu", tolerance={"float64": 1e-12, "float32": 1.2e-7})
def permutation_entropy(x: np.ndarray, *, order: int = 3, delay: int = 1, normalize: bool = True) -> np.ndarray:
    """Count, then leave the entropy of the counts to the reference."""
    flat = series(x)
    counts = _counts_of_three(flat, delay) if order == 3 else _counts_of_codes(flat, order, delay, factorial(order))
    return entropy_of_counts(counts, order, normalize=normalize).reshape(x.shape[:-1])
