"""Singular value entropy on the CPU: from the Gram matrix where that is exact enough, else from the matrix itself."""

from __future__ import annotations

import numpy as np

from ..define import twin
from ..svd_entropy import embedded, entropy_of
from ._bits import fast_kernel, kernel, series

#: A Gram matrix loses eps / ratio of its smallest eigenvalue, and its root loses half; below, the matrix is decomposed
SMALLEST_RATIO = {"float64": 1e-7, "float32": 1e-4}


@fast_kernel
def _dot(a: np.ndarray, b: np.ndarray) -> float:
    total = a.dtype.type(0)
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@kernel
def _grams(x: np.ndarray, order: int, delay: int) -> np.ndarray:
    """Return the products of all pairs of delayed copies."""
    n = x.shape[1] - (order - 1) * delay
    out = np.empty((x.shape[0], order, order))
    for s in range(x.shape[0]):
        for i in range(order):
            for j in range(i, order):
                product = _dot(x[s, i * delay : i * delay + n], x[s, j * delay : j * delay + n])
                out[s, i, j], out[s, j, i] = product, product
    return out


@twin("svd_entropy", backend="cpu", tolerance={"float64": 1e-9, "float32": 1e-3})
def svd_entropy(x: np.ndarray, *, order: int = 3, delay: int = 1, normalize: bool = True) -> np.ndarray:
    """Take roots of the Gram matrix's eigenvalues; a nearly singular embedding goes through the full decomposition."""
    flat = series(x)
    values = np.linalg.eigvalsh(_grams(flat, order, delay))
    singular = np.sqrt(np.maximum(values, 0.0))
    bad = values[:, 0] < SMALLEST_RATIO[x.dtype.name] * values[:, -1]
    if bad.any():
        matrices = embedded(flat[bad].astype(np.float64), order, delay)
        found = np.linalg.svd(matrices, compute_uv=False)  # of a short signal fewer than there are columns
        singular[bad] = 0.0
        singular[bad, : found.shape[-1]] = found
    return entropy_of(singular, order, normalize=normalize).reshape(x.shape[:-1])
