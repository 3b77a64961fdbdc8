"""Who belongs together: groups of recordings, by an entity or by a column of `participants.tsv`. No NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.entities import SHORT, Entities, label, stem
from ..errors import ConfigError, InputError, unknown

Participants = Mapping[str, Mapping[str, Any]]  # subject label -> row of participants.tsv
Group = tuple[str | None, ...]

# a run is a run of a session of a subject: the label alone says nothing
NESTED = {"session": ("subject", "session"), "run": ("subject", "session", "run")}
RECORDING = tuple(SHORT)  # one file


def keys_of(name: str) -> tuple[str, ...]:
    """Return the entities whose values together name one group of the kind `name`."""
    return RECORDING if name == "recording" else NESTED.get(name, (name,))


def group_of(entities: Mapping[str, Any], keys: Sequence[str]) -> Group:
    """Return the values of `keys`, None where the entity is absent."""
    return tuple(entities.get(key) for key in keys)


def group_name(keys: Sequence[str], group: Group) -> str:
    """Return a group as a file name would spell it: ``sub-01_run-2``.

    >>> group_name(("subject", "session", "run"), ("01", None, "2"))
    'sub-01_run-2'
    """
    return "_".join(
        f"{SHORT.get(key, key)}-{value}" for key, value in zip(keys, group, strict=True) if value is not None
    )


def row_of(participants: Participants | None, subject: str) -> Mapping[str, Any]:
    """Return the row of a subject, whether the table spells it ``01`` or ``sub-01``; empty where it has none."""
    table = participants or {}
    bare = label(subject, "subject")
    return table.get(bare) or table.get(f"sub-{bare}") or {}


def columns_of(participants: Participants | None) -> list[str]:
    """Return the columns of the table, in order."""
    return list(dict.fromkeys(column for row in (participants or {}).values() for column in row))


def check_known(name: str, recordings: Sequence[Entities], participants: Participants | None, what: str) -> None:
    """Refuse a name that is neither an entity of the recordings nor a column of the participants.

    Raises
    ------
    ConfigError
        ``E-CONFIG-SPLIT``.
    """
    present = dict.fromkeys(key for entities in recordings for key in entities if key in SHORT)
    known = [*present, "recording", *columns_of(participants)]
    if name not in known:
        raise ConfigError(
            unknown(f"group {name!r} of {what}:", name, known),
            code="E-CONFIG-SPLIT",
            remedy="Name an entity that the selected recordings have, 'recording', or a column of participants.tsv.",
        )


def value_of(name: str, entities: Entities, participants: Participants | None) -> str | None:
    """Return an entity of a recording or, failing that, the column of its participant."""
    if name in entities:
        return entities[name]
    value = row_of(participants, entities.get("subject", "")).get(name)
    return None if value is None or value in ("", "n/a") else str(value)


def require(name: str, recordings: Sequence[Entities], participants: Participants | None) -> None:
    """Refuse recordings of which `name` is not known.

    Raises
    ------
    InputError
        ``E-INPUT-FOLDS``, naming them.
    """
    lacking = [stem(r) for r in recordings if name != "recording" and value_of(name, r, participants) is None]
    if lacking:
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        raise InputError(
            f"The split groups by {name!r}, which is not known of {shown}.",
            code="E-INPUT-FOLDS",
            remedy="Complete participants.tsv, select other recordings, or split by another entity.",
        )
