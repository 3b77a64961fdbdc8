"""How the envelope of a fast rhythm depends on the phase of a slow one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._pairs import quotient
from .analytic import analytic
from .define import Given, feature

if TYPE_CHECKING:
    from pydantic import PositiveInt

    from ..si import Bands

PHASES = {"theta": (4.0, 8.0)}
AMPLITUDES = {"gamma": (30.0, 45.0)}


def _parts(given: Given) -> list[str]:
    return [f"{slow}-{fast}" for slow in given["phases"] for fast in given["amplitudes"]]


@feature(unit="1", parts=_parts, cost="spectral", min_times=36, source="Tort et al. (2010); bins as tensorpac")
def pac_modulation_index(
    x: np.ndarray,
    sfreq: float,
    *,
    phases: Bands = PHASES,
    amplitudes: Bands = AMPLITUDES,
    n_bins: PositiveInt = 18,
) -> np.ndarray:
    r"""Modulation index of phase-amplitude coupling: how far the envelope is from the same at every phase.

    .. math:: \mathrm{MI} = 1 + \frac{1}{\ln n} \sum_{k=1}^{n} p_k \ln p_k

    where :math:`p_k` is the mean envelope of the fast band while the slow phase is in bin k, divided by the sum of
    all bins. Both come from the analytic signal of `analytic`, of the whole epoch.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in V.
    sfreq : float
        Hz.
    phases : dict of (l_freq, h_freq)
        Bands that give the phase, in Hz.
    amplitudes : dict of (l_freq, h_freq)
        Bands that give the envelope, in Hz.
    n_bins : int
        Bins of equal width from -pi to pi.

    Returns
    -------
    index : array, shape (..., n_channels, n_phases * n_amplitudes)
        From 0 (no coupling) to 1 (envelope in one bin alone). An empty bin counts as no amplitude; NaN where the
        envelope is zero throughout (constant signal) or there is one bin.

    Raises
    ------
    InputError
        If a band holds no bin of the transform (``E-FEATURES-BAND``).

    References
    ----------
    .. [1] Tort, A. B. L. et al. (2010). Measuring phase-amplitude coupling between neuronal oscillations of different
       frequencies. J. Neurophysiol. 104(2), 1195-1210.
    """
    slow = np.moveaxis(analytic(x, sfreq, bands=phases), -3, 0)
    fast = np.abs(np.moveaxis(analytic(x, sfreq, bands=amplitudes), -3, 0))
    index = [_index(_bins(z, n_bins), envelope, n_bins) for z in slow for envelope in fast]
    return np.stack(index, axis=-1)


def _bins(z: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the bin of each phase; that of exactly pi is the last."""
    turn = (np.angle(z) + np.pi) / (2 * np.pi)
    return np.minimum((turn * n_bins).astype(np.int64), n_bins - 1)


def _index(bins: np.ndarray, envelope: np.ndarray, n_bins: int) -> np.ndarray:
    within = [bins == k for k in range(n_bins)]
    means = [quotient((envelope * here).sum(axis=-1), here.sum(axis=-1).astype(float), 0.0) for here in within]
    total = np.sum(means, axis=0)
    share = np.stack([quotient(mean, total, np.nan) for mean in means])
    entropy = -(share * np.log(share, out=np.zeros_like(share), where=share > 0)).sum(axis=0)
    return np.asarray(1 - entropy / np.log(n_bins)) if n_bins > 1 else np.full_like(total, np.nan)
