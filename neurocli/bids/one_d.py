"""Tables of AFNI, ``.1D``: numbers, and what the columns are in a comment above them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..errors import InputError
from .tables import lines_of


def read_1d(path: Path, where: str | None = None) -> tuple[tuple[str, ...], np.ndarray]:
    """Read a table of C-PAC: commas between regions, tabs between regressors, names in the last line of comment.

    Parameters
    ----------
    path : Path
        The file.
    where : str, optional
        How messages name it; its path by default.

    Returns
    -------
    names : tuple of str
        One a column; ``1``, ``2`` and so on where the file does not name them.
    table : array, shape (n_volumes, n_columns)

    Raises
    ------
    InputError
        If the table is empty, ragged or not of numbers (``E-INPUT-TSV``).

    References
    ----------
    `clean_roi_csv` in C-PAC's ``CPAC/timeseries/timeseries_analysis.py``, `gather_nuisance` in
    ``CPAC/nuisance/nuisance.py``.
    """
    where = where or str(path)
    lines = [line.strip().rstrip(",") for line in lines_of(path, where)]
    rows = [line for line in lines if line and not line.startswith("#")]
    if not rows:
        raise _broken("The table has no row.", where)
    try:
        table = np.loadtxt(rows, delimiter="," if "," in rows[0] else None, ndmin=2)
    except ValueError as error:
        raise _broken(f"The table is not one of numbers: {error}", where) from error
    return _names([line for line in lines if line.startswith("#")], table.shape[1]), table


def _names(comments: list[str], n_columns: int) -> tuple[str, ...]:
    names = re.split(r"[,\s]+", comments[-1].lstrip("# ").strip()) if comments else []
    return tuple(names) if len(names) == n_columns else tuple(str(i + 1) for i in range(n_columns))


def _broken(message: str, where: str) -> InputError:
    return InputError(message, code="E-INPUT-TSV", where=where, remedy="Copy it again, or leave this recording out.")
