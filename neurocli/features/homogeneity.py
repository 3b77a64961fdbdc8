"""How alike the series of neighbouring regions rise and fall."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from ..errors import ConfigError, unknown
from ._pairs import quotient
from .define import feature


@feature(unit="1", per="node", cost="pairs", min_times=2, source="Zang et al. (2004); Kendall's W, corrected for ties")
def regional_homogeneity(
    x: np.ndarray, ch_names: tuple[str, ...], *, neighbours: dict[str, list[str]] | None = None
) -> np.ndarray:
    r"""ReHo: Kendall's coefficient of concordance of a region and its neighbours.

    .. math:: W = \frac{12 \sum_t (R_t - \bar R)^2}{K^2 (n^3 - n) - K \sum_k T_k}

    with the sum :math:`R_t` of the ranks that the K series have at time t, each ranked over its n samples (equal
    values share their mean rank), and :math:`T_k = \sum (g^3 - g)` over the groups of g equal values in series k.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Series of regions or voxels, in their own unit.
    ch_names : tuple of str
        Their names.
    neighbours : dict of list of str, optional
        The neighbours of each region, itself left out; by default all other regions, whose W then is the same.

    Returns
    -------
    homogeneity : array, shape (..., n_channels)
        From 0 to 1; NaN for a region without neighbours, and where all series of a neighbourhood are constant.

    Raises
    ------
    ConfigError
        If `neighbours` names a region that there is not (``E-FEATURES-NEIGHBOURS``).

    References
    ----------
    .. [1] Zang, Y. et al. (2004). Regional homogeneity approach to fMRI data analysis. NeuroImage 22(1), 394-400.
    .. [2] Kendall, M. G. & Gibbons, J. D. (1990). Rank correlation methods. 5th ed., Oxford University Press.
    """
    ranks = rankdata(x, axis=-1) - (x.shape[-1] + 1) / 2
    spread = (ranks**2).sum(axis=-1)  # (n^3 - n - T) / 12
    if neighbours is None:
        return np.repeat(_concordance(ranks, spread)[..., None], len(ch_names), axis=-1)
    found = [_concordance(ranks[..., group, :], spread[..., group]) for group in _groups(ch_names, neighbours)]
    return np.stack(found, axis=-1)


def _groups(ch_names: tuple[str, ...], neighbours: dict[str, list[str]]) -> list[list[int]]:
    """Return the indices of each region and its neighbours."""
    for name in (*neighbours, *(one for group in neighbours.values() for one in group)):
        if name not in ch_names:
            raise ConfigError(unknown("region among the neighbours", name, ch_names), code="E-FEATURES-NEIGHBOURS")
    return [sorted({ch_names.index(one) for one in (name, *neighbours.get(name, ()))}) for name in ch_names]


def _concordance(ranks: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return W of series (..., K, n), given as ranks less their mean, and their sums of squares (..., K)."""
    n_series = ranks.shape[-2]
    if n_series < 2:
        return np.full(ranks.shape[:-2], np.nan)
    return quotient((ranks.sum(axis=-2) ** 2).sum(axis=-1), n_series * spread.sum(axis=-1), np.nan)
