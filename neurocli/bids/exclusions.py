"""Two files that narrow a selection: the exclusion list, and ``--bids-filter-file``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.entities import LONG, SHORT, Entities, label
from ..errors import InputError, unknown
from .tables import Table, read_tsv

WHO = ("who", "participant_id")
WHY = ("why", "reason")


@dataclass(frozen=True)
class Exclusion:
    """Recordings to leave out, and the reason.

    Parameters
    ----------
    who : dict
        Entities; what has all of them is left out.
    why : str
        The reason, for the report.
    where : str, optional
        ``file:line``.
    """

    who: Entities
    why: str
    where: str | None = None

    def covers(self, entities: Mapping[str, str]) -> bool:
        """Return whether a recording is left out."""
        return all(entities.get(name) == value for name, value in self.who.items())


def read_exclusions(path: Path) -> list[Exclusion]:
    """Read a table of who is left out and why.

    Parameters
    ----------
    path : Path
        A TSV with the columns `who` (``sub-01``, ``sub-01_ses-02_task-rest``) and `why`.

    Raises
    ------
    InputError
        If a line names nobody or gives no reason (``E-INPUT-EXCLUSION``), or the table is broken (``E-INPUT-TSV``).
    """
    table = read_tsv(path)
    who, why = _column(table, WHO, path), _column(table, WHY, path)
    rows = zip(table[who], table[why], strict=True)
    return [_exclusion(name, reason, f"{path}:{line}") for line, (name, reason) in enumerate(rows, start=2)]


def _column(table: Table, names: tuple[str, ...], path: Path) -> str:
    for name in names:
        if name in table:
            return name
    raise _fault(f"The list lacks the column {names[0]!r}; it has {', '.join(table)}.", f"{path}:1")


def _exclusion(who: str | None, why: str | None, where: str) -> Exclusion:
    if not who:
        raise _fault("The line does not say who is left out.", where)
    if not why:
        raise _fault(f"{who} is left out without a reason.", where)
    return Exclusion(_entities(who, where), why, where)


def _entities(who: str, where: str) -> Entities:
    pairs = [part.partition("-") for part in (who if "-" in who else f"sub-{who}").split("_")]
    for key, _, value in pairs:
        if key not in LONG or not value.isalnum():
            raise _fault(f"{who!r} names no subject or recording.", where)
    return {LONG[key]: value for key, _, value in pairs}


def _fault(message: str, where: str) -> InputError:
    remedy = "Write a tab-separated table with the columns who (sub-01 or sub-01_task-rest) and why."
    return InputError(message, code="E-INPUT-EXCLUSION", where=where, remedy=remedy)


def read_filters(path: Path, datatype: str, suffix: str | None = None) -> dict[str, Any]:
    """Read a ``--bids-filter-file`` as fMRIPrep and others take it.

    Parameters
    ----------
    path : Path
        JSON: query name (``bold``, ``eeg``, …) to entities, or entities alone.
    datatype, suffix : str
        What is looked for: the query of either name is taken.

    Returns
    -------
    filters : dict
        Entity to a string, a list of strings, ``"*"`` or None; for `select`.

    Raises
    ------
    InputError
        If it is no such JSON or names an entity that does not exist (``E-INPUT-FILTER``).
    """
    found = _parsed(path)
    nested = bool(found) and all(isinstance(value, dict) for value in found.values())
    query = next((found[name] for name in (suffix, datatype) if name in found), {}) if nested else found
    return {_entity(name, path): _value(value, name, path) for name, value in query.items() if name not in GIVEN}


GIVEN = ("datatype", "suffix", "extension")  # the pipeline says these


def _parsed(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The filter file cannot be read: {error}.", code="E-INPUT-FILTER", where=str(path)) from error
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(f"The filter file is not JSON: {error.msg}.", code="E-INPUT-FILTER", where=place) from error
    if not isinstance(found, dict):
        raise InputError('The filter file must hold an object such as {"eeg": {"task": "rest"}}.',
                         code="E-INPUT-FILTER", where=str(path))  # fmt: skip
    return found


def _entity(name: str, path: Path) -> str:
    long = LONG.get(name, name)
    if long not in SHORT:
        raise InputError(unknown("BIDS entity", name, SHORT), code="E-INPUT-FILTER", where=str(path))
    return long


def _value(value: Any, name: str, path: Path) -> str | list[str] | None:
    if value is None or value in ("Query.NONE", "*", "Query.ANY"):
        return None if value in (None, "Query.NONE") else "*"
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(v, bool) or not isinstance(v, (str, int)) for v in values):
        raise InputError(f"The filter for {name!r} must be text, a list of texts, null or '*', got {value!r}.",
                         code="E-INPUT-FILTER", where=str(path))  # fmt: skip
    return [label(str(v), LONG.get(name, name)) for v in values]
