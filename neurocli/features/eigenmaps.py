"""Where each region lies when those that go together are laid near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .define import Given, feature

if TYPE_CHECKING:
    from pydantic import PositiveInt


def _dimensions(given: Given) -> list[str]:
    return [str(k) for k in range(1, given["n_dimensions"] + 1)]


@feature(unit="1", per="node", parts=_dimensions, cost="matrix", min_times=2, source="Belkin & Niyogi (2003)")
def laplacian_eigenmap(correlation_matrix: np.ndarray, *, n_dimensions: PositiveInt = 2) -> np.ndarray:
    r"""Coordinates of each region that minimise the distances of regions, weighed by their absolute correlation.

    .. math:: L y = \lambda D y, \quad L = D - W, \quad W_{ij} = |r_{ij}|, \quad W_{ii} = 0, \quad y^T D y = 1

    for the smallest eigenvalues but the first, whose y is the same for all regions.

    Parameters
    ----------
    correlation_matrix : array, shape (..., n_channels, n_channels)
        Pearson correlations.
    n_dimensions : int
        Number of coordinates, fewer than there are regions.

    Returns
    -------
    eigenmap : array, shape (..., n_channels, n_dimensions)
        The smallest eigenvalue first; the sign is such that the coordinate farthest from zero is positive. As of
        ``sklearn.manifold.spectral_embedding``, but for the sign. NaN throughout an epoch with a constant channel or
        a region that has no correlation at all.

    Raises
    ------
    InputError
        If there are not more regions than coordinates (``E-FEATURES-CHANNELS``).

    References
    ----------
    .. [1] Belkin, M. & Niyogi, P. (2003). Laplacian eigenmaps for dimensionality reduction and data representation.
       Neural Comput. 15(6), 1373-1396.
    """
    n = correlation_matrix.shape[-1]
    if n <= n_dimensions:
        raise InputError(
            f"A map of {n_dimensions} dimensions needs more regions than that, and there are {n}.",
            code="E-FEATURES-CHANNELS",
            remedy="Lower `laplacian_eigenmap.n_dimensions`, or pick more channels.",
        )
    weights = np.abs(correlation_matrix) * (1 - np.eye(n))
    degree = weights.sum(axis=-1)
    usable = (degree > 0).all(axis=-1)  # false where it is NaN too
    root = np.sqrt(np.where(usable[..., None], degree, 1.0))
    scaled = np.where(usable[..., None, None], weights, 0.0) / root[..., :, None] / root[..., None, :]
    vectors = np.linalg.eigh(np.eye(n) - scaled)[1][..., 1 : n_dimensions + 1] / root[..., :, None]
    farthest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=-2)[..., None, :], axis=-2)
    return np.where(usable[..., None, None], vectors * np.where(farthest < 0, -1.0, 1.0), np.nan)
