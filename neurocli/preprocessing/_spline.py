"""Spherical splines: what some sensors say about the places of others, and the surface Laplacian's kin.

References
----------
Perrin et al. (1989) Electroencephalogr. Clin. Neurophysiol. 72:184.
"""

from __future__ import annotations

import numpy as np
from scipy.special import eval_legendre

ALPHA = 1e-5  # regularisation; MNE's
STIFFNESS, N_TERMS = 4, 50  # MNE's


def directions(positions: np.ndarray) -> np.ndarray:
    """Return unit vectors from the centre of the sphere that fits the sensors best, shape (n_channels, 3)."""
    design = np.column_stack([2 * positions, np.ones(len(positions))])
    centre = np.linalg.lstsq(design, (positions**2).sum(axis=1), rcond=None)[0][:3]
    spokes = positions - centre
    unit: np.ndarray = spokes / np.linalg.norm(spokes, axis=1, keepdims=True)
    return unit


def _g(cosine: np.ndarray) -> np.ndarray:
    out = np.zeros_like(cosine)
    for n in range(1, N_TERMS + 1):
        out += (2 * n + 1) / (n**STIFFNESS * (n + 1) ** STIFFNESS * 4 * np.pi) * eval_legendre(n, cosine)
    return out


def spline_weights(source: np.ndarray, target: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Return the matrix that takes values at `source` to values at `target`.

    Equal to MNE's ``_make_interpolation_matrix``.

    Parameters
    ----------
    source : array, shape (n_source, 3)
        Unit vectors.
    target : array, shape (n_target, 3)
        Unit vectors.

    Returns
    -------
    weights : array, shape (n_target, n_source)
        The value at each target is a weighted sum of those at the sources.
    """
    n = len(source)
    g = _g(source @ source.T)
    g.flat[:: n + 1] += alpha
    system = np.block([[g, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    values = np.column_stack([_g(target @ source.T), np.ones(len(target))])
    weights: np.ndarray = (values @ np.linalg.pinv(system))[:, :n]
    return weights
