"""Series of the regions of an atlas, as XCP-D (``.tsv``) and C-PAC (``.1D``) leave them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..one_d import read_1d
from ..tables import Table, numbers, read_tsv


@dataclass(frozen=True)
class Regions:
    """Series, shape (n_regions, n_volumes), NaN where there is no value; the names; the TR that the file says, in s."""

    data: np.ndarray
    names: tuple[str, ...]
    tr: float | None = None


def read(path: Path) -> Regions:
    """Read a table with a row a volume and a column a region.

    Raises
    ------
    InputError
        If the table is empty, ragged or not of numbers (``E-INPUT-TSV``).
    """
    names, table = read_1d(path) if path.suffix == ".1D" else _read_tsv(path)
    return Regions(np.ascontiguousarray(table.T), tuple(map(_region, names)))


def _region(name: str) -> str:
    """Return the name of a region; AFNI calls the mean of label 7 ``Mean_7`` where the atlas names none."""
    name = name.removeprefix("Mean_")
    return f"region-{name}" if name.isdigit() else name


def _read_tsv(path: Path) -> tuple[tuple[str, ...], np.ndarray]:
    table = read_tsv(path)
    if not next(iter(table.values())):
        raise InputError("The table has no row.", code="E-INPUT-TSV", where=str(path),
                         remedy="Copy it again, or leave this recording out.")  # fmt: skip
    return tuple(table), _floats(table, str(path)).T


def _floats(table: Table, where: str) -> np.ndarray:
    """Return the columns as numbers, at once where they are numbers, else one by one to the line that is none."""
    try:
        found = np.array([[value or "nan" for value in column] for column in table.values()]).astype(float)
    except ValueError:
        found = np.full((1, 1), math.inf)
    if not np.isinf(found).any():
        return found
    return np.array([numbers(table, name, where) for name in table], dtype=float)
