"""How the envelopes of two channels rise and fall together."""

from __future__ import annotations

import numpy as np

from ._pairs import by_pair
from .analytic import band_names
from .define import feature

ROUNDING = 100  # of the envelope's own precision: what moves less is not known to move


@feature(unit="1", pairs=True, parts=band_names, cost="pairs", min_times=4, source="Brookes et al. (2011)", version=2)
def amplitude_envelope_correlation(analytic: np.ndarray) -> np.ndarray:
    r"""Pearson correlation of the envelopes, not orthogonalised.

    .. math:: r = \operatorname{corr}_t(|z_i|, |z_j|)

    Parameters
    ----------
    analytic : array, shape (..., n_bands, n_channels, n_times)
        Analytic signal, in V.

    Returns
    -------
    correlation : array, shape (..., n_pairs, n_bands)
        From -1 to 1; NaN where an envelope is constant but for rounding: that of a constant channel, and that of a band
        which holds one frequency of the epoch alone.

    References
    ----------
    .. [1] Brookes, M. J. et al. (2011). Measuring functional connectivity using MEG. NeuroImage 56(3), 1082-1104.
    """
    envelope = np.abs(analytic)
    centred = envelope - envelope.mean(axis=-1, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    whole = np.sqrt((envelope**2).sum(axis=-1, keepdims=True))
    moves = size > ROUNDING * np.finfo(envelope.dtype).eps * whole
    scaled = np.divide(centred, size, out=np.full_like(centred, np.nan), where=moves)
    return by_pair(scaled, lambda a, b: (a * b).sum(axis=-1))
