"""The mapping: one row a file, from a table or from YAML, checked before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...data.entities import LONG, SHORT, Entities, label, stem
from ...errors import InputError, unknown
from ..select import SUFFIX
from ..tables import read_tsv

# extension -> the datatype that is meant where the mapping names none
DATATYPES = {
    ".edf": "eeg", ".bdf": "eeg", ".gdf": "eeg", ".set": "eeg", ".vhdr": "eeg", ".xdf": "eeg", ".csv": "eeg",
    ".tsv": "eeg", ".nwb": "ieeg", ".fif": "meg", ".ds": "meg", ".nii": "", ".nii.gz": "", "": "",
}  # fmt: skip
SIGNALS, IMAGES = ("eeg", "ieeg", "meg", "emg"), ("anat", "func")
TASKED = (*SIGNALS, "func")
PERSON = ("age", "sex", "handedness")  # columns that go to participants.tsv
WORDS = ("file", "datatype", "suffix", "channels", "units", "bads", "events", "stream", "sfreq", "tr", "line_freq",
         "reference", *PERSON)  # fmt: skip
_NUMBERS = ("sfreq", "tr", "line_freq")
_LABEL = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True)
class Row:
    """What the mapping says of one file.

    Parameters
    ----------
    file : Path
        A recording, an image, or a folder of DICOM files.
    where : str
        The place in the mapping, for messages.
    entities : dict
        With `datatype` and `suffix`.
    channels : dict
        Channel -> type as BIDS spells it (``EOG``, ``ECG``).
    units : str or None
        Of all voltages, where the file does not say.
    events : Path or None
        A table of events; None takes those of the file.
    stream : str or None
        Which stream of an XDF, which series of an NWB.
    sfreq : float or None
        Hz, of a CSV without a column of times.
    tr : float or None
        Repetition time in s, where a NIfTI does not say.
    line_freq : float or None
        Mains, in Hz.
    person : dict
        What goes to `participants.tsv`.
    """

    file: Path
    where: str
    entities: Entities
    channels: Mapping[str, str] = field(default_factory=dict)
    units: str | None = None
    bads: tuple[str, ...] = ()
    events: Path | None = None
    stream: str | None = None
    sfreq: float | None = None
    tr: float | None = None
    line_freq: float | None = None
    reference: str | None = None
    person: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The path in the dataset, without suffix and extension."""
        session = [f"ses-{self.entities['session']}"] if "session" in self.entities else []
        names = {name: value for name, value in self.entities.items() if name not in ("datatype", "suffix")}
        return "/".join([f"sub-{self.entities['subject']}", *session, self.entities["datatype"], stem(names)])


def from_table(path: Path) -> list[Row]:
    """Read a mapping that is a tab-separated table, ``n/a`` for what is not said.

    Raises
    ------
    InputError
        ``E-INPUT-MAP``, ``E-INPUT-TSV``.
    """
    table = read_tsv(path, required=("file",))
    count = len(table["file"])
    rows = [{name: column[i] for name, column in table.items() if column[i] is not None} for i in range(count)]
    return from_rows(rows, path.parent, [f"{path}:{i}" for i in range(2, count + 2)])


def from_rows(rows: Sequence[Mapping[str, Any]], folder: Path, places: Sequence[str]) -> list[Row]:
    """Return the rows of a mapping, checked; paths count from `folder`, a place a row goes into messages.

    Raises
    ------
    InputError
        ``E-INPUT-MAP``: an unknown column, a missing or impossible value, a file that is not there, or no row at all;
        ``E-INPUT-DUPLICATE``: two rows for one recording.
    """
    found = [_row(row, folder, where) for row, where in zip(rows, places, strict=True)]
    if not found:
        raise fault("The mapping names no file.", str(folder))
    seen: dict[str, str] = {}
    for row in found:
        name = f"{row.base}_{row.entities['suffix']}"
        if name in seen:
            raise InputError(f"This is {name}, and so is {seen[name]}.", code="E-INPUT-DUPLICATE", where=row.where,
                             remedy="Tell them apart by run, session or another entity.")  # fmt: skip
        seen[name] = row.where
    return found


