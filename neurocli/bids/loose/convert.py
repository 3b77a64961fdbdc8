"""The whole of it: every row by itself, then what makes the folder a BIDS dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ... import __version__
from ...data.tables import tsv
from ...errors import NeurocliError
from ..files import write_bytes
from ..tables import read_json, read_participants
from ..write import BIDS_VERSION, write_json
from .images import write_image
from .mapping import IMAGES, PERSON, Row
from .signals import write_signal

_README = """{name}

Brought into BIDS by `neurocli bidsify`. Write here who was measured, how, and under which ethics approval.
"""
_MEANING = {
    "age": {"Description": "Age.", "Units": "year"},
    "sex": {"Description": "Sex."},
    "handedness": {"Description": "Handedness."},
}


@dataclass
class Outcome:
    """What was written, what was refused, and what a person should look at."""

    files: list[Path] = field(default_factory=list)
    failures: list[tuple[Row, NeurocliError]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def bidsify(rows: Sequence[Row], out: Path, about: dict[str, Any] | None = None) -> Outcome:
    """Write the recordings of a mapping as a BIDS dataset; one that is refused keeps no other from being written.

    Parameters
    ----------
    rows : sequence of Row
        The mapping.
    out : Path
        The dataset; recordings and participants that are there already stay.
    about : dict, optional
        Keys of ``dataset_description.json``: ``Name``, ``License``, ``Authors``.

    Returns
    -------
    outcome : Outcome
        With the error of every row that was refused.
    """
    outcome, done = Outcome(), []
    for row in rows:
        try:
            paths, words = (write_image if row.entities["datatype"] in IMAGES else write_signal)(out, row)
        except NeurocliError as error:
            error.where = error.where or str(row.file)
            outcome.failures.append((row, error))
            continue
        done.append(row)
        outcome.files += paths
        outcome.warnings += [f"{row.file.name}: {word}" for word in words]
    if done:
        outcome.files += [*_described(out, about or {}), *_participants(out, done)]
    return outcome


def _described(out: Path, about: dict[str, Any]) -> list[Path]:
    path = out / "dataset_description.json"
    before = read_json(path) if path.is_file() else {}
    made = {
        "Name": "unnamed dataset",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "neurocli", "Version": __version__, "Description": "neurocli bidsify"}],
    }
    document = made | before | about
    readme = out / "README"
    kept = readme.is_file() or (out / "README.md").is_file()
    return [
        write_json(path, document),
        *([] if kept else [write_bytes(readme, _README.format(name=document["Name"]).encode())]),
    ]


def _participants(out: Path, rows: Sequence[Row]) -> list[Path]:
    people: dict[str, dict[str, Any]] = {subject: dict(row) for subject, row in read_participants(out).items()}
    for row in rows:
        people.setdefault(row.entities["subject"], {}).update(row.person)
    columns = list(dict.fromkeys(name for row in people.values() for name in row))
    table = [[f"sub-{subject}", *(row.get(name) for name in columns)] for subject, row in sorted(people.items())]
    written = [write_bytes(out / "participants.tsv", tsv(["participant_id", *columns], table))]
    known = {name: _MEANING[name] for name in PERSON if name in columns}
    path = out / "participants.json"
    if known:
        written.append(write_json(path, (read_json(path) if path.is_file() else {}) | known))
    return written
