"""Maps of scores or effects (channels, times, voxels): which parts differ from nothing, over subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LEVEL = 0.05  # p of a point from which it is part of a cluster


@dataclass(frozen=True)
class MapTest:
    """Outcome of a test of a map.

    Parameters
    ----------
    t : array, shape (...,)
        t of each point.
    p : array, shape (...,)
        p of each point, corrected for the size of the map.
    """

    t: np.ndarray
    p: np.ndarray


def max_t(values: np.ndarray, rng: np.random.Generator, n_permutations: int = 1000) -> MapTest:
    """Return the sign-flip test whose p are corrected by the largest absolute t of each flip.

    Parameters
    ----------
    values : array, shape (n_subjects, ...)
        Effect of each subject; under the null symmetric round 0.
    rng : Generator
        Draws flips.
    n_permutations : int
        Number of flips.
    """
    t = _t(values)
    flips = rng.choice([-1.0, 1.0], size=(n_permutations, len(values)))
    largest = np.array([np.abs(_t(flip.reshape(-1, *[1] * (values.ndim - 1)) * values)).max() for flip in flips])
    above = np.searchsorted(np.sort(largest), np.abs(t) - 1e-12, side="left")
    return MapTest(t, (n_permutations - above + 1) / (n_permutations + 1))


def _t(values: np.ndarray) -> np.ndarray:
    spread = values.std(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # no effect and no spread is no evidence
        return np.asarray(np.nan_to_num(values.mean(axis=0) / (spread / np.sqrt(len(values))), nan=0.0))


def cluster_test(
    values: np.ndarray, seed: int, *, adjacency: Any = None, tfce: bool = True, n_permutations: int = 1000,
    tail: int = 0, hat: float = 0.0,
) -> MapTest:  # fmt: skip
    """Return the sign-flip test by threshold-free cluster enhancement, or by clusters.

    Parameters
    ----------
    values : array, shape (n_subjects, ...)
        Effect of each subject.
    seed : int
        Of the flips.
    adjacency : sparse matrix, optional
        Which points are neighbours; by default the grid of the trailing axes.
    tfce : bool
        Enhance (height squared times root of extent) instead of cutting at p = .05.
    n_permutations : int
        Number of flips; all of them where there are fewer.
    tail : {0, 1}
        1 looks for effects above 0 alone.
    hat : float
        Share of the largest variance of any point that is added to all of them: where all subjects happen to agree,
        t is large and not infinite (Ridgway et al. 2012).

    References
    ----------
    .. [1] Smith, S. M., & Nichols, T. E. (2009). Threshold-free cluster enhancement. NeuroImage 44(1), 83-98.
    .. [2] Maris, E., & Oostenveld, R. (2007). Nonparametric statistical testing of EEG- and MEG-data. J. Neurosci.
       Methods 164(1), 177-190.
    .. [3] Ridgway, G. R., Litvak, V., Flandin, G., Friston, K. J., & Penny, W. D. (2012). The problem of low variance
       voxels in statistical parametric mapping; a new hat avoids a 'haircut'. NeuroImage 59(3), 2131-2141.
    """
    from mne.stats import permutation_cluster_1samp_test
    from scipy.stats import t as student

    cut = float(student.isf(LEVEL / (1 if tail else 2), len(values) - 1))
    t, clusters, p, _ = permutation_cluster_1samp_test(
        values, threshold={"start": 0, "step": 0.2} if tfce else cut, n_permutations=n_permutations, seed=seed,
        adjacency=adjacency, out_type="mask", n_jobs=1, verbose="error", tail=tail,
        stat_fun=_hatted(float(hat * values.var(axis=0, ddof=1).max()) + (1e-12 if hat else 0)),
    )  # fmt: skip
    if tfce:
        return MapTest(t, np.asarray(p).reshape(t.shape))
    of_point = np.ones(t.shape)
    for cluster, value in zip(clusters, p, strict=True):
        of_point[cluster] = value
    return MapTest(t, of_point)


def _hatted(extra: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return t with `extra` added to each variance."""

    def t(values: np.ndarray) -> np.ndarray:
        return np.asarray(values.mean(axis=0) / np.sqrt((values.var(axis=0, ddof=1) + extra) / len(values)))

    return t


def fdr(p: np.ndarray) -> np.ndarray:
    """Return p adjusted for the false discovery rate (Benjamini and Hochberg).

    Parameters
    ----------
    p : array, shape (...,)
        Each from a test of its own.

    References
    ----------
    .. [1] Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57,
       289-300.
    """
    flat = np.ravel(p)
    order = np.argsort(flat)[::-1]
    scaled = flat[order] * len(flat) / np.arange(len(flat), 0, -1)
    adjusted = np.empty_like(flat, dtype=float)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1)
    return adjusted.reshape(np.shape(p))