def fault(message: str, where: str, remedy: str | None = None) -> InputError:
    """Return the error for a mapping that cannot be followed."""
    return InputError(message, code="E-INPUT-MAP", where=where, remedy=remedy)


def extension_of(path: Path) -> str:
    """Return the extension in small letters, ``.nii.gz`` being one; none of a folder of DICOM files."""
    if path.is_dir():
        return ".ds" if path.suffix == ".ds" else ""
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix.lower()


def _row(row: Mapping[str, Any], folder: Path, where: str) -> Row:
    for name in row:
        if name not in WORDS and name not in SHORT and name not in LONG:
            raise fault(unknown("column", name, [*WORDS, *SHORT]), where)
    file = _there(folder, row.get("file"), where)
    numbers = {name: _number(row[name], name, where) for name in _NUMBERS if row.get(name) is not None}
    texts = {name: str(row[name]) for name in ("units", "stream", "reference") if row.get(name) is not None}
    return Row(
        file=file,
        where=where,
        entities=_entities(row, file, where),
        channels=_pairs(row.get("channels"), where),
        bads=tuple(_list(row.get("bads"))),
        events=_there(folder, row["events"], where) if row.get("events") else None,
        person={name: str(row[name]) for name in PERSON if row.get(name) is not None},
        units=texts.get("units"),
        stream=texts.get("stream"),
        reference=texts.get("reference"),
        sfreq=numbers.get("sfreq"),
        tr=numbers.get("tr"),
        line_freq=numbers.get("line_freq"),
    )


def _there(folder: Path, name: Any, where: str) -> Path:
    if not name:
        raise fault("The row names no file.", where)
    path = folder / str(name)
    if not path.exists():
        raise fault(f"There is no {name}.", where, f"Paths count from the folder of the mapping, {folder}.")
    return path


def _number(value: Any, name: str, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not number > 0:
        raise fault(f"{name} is {value!r}, expected a number above 0.", where)
    return number


def _entities(row: Mapping[str, Any], file: Path, where: str) -> Entities:
    given = {LONG.get(name, name): label(str(value), LONG.get(name, name)) for name, value in row.items()
             if LONG.get(name, name) in SHORT and value is not None}  # fmt: skip
    for name, value in given.items():
        if not _LABEL.fullmatch(value):
            raise fault(f"{name} is {value!r}; a label has letters and digits only.", where)
    datatype = _datatype(row, file, where)
    for name in ("subject", *(["task"] if datatype in TASKED else [])):
        if name not in given:
            raise fault(f"The row lacks {name}.", where)
    suffix = str(row.get("suffix") or SUFFIX.get(datatype, datatype))
    if datatype == "anat":
        given.pop("task", None)  # a default of the mapping
    return {name: given[name] for name in SHORT if name in given} | {"datatype": datatype, "suffix": suffix}


def _datatype(row: Mapping[str, Any], file: Path, where: str) -> str:
    extension = extension_of(file)
    if extension not in DATATYPES:
        known = ", ".join(name for name in DATATYPES if name)
        raise fault(f"{file.name} is of no format that can be taken; these can: {known}, and folders of DICOM.", where)
    datatype = str(row.get("datatype") or DATATYPES[extension])
    possible = IMAGES if DATATYPES[extension] == "" else SIGNALS
    if datatype not in possible:
        said = f"datatype is {datatype or 'missing'!r} for {file.name}; it can be {' or '.join(possible)}."
        raise fault(said, where)
    return datatype


def _list(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [str(item) for item in value]
    return [item.strip() for item in str(value).split(";") if item.strip()] if value else []


def _pairs(value: Any, where: str) -> dict[str, str]:
    """Return channel types, given as a mapping or as ``EOG1=EOG; ECG=ECG``."""
    if isinstance(value, Mapping):
        return {str(name): str(kind) for name, kind in value.items()}
    pairs = [item.partition("=") for item in _list(value)]
    for name, equals, kind in pairs:
        if not (name and equals and kind):
            raise fault(f"channels holds {name!r}; write it as 'EOG1=EOG; ECG=ECG'.", where)
    return {name.strip(): kind.strip() for name, _, kind in pairs}
