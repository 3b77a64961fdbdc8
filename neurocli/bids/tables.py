"""Tab-separated tables: every value a string or None, every complaint with its file and line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError

Table = dict[str, list[str | None]]
MISSING = ("n/a", "")


def read_tsv(path: Path, where: str | None = None, required: tuple[str, ...] = ()) -> Table:
    """Read a BIDS table.

    Parameters
    ----------
    path : Path
        The file; UTF-8, with or without a byte order mark.
    where : str, optional
        How messages name it; its path by default.
    required : tuple of str
        Columns that must be there.

    Returns
    -------
    table : dict of str to list
        Column to values in file order; ``n/a`` is None.

    Raises
    ------
    InputError
        If the table is empty, ragged, not text, or lacks a column (``E-INPUT-TSV``).
    """
    where = where or str(path)
    lines = lines_of(path, where)
    header = lines[0].split("\t")
    _check_header(header, required, where)
    rows = list(_rows(lines, header, where))
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def lines_of(path: Path, where: str) -> list[str]:
    """Return the lines of a text (``E-INPUT-TSV`` where it is none)."""
    try:
        return path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise _fault(f"The table is not UTF-8 text (byte {error.start}).", where, "Save it as UTF-8.") from error
    except OSError as error:
        from .digests import missing

        raise missing(path, where, error) from error


def _check_header(header: list[str], required: tuple[str, ...], where: str) -> None:
    if not any(header):
        raise _fault("The table is empty.", where, "It needs a line of column names.")
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise _fault(f"Columns stand twice: {', '.join(doubled)}.", f"{where}:1", "Rename one of each.")
    absent = [name for name in required if name not in header]
    if absent:
        found = ", ".join(header)
        raise _fault(f"The table lacks the column {', '.join(absent)}; it has {found}.", f"{where}:1",
                     "Columns are separated by tabs.")  # fmt: skip


def _rows(lines: list[str], header: list[str], where: str) -> Iterator[list[str | None]]:
    for number, line in enumerate(lines[1:], start=2):
        values = line.split("\t")
        if len(values) != len(header):
            raise _fault(f"The line has {len(values)} values, the table has {len(header)} columns.",
                         f"{where}:{number}", "Separate values by one tab; write n/a for a missing one.")  # fmt: skip
        yield [None if value.strip() in MISSING else value.strip() for value in values]


def _fault(message: str, where: str, remedy: str) -> InputError:
    return InputError(message, code="E-INPUT-TSV", where=where, remedy=remedy)


def numbers(table: Table, column: str, where: str, *, required: bool = False) -> list[float | None]:
    """Return a column as numbers; ``n/a`` is None, or an error where the number is required."""
    return [_number(value, column, f"{where}:{line}", required) for line, value in enumerate(table[column], start=2)]


def _number(value: str | None, column: str, where: str, required: bool) -> float | None:
    if value is None and not required:
        return None
    try:
        number = float(value or "n/a")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _fault(f"{column} is {value or 'n/a'!r}, expected a number.", where, "Write it with a decimal point.")
    return number


def read_participants(root: Path) -> dict[str, dict[str, str | None]]:
    """Return the rows of ``participants.tsv`` by subject label (without ``sub-``); none where there is no file.

    Raises
    ------
    InputError
        If a participant stands in it twice (``E-INPUT-PARTICIPANTS``), or the table is broken (``E-INPUT-TSV``).
    """
    path = root / "participants.tsv"
    if not path.exists() and not path.is_symlink():
        return {}
    table = read_tsv(path, "participants.tsv", ("participant_id",))
    subjects = [(value or "").removeprefix("sub-") for value in table["participant_id"]]
    _check_participants(subjects)
    rest = {name: column for name, column in table.items() if name != "participant_id"}
    return {subject: {name: column[i] for name, column in rest.items()} for i, subject in enumerate(subjects)}


def _check_participants(subjects: list[str]) -> None:
    seen: dict[str, int] = {}
    for line, subject in enumerate(subjects, start=2):
        if not subject:
            raise _fault("A participant_id is missing.", f"participants.tsv:{line}", "Give each row its sub-label.")
        if subject in seen:
            raise InputError(
                f"sub-{subject} stands in line {seen[subject]} already.",
                code="E-INPUT-PARTICIPANTS", where=f"participants.tsv:{line}",
                remedy="Keep one row a participant; visits belong in sessions.tsv.",
            )  # fmt: skip
        seen[subject] = line


def read_json(path: Path, where: str | None = None) -> dict[str, Any]:
    """Read a JSON sidecar.

    Raises
    ------
    InputError
        If it is no JSON object (``E-INPUT-SIDECAR``).
    """
    where = where or str(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise InputError(f"This is not JSON: {error.msg}.", code="E-INPUT-SIDECAR", where=place) from error
    except UnicodeDecodeError as error:
        raise InputError("The sidecar is not UTF-8 text.", code="E-INPUT-SIDECAR", where=where) from error
    except OSError as error:
        from .digests import missing

        raise missing(path, where, error) from error
    if not isinstance(found, dict):
        raise InputError("The sidecar holds no JSON object ({…}).", code="E-INPUT-SIDECAR", where=where)
    return found
