"""Signals so small or so large that products of four samples leave the range of their dtype.

Fields in tesla are some 1e-13, and the fourth power of that is zero in float32. Such epochs are computed in a unit of
their own, a power of two of the signal's, which rounds nothing; each value is brought back by its unit.
"""

from __future__ import annotations

import re
from math import log10

import numpy as np

# dtype -> between which binary exponents the largest sample of an epoch stays as it is, and the grain of another unit
USUAL = {"float32": (-20, 30, 32), "float64": (-200, 200, 128)}
STRIDE = 61  # one sample in so many is looked at first: where these are of the usual size, so is the signal


def shifts(x: np.ndarray) -> np.ndarray | None:
    """Return the exponent of the power of two that brings each epoch to the usual size; None if all are of that.

    Parameters
    ----------
    x : array, shape (n_epochs, n_channels, n_times)
        Finite, float32 or float64.
    """
    low, high, grain = USUAL[x.dtype.name]
    few = _place(x[..., ::STRIDE])
    if ((few >= low) & (few <= high)).all():
        return None
    place = _place(x)
    shift = np.where((place >= low) & (place <= high), 0, -grain * np.rint(place / grain)).astype(np.int32)
    return shift if shift.any() else None


def _place(x: np.ndarray) -> np.ndarray:
    """Return the binary exponent of the largest sample of each epoch; 0 for zeros."""
    return np.asarray(np.frexp(np.maximum(x.max(axis=(1, 2)), -x.min(axis=(1, 2))))[1])


def shifted(x: np.ndarray, shift: np.ndarray | None) -> np.ndarray:
    """Return each epoch times its power of two."""
    return x if shift is None else np.asarray(np.ldexp(x, shift[:, None, None]))


def brought_back(values: np.ndarray, unit: str, shift: np.ndarray | None) -> np.ndarray:
    """Return what was computed of `shifted` epochs as it is of the signal; NaN for what the dtype cannot hold.

    Parameters
    ----------
    values : array, shape (n_epochs, ...)
        Of one feature.
    unit : str
        In which V stands for the unit of the signal.
    shift : array of int, shape (n_epochs,), or None
        Of each epoch.
    """
    power = power_of_signal(unit)
    if shift is None or power == 0:
        return values
    back = -power * shift.reshape(-1, *(1,) * (values.ndim - 1))
    if unit.startswith("log10 "):
        return np.asarray(values + (back * log10(2)).astype(values.dtype))
    with np.errstate(over="ignore", under="ignore"):
        found = np.ldexp(values, back)
    return np.where(np.isinf(found), np.nan, found)


def power_of_signal(unit: str) -> int:
    """Return the power of V in a unit: 2 in ``V^2/Hz``, -2 in ``1/V^2``."""
    above, _, below = unit.partition("/")
    return _power(above) - _power(below)


def _power(factors: str) -> int:
    return sum(int(power or 1) for power in re.findall(r"\bV\b(?:\^(\d+))?", factors))
