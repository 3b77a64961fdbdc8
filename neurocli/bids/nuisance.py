"""What derivatives say of volumes: confounds of fMRIPrep and C-PAC, motion and outliers of XCP-D.

XCP-D writes ``_motion.tsv`` (``_desc-filtered_motion.tsv`` up to 0.9) and ``_outliers.tsv``, both with the volumes that
it then leaves out of series where it censors (https://xcp-d.readthedocs.io/en/latest/outputs.html). C-PAC writes
``_desc-confounds_timeseries.1D`` (``_regressors.1D`` up to 1.8.5; ``CPAC/resources/cpac_outputs.tsv``), and motion as
``_desc-movementParameters_motion``, without a header, in the columns of AFNI's 3dvolreg whichever tool estimated it
(`normalize_motion_parameters` in ``CPAC/func_preproc/func_motion.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.samples import Samples
from .one_d import read_1d
from .question import Item
from .read import find
from .sidecars import MOVED
from .tables import numbers, read_tsv

TABLES = ("_desc-confounds_timeseries.tsv", "_desc-confounds_regressors.tsv", "_timeseries.1D", "_regressors.1D")
AS_MCFLIRT = {  # its name -> the column of 3dvolreg, and by what that is multiplied
    "trans_x": (4, 1.0), "trans_y": (5, -1.0), "trans_z": (3, 1.0),
    "rot_x": (1, np.pi / 180), "rot_y": (2, -np.pi / 180), "rot_z": (0, np.pi / 180),
}  # fmt: skip
Notes = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Outliers:
    """Volumes in which the head moved, shape (n_volumes_before,), and whether the series has none of them."""

    bad: np.ndarray
    left_out: bool


def outliers(root: Path, item: Item, n_volumes: int) -> tuple[Outliers | None, Notes]:
    """Return what XCP-D holds for volumes of too much motion, None where there is no table; and a note on it."""
    path = find(item, "_outliers.tsv")
    if path is None:
        return None, ()
    table = read_tsv(root / path, path, ("framewise_displacement",))
    bad = np.array(numbers(table, "framewise_displacement", path, required=True)) != 0
    found = {"step": "read", "n_outliers": int(bad.sum())}
    if len(bad) == n_volumes:
        return Outliers(bad, left_out=False), (found,)
    if (~bad).sum() == n_volumes:
        text = f"{int(bad.sum())} of {len(bad)} volumes are left out: time has gaps, and events have no place in it."
        return Outliers(bad, left_out=True), ({**found, "warning": text},)
    return None, (_no_fit(path, len(bad), n_volumes),)


def confounds(root: Path, item: Item, n_volumes: int, found: Outliers | None) -> tuple[Samples, Notes]:
    """Return the confounds of an image, numbers or None a volume, and a note where motion has another length."""
    of_cpac = next((path for path in item.sidecars if f"_desc-{MOVED}" in path), None)
    if of_cpac:
        moved, notes = _of_volreg(root, of_cpac, n_volumes)
    else:
        moved, notes = _motion(root, find(item, "_motion.tsv"), n_volumes, found)
    outlier: Samples = {"outlier": found.bad.astype(float).tolist()} if found and not found.left_out else {}
    return {**_table(root, item), **moved, **outlier}, notes


def _table(root: Path, item: Item) -> Samples:
    path = next((path for path in item.sidecars if path.endswith(TABLES)), None)
    if path is None:
        return {}
    if path.endswith(".1D"):
        names, rows = read_1d(root / path, path)
        return {name: column.tolist() for name, column in zip(names, rows.T, strict=True)}
    table = read_tsv(root / path, path)
    return {name: list(numbers(table, name, path)) for name in table}


def _of_volreg(root: Path, path: str, n_volumes: int) -> tuple[Samples, Notes]:
    """Return roll, pitch, yaw in degrees and shifts up, left, back in mm as MCFLIRT has them: in radians and mm."""
    table = read_1d(root / path, path)[1]
    if table.shape != (n_volumes, len(AS_MCFLIRT)):
        return {}, (_no_fit(path, len(table), n_volumes),)
    return {name: (table[:, column] * factor).tolist() for name, (column, factor) in AS_MCFLIRT.items()}, ()


def _motion(root: Path, path: str | None, n_volumes: int, found: Outliers | None) -> tuple[Samples, Notes]:
    """Return the columns of XCP-D's motion; a table without shifts is C-PAC's summary of a run."""
    table = read_tsv(root / path, path) if path else {}
    if path is None or "trans_x" not in table:
        return {}, ()
    columns = {name: np.array(numbers(table, name, path), dtype=float) for name in table}
    kept = ~found.bad if found and found.left_out and len(found.bad) == len(columns["trans_x"]) else slice(None)
    moved = {name: column[kept] for name, column in columns.items()}
    if len(moved["trans_x"]) != n_volumes:
        return {}, (_no_fit(path, len(moved["trans_x"]), n_volumes),)
    return {name: [None if np.isnan(x) else x for x in column.tolist()] for name, column in moved.items()}, ()


def _no_fit(path: str, n_rows: int, n_volumes: int) -> dict[str, Any]:
    text = f"{path} has {n_rows} rows, the series {n_volumes} volumes: it is left aside."
    return {"step": "read", "warning": text}
