"""How a waveform moves from sample to sample."""

from __future__ import annotations

import numpy as np

from .define import feature


@feature(unit="V", min_times=2, source="Esteller et al. (2001); mne-features")
def line_length(x: np.ndarray) -> np.ndarray:
    r"""Mean absolute difference of neighbouring samples.

    .. math:: L = \frac{1}{n - 1} \sum_t |x_{t+1} - x_t|

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts.

    Returns
    -------
    line_length : array, shape (...,)
        Volts. Others report the sum.

    References
    ----------
    .. [1] Esteller, R. et al. (2001). Line length: an efficient feature for seizure onset detection. Proc. 23rd IEEE
       EMBS 2, 1707-1710.
    """
    return np.abs(np.diff(x, axis=-1)).mean(axis=-1)


@feature(unit="1", min_times=2, source="antropy")
def zero_crossings(x: np.ndarray) -> np.ndarray:
    """Number of times that the signal changes sign, the mean not removed.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in volts. Zero counts as positive.

    Returns
    -------
    zero_crossings : array, shape (...,)
        Count.
    """
    negative = x < 0  # unlike the sign bit, the same for 0.0 and -0.0
    return (negative[..., 1:] != negative[..., :-1]).sum(axis=-1).astype(np.float64)
