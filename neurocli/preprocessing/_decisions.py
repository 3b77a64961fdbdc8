"""The table of a person's decisions about single recordings. Imports nothing heavy: a plan reads it, too."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..data.entities import LONG, SHORT, label
from ..errors import ConfigError, unknown

OURS = ("what", "value", "onset", "duration", "reason")
WORDS = ("bad_channel", "good_channel", "bad_span", "drop_component", "keep_component")
ALL = ("", "n/a", None)
INDICES = ("run", "echo", "flip", "inversion", "split")  # entities whose values BIDS counts
Row = dict[str, str]


def decisions(file: str) -> list[Row]:
    """Return the rows of the table (``E-CONFIG-FILE`` where it is not such a table)."""
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"overrides.file: {file!r} cannot be read: {error}", code="E-CONFIG-FILE") from error
    for number, row in enumerate(rows, start=2):
        _checked(row, f"{file}:{number}")
    return rows


def _checked(row: Row, place: str) -> None:
    known = {*OURS, "participant_id", *SHORT, *LONG}
    for column in row:
        if column not in known:
            raise ConfigError(unknown("column", column, known), code="E-CONFIG-FILE", where=place)
    if row.get("what") not in WORDS:
        raise ConfigError(unknown("what", row.get("what"), WORDS), code="E-CONFIG-FILE", where=place)
    if row.get("reason") in ALL:
        raise ConfigError("A decision needs a reason.", code="E-CONFIG-FILE", where=place)


def about(row: Row, entities: Mapping[str, str]) -> bool:
    """Tell whether a row is about the recording of these entities."""
    for column, value in row.items():
        entity = "subject" if column == "participant_id" else LONG.get(column, column)
        if column in OURS or value in ALL:
            continue
        if not _same(entities.get(entity), label(value, entity), entity):
            return False
    return True


def _same(mine: str | None, asked: str, entity: str) -> bool:
    """Tell whether two labels are one; of an index, such as `run`, 1 and 01 are."""
    if entity in INDICES and mine and mine.isdigit() and asked.isdigit():
        return int(mine) == int(asked)
    return mine == asked


def idle(file: str, recordings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield a sentence for each row that is about none of the recordings: a label is misspelt, most likely."""
    for number, row in enumerate(decisions(file), start=2):
        if not any(about(row, entities) for entities in recordings):
            said = ", ".join(f"{column} {value}" for column, value in row.items() if value not in ALL)
            yield f"{file}:{number} is about no recording, so it changes nothing: {said}."
