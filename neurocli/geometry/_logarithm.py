r"""The logarithm of large positive definite matrices without their eigenvectors: half the time of LAPACK's `syevd`.

Householder's reduction to a tridiagonal matrix T is the one part that no way around it is known for. Its logarithm is

.. math:: \log T = \int_0^1 \tfrac1t \left(I - ((1 - t) I + t T)^{-1}\right) dt

by Gauss and Legendre's rule, whose error falls by a known factor with each node; and the inverse of a tridiagonal
matrix has n numbers on its diagonal and n ratios beside it, so that a node costs one multiplication an entry.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from scipy.linalg import get_lapack_funcs

TOGETHER = 4  # nodes that share one pass over the result
MOST = 192  # nodes; where more are needed, eigenvectors are cheaper
LEAST = 1e-6  # of the largest eigenvalue: below it more nodes would be needed, whatever the dtype
BLOCK, WIDE_BLOCK = 16, 64  # columns that LAPACK takes together, reducing and rotating
ACCURACY = {"float64": 1e-15, "float32": 1e-8}


def logarithm(W: np.ndarray, dtype: np.dtype) -> np.ndarray | None:
    """Return the logarithm of a matrix, or None where its eigenvectors are the better way to it.

    Parameters
    ----------
    W : array of float64, shape (n, n)
        Symmetric; the lower triangle is read.
    dtype : dtype
        Of the result, and of the products that lead to it from the logarithm of the tridiagonal matrix.

    Returns
    -------
    log_W : array, shape (n, n), or None
    """
    reduce = get_lapack_funcs("sytrd", (W,))
    reflectors, diagonal, beside, tau, _ = reduce(W, lower=1, lwork=BLOCK * len(W))
    low, high = _extremes(diagonal, beside, LEAST)
    n_nodes = _nodes_needed(low, high, ACCURACY[dtype.name])
    if n_nodes > MOST:
        return None
    nodes, weights = _rule(n_nodes)
    middle = np.sqrt(low * high)  # the rule is best where the eigenvalues lie evenly about 1
    log_T = np.empty(W.shape)
    _tridiagonal_log(diagonal / middle, beside / middle, nodes, weights, log_T)
    log_T.flat[:: len(W) + 1] += np.log(middle)
    return _rotated(log_T.astype(dtype), reflectors, tau)


def _rotated(S: np.ndarray, reflectors: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Return Q S Q', where Q is the product of Householder's reflectors as `sytrd` leaves them."""
    apply = get_lapack_funcs("ormqr", (S,))
    V = np.empty_like(S, order="F")
    V[:, 0], V[:, 1:] = 0.0, reflectors[:, :-1]  # one that does nothing first: `ormqr` expects them a row higher
    tau = np.concatenate([[0.0], tau]).astype(S.dtype)
    for _ in range(2):  # (S Q')' Q' is the transpose of Q S Q', which is as symmetric as S
        S, _, _ = apply("R", "T", V, tau, S.T, 2 * WIDE_BLOCK * len(S))
    return np.asarray(S)


def _nodes_needed(low: float, high: float, accuracy: float) -> int:
    if not 0 < low <= high < np.inf:
        return MOST + 1
    root = (high / low) ** 0.25
    factor = ((root - 1) / (root + 1)) ** 2
    n = np.log(accuracy) / np.log(factor) if factor > 0 else 1
    return TOGETHER * int(np.ceil(n / TOGETHER))


@lru_cache(maxsize=MOST)
def _rule(n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of Gauss and Legendre's rule from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (nodes + 1) / 2, weights / 2


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _n_below(diagonal: np.ndarray, beside: np.ndarray, value: float) -> int:
    """Return how many eigenvalues are below a value (Sturm's count)."""
    n, pivot = 0, 1.0
    for i in range(diagonal.size):
        pivot = diagonal[i] - value - (beside[i - 1] ** 2 / pivot if i > 0 else 0.0)
        n += pivot < 0
        pivot = pivot if pivot != 0 else 1e-300
    return n


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _extremes(diagonal: np.ndarray, beside: np.ndarray, least: float) -> tuple[float, float]:
    """Return bounds of the eigenvalues, each within a tenth; the lower is NaN where below `least` times the upper."""
    n, bound = diagonal.size, 0.0
    for i in range(n):
        left, right = abs(beside[i - 1]) if i > 0 else 0.0, abs(beside[i]) if i < n - 1 else 0.0
        bound = max(bound, diagonal[i] + left + right)  # Gershgorin's
    high = bound
    while high > least * bound and _n_below(diagonal, beside, high / 1.1) == n:
        high /= 1.1
    if _n_below(diagonal, beside, least * high) > 0:
        return np.nan, high
    low, above = least * high, high
    while above > 1.1 * low:
        middle = np.sqrt(low * above)
        if _n_below(diagonal, beside, middle) == 0:
            low = middle
        else:
            above = middle
    return low, high


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})  # type: ignore[untyped-decorator]
def _inverse(
    diagonal: np.ndarray, beside: np.ndarray, t: float, upward: np.ndarray, ratio: np.ndarray, out: np.ndarray
) -> None:
    """Write the diagonal of ((1 - t) I + t T)^-1, and the ratios of its columns to those before, above the diagonal."""
    n, rest = diagonal.size, 1.0 - t
    upward[n - 1] = rest + t * diagonal[n - 1]
    for i in range(n - 2, -1, -1):
        upward[i] = rest + t * diagonal[i] - (t * beside[i]) ** 2 / upward[i + 1]
    downward, ratio[0], out[0] = rest + t * diagonal[0], 0.0, 1.0 / upward[0]
    for k in range(1, n):
        here = rest + t * diagonal[k]
        downward = here - (t * beside[k - 1]) ** 2 / downward
        ratio[k] = -t * beside[k - 1] / upward[k]
        out[k] = 1.0 / (downward + upward[k] - here)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})  # type: ignore[untyped-decorator]
def _tridiagonal_log(
    diagonal: np.ndarray, beside: np.ndarray, nodes: np.ndarray, weights: np.ndarray, out: np.ndarray
) -> None:
    """Write the logarithm of a tridiagonal matrix, four nodes at a time."""
    n = diagonal.size
    upward, ratio, inverse, columns = np.empty(n), np.empty((4, n)), np.empty((4, n)), np.empty((4, n))
    first, second, third, fourth = columns[0], columns[1], columns[2], columns[3]
    out[:] = 0.0
    for j in range(0, nodes.size, 4):
        total = 0.0
        for q in range(4):
            weight = weights[j + q] / nodes[j + q]
            _inverse(diagonal, beside, nodes[j + q], upward, ratio[q], inverse[q])
            inverse[q] *= weight
            total += weight
        for k in range(n):
            r, row = ratio[:, k], out[k]
            for i in range(k):
                first[i] *= r[0]
                second[i] *= r[1]
                third[i] *= r[2]
                fourth[i] *= r[3]
                row[i] -= (first[i] + second[i]) + (third[i] + fourth[i])
            first[k], second[k], third[k], fourth[k] = inverse[0, k], inverse[1, k], inverse[2, k], inverse[3, k]
            row[k] += total - ((first[k] + second[k]) + (third[k] + fourth[k]))
    for k in range(n):
        for i in range(k):
            out[i, k] = out[k, i]
