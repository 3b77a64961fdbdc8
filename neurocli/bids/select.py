"""From an index and a question to the recordings that answer it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..data.entities import FOREIGN, LONG, SHORT, Entities, label, stem
from ..errors import InputError, unknown
from .companions import companion
from .entries import Entries, Entry
from .exclusions import Exclusion
from .index import Index
from .question import Item, Question, Wanted
from .remembered import remembered
from .sidecars import inherited

SUFFIX = {"func": "bold", "anat": "T1w", "perf": "asl"}  # of a datatype whose recordings are not called like it
SIGNALS = (".edf", ".bdf", ".vhdr", ".set", ".fif", ".ds", ".gdf")
IMAGES = (".nii", ".nii.gz")
OTHERS = (".nwb", ".mefd", ".con", ".sqd", ".kdf", ".snirf", ".xdf")  # listed, so that none is passed over in silence
TABLES = (".tsv", ".1D")  # of region series, whose suffix is asked for
RECORDINGS = (*SIGNALS, *IMAGES, *OTHERS)
COUNTED = ("run", "echo", "split", "flip", "inversion", "chunk")  # BIDS indices: run-1 and run-01 are the same


def select(index: Index, question: Question) -> list[Item]:
    """Return the recordings asked for, sorted by path.

    Parameters
    ----------
    index : Index
        Of the raw dataset.
    question : Question
        Which of them.

    Raises
    ------
    InputError
        Where a label is not in the dataset (``E-INPUT-LABEL``), two files are the same recording
        (``E-INPUT-DUPLICATE``), or nothing is left (``E-INPUT-EMPTY``).
    """
    return remembered(index, question, lambda: _selected(index, question))


def _selected(index: Index, asked: Question) -> list[Item]:
    source = index.derivative(asked.derivatives) if asked.derivatives else index
    entries = Entries(source)
    raw = entries if source is index else Entries(index)
    wanted = _wanted(asked.filters, space=asked.space, description=asked.desc)
    suffix = asked.suffix or SUFFIX.get(asked.datatype, asked.datatype)
    found = _recordings(entries, asked.datatype, suffix, _extensions(asked.extension, suffix))
    everything = [e for e in found if _is_asked_for(e.entities, asked.participant_label)]
    _check_labels(source, everything, asked.limits, asked.exclude)
    limited = {name: [label(value, name) for value in values] for name, values in asked.limits.items() if values}
    chosen = [e for e in everything if matches(e.entities, limited) and matches(e.entities, wanted)]
    kept = [e for e in chosen if not any(exclusion.covers(e.entities) for exclusion in asked.exclude)]
    if not kept:
        raise _empty(entries, asked, everything, {**wanted, **limited}, len(chosen))
    _check_duplicates(kept)
    return [_item(entry, asked, entries, raw) for entry in kept]


def _wanted(filters: Mapping[str, Wanted] | None, **more: str | None) -> dict[str, Wanted]:
    wanted = {LONG.get(name, name): value for name, value in (filters or {}).items()}
    strange = [name for name in wanted if name not in SHORT and name not in FOREIGN]
    if strange:
        raise InputError(unknown("BIDS entity", strange[0], SHORT), code="E-INPUT-FILTER")
    return wanted | {name: value for name, value in more.items() if value is not None}


def _extensions(extension: str | Sequence[str] | None, suffix: str) -> tuple[str, ...]:
    if extension is None:
        return TABLES if suffix == "timeseries" else RECORDINGS
    given = (extension,) if isinstance(extension, str) else extension
    return tuple(f".{value.lstrip('.')}" for value in given)


def _recordings(entries: Entries, datatype: str, suffix: str, extensions: tuple[str, ...]) -> Iterable[Entry]:
    for folder, _ in entries.datatypes(datatype):
        for entry in entries.called(folder, suffix):
            if entry.extension in extensions and _is_recording(entry):
                yield entry


def _is_recording(entry: Entry) -> bool:
    entities = entry.entities
    later = entities.get("split", "1").lstrip("0") != "1"
    tuning = entities.get("acquisition") in ("crosstalk", "calibration")  # files of the MEG device beside the data
    nuisance = entry.extension in TABLES and not {"atlas", "segmentation"} & set(entities)  # a table of confounds
    return not later and not tuning and not nuisance


def _is_asked_for(entities: Entities, participant_label: Sequence[str] | None) -> bool:
    """Leave out the noise of the empty MEG room, which BIDS files as a subject, unless it is named."""
    return entities.get("subject") != "emptyroom" or "emptyroom" in [
        label(v, "subject") for v in participant_label or ()
    ]


def matches(entities: Mapping[str, str], wanted: Mapping[str, Wanted]) -> bool:
    """Return whether entities answer a filter: each entity is one of the values, or matches the pattern."""
    return all(_matches(entities.get(name), value, name) for name, value in wanted.items())


def _matches(found: str | None, wanted: Wanted, name: str) -> bool:
    if wanted is None or found is None:
        return wanted is None and found is None
    if wanted == "*":
        return True
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(found) is not None
    values = [wanted] if isinstance(wanted, str) else wanted
    return any(_same(found, value, name) for value in values)


def _same(found: str, value: str | re.Pattern[str], name: str) -> bool:
    if isinstance(value, re.Pattern):
        return value.fullmatch(found) is not None
    value = label(str(value), name)
    if name in COUNTED and value.isdigit() and found.isdigit():
        return int(found) == int(value)
    return found == value


def _check_labels(
    source: Index, entries: Sequence[Entry], limits: Mapping[str, Sequence[str] | None], exclude: Sequence[Exclusion]
) -> None:
    present = {name: sorted({e.entities[name] for e in entries if name in e.entities}) for name in limits}
    present["subject"] = list(source.subjects)
    for name, values in limits.items():
        for value in values or ():
            _check_label(name, label(value, name), present[name])
    for exclusion in exclude:
        if "subject" in exclusion.who:
            _check_label("subject", exclusion.who["subject"], present["subject"], exclusion.where)


def _check_label(name: str, value: str, present: Sequence[str], where: str | None = None) -> None:
    if value not in present:
        raise InputError(unknown(f"{name} label", value, present), code="E-INPUT-LABEL", where=where,
                         remedy=f"Labels are taken with and without {SHORT[name]}-.")  # fmt: skip


def _check_duplicates(entries: Sequence[Entry]) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        name = stem({**entry.entities, "split": ""})
        if name in seen:
            message = f"{seen[name].path} and {entry.path} are the same recording."
            raise InputError(message, code="E-INPUT-DUPLICATE", remedy=_which(seen[name].entities, entry.entities))
        seen[name] = entry


def _which(one: Entities, other: Entities) -> str:
    """Return how to choose between two files."""
    name = next((name for name in FOREIGN if one.get(name) != other.get(name)), "extension")
    return f"Remove one of them, or say which with `{name}`."


def _item(entry: Entry, asked: Question, own: Entries, raw: Entries) -> Item:
    entities = {name: value for name, value in entry.entities.items() if name != "split"}
    entities |= {"datatype": asked.datatype, "suffix": entry.suffix}
    found = [companion(suffix, entities, own, raw) for suffix in asked.companions if suffix != entry.suffix]
    return Item(entry.path, entities, inherited(entry, entities, own, raw) + tuple(path for path in found if path))


def _empty(
    entries: Entries, asked: Question, present: Sequence[Entry], wanted: Mapping[str, Wanted], n: int
) -> InputError:
    suffix = [f"suffix {asked.suffix}"] if asked.suffix else []
    words = ", ".join([f"datatype {asked.datatype}", *suffix, *map(_said, wanted.items())])
    there = f"All {n} recordings that match are excluded." if n else f"There is: {_inventory(entries, present)}."
    where = str(entries.index.root / entries.index.base)
    remedy = "Change `input` in the pipeline or the labels on the command line."
    return InputError(f"No recording has {words}. {there}", code="E-INPUT-EMPTY", where=where, remedy=remedy)


def _said(pair: tuple[str, Wanted]) -> str:
    name, value = pair
    if isinstance(value, re.Pattern):
        value = f"/{value.pattern}/"
    return f"{name} {value if isinstance(value, str) or value is None else ' or '.join(map(str, value))}"


def _inventory(entries: Entries, present: Sequence[Entry]) -> str:
    """Return what could have been asked for."""
    if not present:
        datatypes = sorted({datatype for _, datatype in entries.datatypes()})
        n = len(entries.index.subjects)
        return f"{n} subjects with {', '.join(datatypes) or 'no data folders'}"
    names = dict.fromkeys(name for e in present for name in e.entities)
    return "; ".join(f"{name} {_few({e.entities[name] for e in present if name in e.entities})}" for name in names)


def _few(values: Iterable[str], n: int = 8) -> str:
    ordered = sorted(values)
    more = f" … ({len(ordered)} of them)" if len(ordered) > n else ""
    return ", ".join(ordered[:n]) + more
