"""How `quality` measures images: numbers, a carpet, traces, and three planes with the outline of the brain."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..data.recording import Image
from ._confounds import displacement, dvars, framewise_displacement
from ._image import bright, dice

BRIGHT = 0.5  # of the 98th percentile of the mean image; beyond it lies the head
FAINT = 0.2  # the same, for the outline of the head
STEP = 0.5e-3  # m; a volume to which the head moved further is counted
ROWS, WIDEST = 80, 240  # voxels and volumes of a carpet
PLANE = 64  # voxels along the longer side of a plane
SHADES = 99  # of grey


def of_image(data: Image) -> dict[str, Any]:
    """Return what is known of an image or a series, as JSON."""
    x = np.asarray(data.data, dtype=np.float64)
    mean = x.mean(axis=-1) if x.ndim == 4 else x
    numbers: dict[str, Any] = {"n_volumes": 1 if x.ndim == 3 else x.shape[-1], "tsnr": None}
    if x.ndim == 4 and x.shape[-1] > 1:
        numbers |= _of_series(data, x, mean)
    return numbers | {"overlap": _overlap(data, mean), "planes": planes(mean, _mask(data))}


def _of_series(data: Image, x: np.ndarray, mean: np.ndarray) -> dict[str, Any]:
    moved, changed = framewise_displacement(data), dvars(x)
    numbers: dict[str, Any] = {
        "tsnr": tsnr(x, mean),
        "dvars_median": None if changed[1] is None else float(np.median(np.array(changed[1:], dtype=float))),
        "dvars": changed,
    }
    if moved is not None:
        steps = moved[1:]
        numbers |= displacement(data) | {"n_displaced": int((steps > STEP).sum())}
        numbers["displacement_m"] = [None, *steps.tolist()]
    inside = _mask(data)
    return numbers | {"carpet": carpet(x, bright(mean, FAINT) if inside is None else inside)}


def tsnr(x: np.ndarray, mean: np.ndarray) -> float | None:
    """Return the signal-to-noise ratio over time, the median over bright voxels."""
    spread = x.std(axis=-1)
    inside = bright(mean, BRIGHT) & (spread > 0)
    return float(np.median(mean[inside] / spread[inside])) if inside.any() else None


def _mask(data: Image) -> np.ndarray | None:
    return None if data.mask is None else np.asarray(data.mask) != 0


def _overlap(data: Image, mean: np.ndarray) -> float | None:
    """Return the Dice overlap of what is bright with the brain of the mask, where there is one."""
    inside = _mask(data)
    return None if inside is None else dice(bright(mean, FAINT), inside)


def carpet(x: np.ndarray, inside: np.ndarray) -> list[list[int]]:
    """Return voxels over time in tenths of their standard deviation, the rim of the brain first.

    Parameters
    ----------
    x : array, shape (x, y, z, n_volumes)
    inside : array, shape (x, y, z)

    References
    ----------
    Power (2017) NeuroImage 154:150.
    """
    depth = distance_transform_edt(inside)[inside]
    order = np.argsort(depth, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, ROWS).astype(int))] if len(order) else order
    rows = x[inside][chosen]
    rows = rows - rows.mean(axis=-1, keepdims=True)
    spread = rows.std(axis=-1, keepdims=True)
    rows = np.divide(rows, spread, out=np.zeros_like(rows), where=spread > 0)
    columns = np.array_split(np.arange(rows.shape[-1]), min(WIDEST, rows.shape[-1]))
    averaged = np.stack([rows[:, column].mean(axis=-1) for column in columns], axis=-1) if len(rows) else rows
    found: list[list[int]] = np.round(10 * averaged).astype(int).tolist()
    return found


def planes(mean: np.ndarray, inside: np.ndarray | None) -> list[dict[str, Any]]:
    """Return the middle plane along each axis, in shades of grey, and the mask in it."""
    known = mean[np.isfinite(mean)]
    top = (float(np.percentile(known, 99)) if known.size else 0.0) or 1.0
    grey = np.clip(np.nan_to_num(SHADES * mean / top), 0, SHADES).astype(int)
    middle = _middle(mean if inside is None else inside)
    return [
        {
            "grey": _thinned(np.take(grey, middle[axis], axis)).tolist(),
            "mask": None if inside is None else _thinned(np.take(inside, middle[axis], axis)).astype(int).tolist(),
        }
        for axis in range(3)
    ]


def _middle(x: np.ndarray) -> list[int]:
    """Return the middle of what is not dark along each axis."""
    places = np.argwhere(x > 0)
    return [int(n) for n in (np.median(places, axis=0) if len(places) else np.array(x.shape) // 2)]


def _thinned(plane: np.ndarray) -> np.ndarray:
    step = -(-max(plane.shape) // PLANE)
    return plane[::step, ::step]
