"""The signal itself, for decoders that learn their own features and for images."""

from __future__ import annotations

import numpy as np

from .define import feature


@feature(unit="V", source="Haxby et al. (2001)")
def voxels(x: np.ndarray) -> np.ndarray:
    """Mean over the samples of a block or window: one value a voxel, region or channel.

    Parameters
    ----------
    x : array, shape (..., n_times)
        Signal, in its own unit.

    Returns
    -------
    voxels : array, shape (...,)
        In the unit of the signal.

    References
    ----------
    .. [1] Haxby, J. V. et al. (2001). Distributed and overlapping representations of faces and objects in ventral
       temporal cortex. Science 293(5539), 2425-2430.
    """
    return x.mean(axis=-1)


@feature(unit="V", per="array", source="none: nothing is computed")
def signal(x: np.ndarray) -> np.ndarray:
    """Return the epochs as they are, for models that take the signal.

    Parameters
    ----------
    x : array, shape (..., n_channels, n_times)
        Signal, in its own unit.

    Returns
    -------
    signal : array, shape (..., n_channels, n_times)
        In the unit of the signal; all of an epoch is NaN where one sample of it is not finite.
    """
    return x
