"""How `confounds` is done."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.recording import Image
from ..errors import unknown
from ._band_pass import butterworth, filtered, round_the_mean
from ._common import noted, refuse
from ._image import bright, series

if TYPE_CHECKING:
    from .confounds import Confounds

MOTION = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
SUFFIXES = {
    "basic": [""],
    "derivatives": ["", "_derivative1"],
    "power2": ["", "_power2"],
    "full": ["", "_derivative1", "_power2", "_derivative1_power2"],
}
HEAD_MM = 50.0  # radius on which a rotation counts as a shift


def cleaned(data: Image, settings: Confounds) -> Image:
    """Return the image with the columns of the settings regressed out of each voxel."""
    series(data, settings.name)
    names = chosen(data, [*settings.columns, *patterns(settings)])
    design = confound_matrix(data, names)
    if design.shape[1] >= data.data.shape[-1]:
        message = f"{design.shape[1]} confounds leave nothing of {data.data.shape[-1]} volumes."
        raise refuse(data, "E-INPUT-SHORT", message, "Name fewer columns.")
    x = np.asarray(data.data, dtype=np.float64)
    if settings.l_freq is not None or settings.h_freq is not None:
        x, design = _in_band(data, x, design, settings)
    basis = _orthonormal(design)
    residual = x - (x @ basis) @ basis.T
    numbers = {"columns": names, "variance_explained": _explained(x, residual), **displacement(data)}
    return noted(data, settings.name, numbers, data=residual)


def _explained(x: np.ndarray, residual: np.ndarray) -> float:
    """Return the share of the variance that is gone, over voxels that are numbers: some programs put NaN outside."""
    known = np.isfinite(residual).all(axis=-1)
    if not known.all():
        x, residual = x[known], residual[known]
    before = x.var() if x.size else 0.0
    return float(1 - residual.var() / before) if before else 0.0


def _in_band(data: Image, x: np.ndarray, design: np.ndarray, settings: Confounds) -> tuple[np.ndarray, np.ndarray]:
    """Return the band of the series, round their mean, and that of the confounds, centred."""
    sos = butterworth(data, settings.l_freq, settings.h_freq)
    design = filtered(design.T, sos).T
    return round_the_mean(x, sos), design - design.mean(axis=0)


def patterns(settings: Confounds) -> list[str]:
    """Return the columns of the strategy, in fMRIPrep's names."""
    groups = {
        "motion": _expanded(MOTION, settings.motion),
        "high_pass": ["cosine*"],
        "wm_csf": _expanded(["csf", "white_matter"], settings.wm_csf),
        "global_signal": _expanded(["global_signal"], settings.global_signal),
        "compcor": [f"a_comp_cor_{i:02d}" for i in range(settings.n_compcor)],
        "ica_aroma": ["aroma*"],
    }
    return [pattern for group in settings.strategy for pattern in groups[group]]


def _expanded(names: list[str], how: str) -> list[str]:
    return [f"{name}{suffix}" for suffix in SUFFIXES[how] for name in names]


def displacement(data: Image) -> dict[str, float]:
    """Return mean and greatest framewise displacement, in m, where the table has the six motion parameters.

    References
    ----------
    Power et al. (2012) NeuroImage 59:2142.
    """
    steps = framewise_displacement(data)
    if steps is None or len(steps) < 2:
        return {}
    return {"mean_displacement_m": float(np.nanmean(steps)), "greatest_displacement_m": float(np.nanmax(steps))}


def framewise_displacement(data: Image) -> np.ndarray | None:
    """Return how far the head moved to each volume, in m, NaN for the first; None without the six parameters."""
    if not set(MOTION) <= set(data.confounds):
        return None
    return moved_by(_columns(data, MOTION))


def moved_by(table: np.ndarray) -> np.ndarray:
    """Return the framewise displacement of a table of motion, in m, NaN for the first volume, shape (n_volumes,).

    Parameters
    ----------
    table : array, shape (n_volumes, 6)
        Three shifts in mm, three turns in radians.

    References
    ----------
    Power et al. (2012) NeuroImage 59:2142.
    """
    moves = np.abs(np.diff(table, axis=0, prepend=np.nan))
    steps: np.ndarray = (moves[:, :3].sum(axis=1) + HEAD_MM * moves[:, 3:].sum(axis=1)) / 1000
    return steps


def dvars(x: np.ndarray) -> list[float | None]:
    """Return the root mean square of the change from volume to volume, over bright voxels, in their unit.

    References
    ----------
    Power et al. (2012) NeuroImage 59:2142.
    """
    inside = x[bright(x, 0.2)].astype(np.float64)
    if not len(inside):
        return [None] * x.shape[-1]  # a series of nothing
    return [None, *np.sqrt((np.diff(inside, axis=-1) ** 2).mean(axis=0)).tolist()]


def chosen(data: Image, patterns: list[str]) -> list[str]:
    """Return the columns that the patterns name (``E-INPUT-CONFOUNDS`` where one names none)."""
    if not data.confounds:
        remedy = "Start from derivatives that have one, such as fMRIPrep's desc-confounds_timeseries.tsv."
        raise refuse(data, "E-INPUT-CONFOUNDS", "There is no confounds table for this image.", remedy)
    names: list[str] = []
    for pattern in patterns:
        found = [name for name in data.confounds if fnmatchcase(name, pattern)]
        if not found:
            raise refuse(data, "E-INPUT-CONFOUNDS", unknown("confound", pattern, data.confounds))
        names += [name for name in found if name not in names]
    return names


def confound_matrix(data: Image, names: list[str]) -> np.ndarray:
    """Return centred confounds, shape (n_volumes, n_confounds); n/a (first differences) becomes the mean, so zero."""
    design = _columns(data, names)
    empty = [name for name, column in zip(names, design.T, strict=True) if not np.isfinite(column).any()]
    if empty:
        raise refuse(data, "E-INPUT-CONFOUNDS", f"The confound {empty[0]!r} holds no number.")
    centred = design - np.nanmean(design, axis=0)
    known: np.ndarray = np.nan_to_num(centred)
    return known


def _columns(data: Image, names: list[str]) -> np.ndarray:
    """Return columns of the confounds, shape (n_volumes, n_columns), NaN where there is no number."""
    found = np.array([[_number(value) for value in data.confounds[name]] for name in names], dtype=float).T
    if len(found) != data.data.shape[-1]:
        message = f"The confounds table has {len(found)} rows, the image {data.data.shape[-1]} volumes."
        remedy = "Use the table of this run, or leave the recording out."
        raise refuse(data, "E-INPUT-CONFOUNDS", message, remedy)
    return found


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _orthonormal(design: np.ndarray) -> np.ndarray:
    """Return a basis of the column space, shape (n_volumes, rank), whatever the scales of the columns."""
    spread = design.std(axis=0)
    u, s, _ = np.linalg.svd(design[:, spread > 0] / spread[spread > 0], full_matrices=False)
    return np.asarray(u[:, s > s.max(initial=0.0) * 1e-10])
