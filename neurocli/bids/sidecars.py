"""Which other files a recording inherits: the inheritance principle, companions, splits and masks.

A sidecar applies when its suffix fits and all its entities are the recording's, and it lies in the same folder or
above. JSON files are merged from the top down; of a table the nearest one counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..data.entities import Entities, stem
from .entries import Entries, Entry
from .index import joined

MOVED = "movementParameters"  # the description of motion in C-PAC
COMPANIONS = {".vhdr": (".eeg", ".vmrk", ".dat"), ".set": (".fdt",)}
ELECTRIC = ("eeg", "ieeg", "meg", "emg", "nirs")
RUN = ("subject", "session", "task", "acquisition", "ceagent", "reconstruction", "direction", "run", "echo")
IMAGES = ("func", "anat", "dwi", "perf", "pet", "fmap")


def inherited(entry: Entry, entities: Mapping[str, str], own: Entries, raw: Entries) -> tuple[str, ...]:
    """Return the dataset-relative paths of the files that a recording inherits, in a fixed order.

    Parameters
    ----------
    entry : Entry
        The recording.
    entities : dict
        Its entities, with `datatype`.
    own : Entries
        The dataset, or derivative dataset, that the recording lies in.
    raw : Entries
        The raw dataset: events of a derivative lie there.
    """
    folder = entry.path.rpartition("/")[0]
    beside = own.called(folder, entry.suffix)
    found = [*_companions(entry, beside), *_splits(entry, beside)]
    found += _documents(own, folder, entities, entry.suffix)
    found += _nearest(own, folder, entities, "events") or _raw_events(raw, entities)
    datatype = entities["datatype"]
    if datatype in ELECTRIC:
        found += _nearest(own, folder, entities, "channels") + _places(own, folder, entities)
    if entry.suffix == "timeseries":
        found += _of_the_run(own, raw, folder, entities) + _nearest(own, folder, entities, "outliers")
    elif datatype in IMAGES:
        found += _confounds(own, folder, entities) + _masks(own, raw, folder, entities)
    return tuple(dict.fromkeys(found))


def _companions(entry: Entry, beside: list[Entry]) -> list[str]:
    extensions = COMPANIONS.get(entry.extension, ())
    base = entry.path.removesuffix(entry.extension)
    return [other.path for other in beside if other.extension in extensions and other.path == base + other.extension]


def _splits(entry: Entry, beside: list[Entry]) -> list[str]:
    if "split" not in entry.entities:
        return []
    whole = _without(entry.entities, "split")
    parts = [other for other in beside if (other.suffix, other.extension) == (entry.suffix, entry.extension)]
    parts = [other for other in parts if "split" in other.entities and _without(other.entities, "split") == whole]
    return [other.path for other in sorted(parts, key=_split_number) if other.path != entry.path]


def _split_number(entry: Entry) -> tuple[int, str]:
    return (int(entry.entities["split"]) if entry.entities["split"].isdigit() else 0, entry.path)


def _without(entities: Mapping[str, str], *names: str) -> Entities:
    return {name: value for name, value in entities.items() if name not in names}


def fits(other: Mapping[str, str], entities: Mapping[str, str], *free: str) -> bool:
    """Return whether every entity of `other` is in `entities`; those named in `free` may differ."""
    wrong = [name for name, value in other.items() if entities.get(name) != value]
    return not wrong or all(name in free for name in wrong)


def _documents(own: Entries, folder: str, entities: Mapping[str, str], suffix: str) -> list[str]:
    """Return the JSON files that apply, the most general first."""
    if not own.anywhere(f"{suffix}.json"):
        return []
    found: list[str] = []
    for level in own.applying(folder, suffix, entities):
        here = [e for e in level if e.extension == ".json"]
        found = [e.path for e in sorted(here, key=lambda e: (len(e.entities), e.path))] + found
    return found


def _nearest(own: Entries, folder: str, entities: Mapping[str, str], suffix: str) -> list[str]:
    """Return the table that applies: of the nearest folder, the one with the most entities.

    A table with all entities of the recording is beside it as a rule, and no other can have more.
    """
    if not own.anywhere(f"{suffix}.tsv"):
        return []
    exact = f"{stem(entities)}_{suffix}.tsv"
    if own.holds(folder, exact):
        return [joined(folder, exact)]
    for level in own.applying(folder, suffix, entities):
        here = [e for e in level if e.extension == ".tsv"]
        if here:
            return [max(here, key=lambda e: (len(e.entities), "space" not in e.entities, e.path)).path]
    return []


def _raw_events(raw: Entries, entities: Mapping[str, str]) -> list[str]:
    return _nearest(raw, _raw_folder(entities), entities, "events")


def _raw_folder(entities: Mapping[str, str]) -> str:
    session = [f"ses-{entities['session']}"] if "session" in entities else []
    return "/".join([f"sub-{entities['subject']}", *session, entities["datatype"]])


def _of_the_run(own: Entries, raw: Entries, folder: str, entities: Mapping[str, str]) -> list[str]:
    """Return the JSON files of the run that a table of regions was made from: raw, then one of the derivative."""
    beside = [e for e in own.called(folder, "bold") if e.extension == ".json" and "stat" not in e.entities]
    same = [e for e in beside if all(e.entities.get(name) == entities.get(name) for name in RUN)]
    first = min(same, key=lambda e: (len(e.entities), e.path), default=None)
    return _documents(raw, _raw_folder(entities), entities, "bold") + ([first.path] if first else [])


def _places(own: Entries, folder: str, entities: Mapping[str, str]) -> list[str]:
    """Return electrodes.tsv and the coordsystem.json of the same space."""
    if not own.anywhere("electrodes.tsv"):
        return []
    for level in own.above(folder, "electrodes"):
        tables = [e for e in level if e.extension == ".tsv" and fits(e.entities, entities, "space")]
        if tables:
            table = min(tables, key=lambda e: (e.entities.get("space", ""), -len(e.entities), e.path))
            return [table.path, *_coordsystem(own, folder, {**entities, **table.entities})]
    return []


def _coordsystem(own: Entries, folder: str, entities: Mapping[str, str]) -> list[str]:
    for here in own.applying(folder, "coordsystem", entities):
        if here:
            return [max(here, key=lambda e: (len(e.entities), e.path)).path]
    return []


def _confounds(own: Entries, folder: str, entities: Mapping[str, str]) -> list[str]:
    plain = _without(entities, "space", "resolution", "density", "description")
    named = {**plain, "description": "confounds"}
    table = _nearest(own, folder, named, "timeseries") or _nearest(own, folder, named, "regressors")
    moved = [*_of_xcp_d(own, folder, plain), *_moved_in_cpac(own, folder, plain)] if "task" in plain else []
    return (table or _of_cpac(own, folder, plain)) + moved


def _of_cpac(own: Entries, folder: str, plain: Mapping[str, str]) -> list[str]:
    """Return the regressors of C-PAC; a number follows the description where pipelines differ."""
    tables = [e for suffix in ("timeseries", "regressors") for e in own.called(folder, suffix) if e.extension == ".1D"]
    return _described(tables, "confounds", plain)


def _moved_in_cpac(own: Entries, folder: str, plain: Mapping[str, str]) -> list[str]:
    """Return the six parameters that C-PAC estimated, ``.1D`` by 3dvolreg and ``.tsv`` by MCFLIRT."""
    tables = [e for e in own.called(folder, "motion") if e.extension in (".1D", ".tsv") and "description" in e.entities]
    return _described(tables, MOVED, plain)


def _described(tables: list[Entry], name: str, plain: Mapping[str, str]) -> list[str]:
    """Return the table that says most, of those with a description (none will do) or with a number behind it."""
    tables = [e for e in tables if e.entities.get("description", name).rstrip("-0123456789") == name]
    found = [e for e in tables if fits(_without(e.entities, "description"), plain)]
    return [max(found, key=lambda e: (len(e.entities), e.path)).path] if found else []


def _of_xcp_d(own: Entries, folder: str, plain: Mapping[str, str]) -> list[str]:
    filtered = {**plain, "description": "filtered"}
    moved = _nearest(own, folder, plain, "motion") or _nearest(own, folder, filtered, "motion")
    return moved + _nearest(own, folder, plain, "outliers")


def _masks(own: Entries, raw: Entries, folder: str, entities: Mapping[str, str]) -> list[str]:
    """Return the masks in the same space: of the same derivative, or of ``derivatives/masks`` for a raw image."""
    beside = raw.masks if own is raw else None
    return _masks_in(own, folder, entities) + (
        _masks_in(beside, f"derivatives/masks/{folder}", entities) if beside else []
    )


def _masks_in(entries: Entries, folder: str, entities: Mapping[str, str]) -> list[str]:
    here = [e for e in entries.called(folder, "mask") if e.extension in (".nii.gz", ".nii")]
    here = [e for e in here if fits(e.entities, entities, "description", "label")]
    here = [e for e in here if e.entities.get("space") == entities.get("space")]
    return [e.path for e in sorted(here, key=lambda e: (stem(e.entities), e.path))]
