"""Seizure annotations as the SzCORE community writes them: a TSV with HED-SCORE event types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..errors import InputError

COLUMNS = ("onset", "duration", "eventType", "confidence", "channels", "dateTime", "recordingDuration")
TIME = "%Y-%m-%d %H:%M:%S"
BACKGROUND = "bckg"
NOTHING = "n/a"


@dataclass(frozen=True)
class Annotation:
    """One row.

    Parameters
    ----------
    onset, duration : float
        In s from the start of the recording; a background row covers all of it.
    event_type : str
        ``sz``, a finer ``sz-foc-ia`` ..., or ``bckg``.
    confidence : float or None
        0 to 1.
    channels : tuple of str
        Where it is seen; empty for all.
    """

    onset: float
    duration: float
    event_type: str = "sz"
    confidence: float | None = None
    channels: tuple[str, ...] = ()

    @property
    def is_seizure(self) -> bool:
        """Whether the type is a seizure's."""
        return self.event_type == "sz" or self.event_type.startswith("sz-")


@dataclass(frozen=True)
class Annotations:
    """All rows of one recording.

    Parameters
    ----------
    rows : tuple of Annotation
        In the order of time.
    recording_duration : float
        In s.
    date_time : datetime, optional
        When the recording began.
    """

    rows: tuple[Annotation, ...]
    recording_duration: float
    date_time: datetime | None = None

    @property
    def seizures(self) -> list[tuple[float, float]]:
        """Onset and end of each seizure, in s."""
        return [(row.onset, row.onset + row.duration) for row in self.rows if row.is_seizure]


def to_tsv(annotations: Annotations) -> str:
    """Return the text; a recording without seizures has one background row."""
    rows = sorted(annotations.rows, key=lambda row: row.onset)
    rows = rows or [Annotation(0.0, annotations.recording_duration, BACKGROUND)]
    began = annotations.date_time
    shared = [began.strftime(TIME) if began else NOTHING, f"{annotations.recording_duration:.2f}"]
    lines = [[*_cells(row), *shared] for row in rows]
    return "".join("\t".join(line) + "\n" for line in [list(COLUMNS), *lines])


def _cells(row: Annotation) -> list[str]:
    confidence = NOTHING if row.confidence is None else f"{row.confidence:.4f}"
    return [f"{row.onset:.2f}", f"{row.duration:.2f}", row.event_type, confidence, ",".join(row.channels) or NOTHING]


def from_tsv(path: Path) -> Annotations:
    """Read a file.

    Raises
    ------
    InputError
        ``E-INPUT-EVENTS`` where a column, a row or a number is not what it must be, naming the line.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    header = lines[0].split("\t") if lines else []
    missing = [name for name in COLUMNS if name not in header]
    if missing or len(lines) < 2:
        raise _wrong(path, 1, f"lacks the columns {', '.join(missing)}" if missing else "has no rows")
    cells = [_named(path, number, header, line) for number, line in enumerate(lines[1:], 2) if line.strip()]
    try:
        rows = tuple(_row(cell) for cell in cells)
        began = cells[0]["dateTime"]
        date_time = None if began == NOTHING else datetime.strptime(began, TIME)
        return Annotations(rows, float(cells[0]["recordingDuration"]), date_time)
    except ValueError as error:
        raise _wrong(path, 2, str(error)) from error


def _named(path: Path, number: int, header: Sequence[str], line: str) -> dict[str, str]:
    cells = line.split("\t")
    if len(cells) != len(header):
        raise _wrong(path, number, f"has {len(cells)} cells for {len(header)} columns")
    return dict(zip(header, cells, strict=True))


def _row(cell: dict[str, str]) -> Annotation:
    confidence = None if cell["confidence"] in (NOTHING, "") else float(cell["confidence"])
    channels = () if cell["channels"] in (NOTHING, "", "all") else tuple(cell["channels"].split(","))
    return Annotation(float(cell["onset"]), float(cell["duration"]), cell["eventType"], confidence, channels)


def _wrong(path: Path, line: int, what: str) -> InputError:
    return InputError(
        f"{path.name}, line {line}: a table of seizures {what}.",
        code="E-INPUT-EVENTS",
        remedy=f"Its columns are {', '.join(COLUMNS)}, separated by tabs.",
    )
