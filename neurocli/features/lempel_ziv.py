"""Lempel-Ziv complexity: how many new phrases a signal needs."""

from __future__ import annotations

import numpy as np

from .define import feature


@feature(unit="1", cost="quadratic", source="Lempel and Ziv (1976); Kaspar and Schuster (1987)")
def lempel_ziv_complexity(x: np.ndarray, *, normalize: bool = True) -> np.ndarray:
    r"""Phrases of the signal, read as above or not above its median (LZ76).

    .. math:: C = c \log_2(N) / N

    where c counts the phrases; each is the shortest string that does not occur before its own last sample. A last
    phrase that the signal ends counts as one.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in V.
    normalize : bool
        Divide the count by N / log2(N), its value for a random sequence of long N.

    Returns
    -------
    complexity : array, shape (...,)
        A constant has two phrases (one from a single sample).

    Notes
    -----
    As ``antropy.lziv_complexity(x > median(x))``. A signal at its median counts as not above it. Counts of LZ78, and of
    signals cut at their mean, differ.

    References
    ----------
    .. [1] Lempel, A. and Ziv, J. (1976). On the complexity of finite sequences. IEEE Trans. Inf. Theory 22(1), 75-81.
    .. [2] Kaspar, F. and Schuster, H. G. (1987). Easily calculable measure for the complexity of spatiotemporal
       patterns. Phys. Rev. A 36(2), 842-848.
    """
    x = x.astype(np.float64)
    above = x > np.median(x, axis=-1, keepdims=True)
    rows = above.reshape(-1, x.shape[-1])
    counts = np.array([_n_phrases(row.astype(np.uint8).tobytes()) for row in rows], float).reshape(x.shape[:-1])
    return counts * per_phrase(x.shape[-1], normalize=normalize)


def per_phrase(n_times: int, *, normalize: bool) -> float:
    """Return what one phrase is worth."""
    return float(np.log2(n_times) / n_times) if normalize else 1.0


def _n_phrases(symbols: bytes) -> int:
    """Count phrases by asking, for each, how far the symbols from its start on have occurred before."""
    n, start, count = len(symbols), 0, 0
    while start < n:
        end = start + 1
        while end <= n and symbols.find(symbols[start:end], 0, end - 1) >= 0:
            end += 1
        start, count = end, count + 1
    return count
