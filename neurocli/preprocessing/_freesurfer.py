"""How `freesurfer_stats` is done: the tables say in comments what their columns are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.recording import Image, Recording
from ._common import need, refuse
from ._mri.volumes import measured

if TYPE_CHECKING:
    from .freesurfer_stats import FreesurferStats

SIDES = {"Left": "left", "Right": "right", "lh": "left", "rh": "right"}
# column of a table of structures -> what it is called here, its unit, and the factor to it
COLUMNS = {
    "Volume_mm3": ("", "m^3", 1e-9),
    "GrayVol": ("-volume", "m^3", 1e-9),
    "ThickAvg": ("-thickness", "m", 1e-3),
    "SurfArea": ("-area", "m^2", 1e-6),
}
WHOLE = re.compile(r"# Measure [^,]+, (?P<name>\w+), [^,]+, (?P<value>[-+.\deE]+), mm\^3\s*")
Measure = tuple[str, float, str]


def taken(data: Image, settings: FreesurferStats) -> Recording:
    """Return the measures of this person's head as channels."""
    need(data, settings.name, "image")
    folder = _stats(data, settings)
    found = {name: (value, unit) for table in settings.tables for name, value, unit in _table(data, folder, table)}
    values = {name: value for name, (value, _) in found.items()}
    return measured(data, settings.name, values, {name: unit for name, (_, unit) in found.items()})


def _stats(data: Image, settings: FreesurferStats) -> Path:
    subject = f"sub-{data.entities['subject']}"
    session = data.entities.get("session")
    names = [f"{subject}_ses-{session}", subject] if session else [subject]
    for name in names:
        folder = Path(settings.folder) / name / "stats"
        if folder.is_dir():
            return folder
    message = f"FreeSurfer has nothing of this person: there is no {names[0]}/stats in {settings.folder}."
    raise refuse(data, "E-INPUT-DERIVATIVES", message, "Run recon-all, or leave the recording out.")


def _table(data: Image, folder: Path, table: str) -> list[Measure]:
    path = folder / f"{table}.stats"
    if not path.is_file():
        message = f"FreeSurfer has no {table}.stats of this person."
        raise refuse(data, "E-INPUT-DERIVATIVES", message, "Name other tables, or leave the recording out.")
    try:
        found = [*_measures(path.read_text(encoding="utf-8"), table)]
    except (ValueError, KeyError) as error:
        raise refuse(data, "E-INPUT-UNREADABLE", f"{table}.stats is no table of FreeSurfer: {error}.") from error
    if not found:
        raise refuse(data, "E-INPUT-UNREADABLE", f"{table}.stats holds no measure.", "Run recon-all again.")
    return found


def _measures(text: str, table: str) -> Iterator[Measure]:
    """Yield name, value and SI unit of each measure."""
    header: list[str] = []
    for line in text.splitlines():
        whole = WHOLE.fullmatch(line)
        if whole and table == "aseg":
            yield whole["name"], float(whole["value"]) * 1e-9, "m^3"
        elif line.startswith("# ColHeaders"):
            header = line.split()[2:]
        elif line.strip() and not line.startswith("#"):
            row = dict(zip(header, line.split(), strict=True))
            yield from _of_structure(row, table)


def _of_structure(row: dict[str, str], table: str) -> Iterator[Measure]:
    side, dash, rest = row["StructName"].partition("-")
    name = f"{SIDES[side]}-{rest}" if dash and side in SIDES else row["StructName"]
    if table != "aseg":
        name = f"{SIDES[table[:2]]}-{row['StructName']}"
    for column, (word, unit, factor) in COLUMNS.items():
        if column in row:
            yield f"{name}{word}", float(row[column]) * factor, unit
