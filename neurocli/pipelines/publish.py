"""Publish a unit's payload as BIDS files in OUT, once: a record remembers which key lies there.

What is published is a pure function of the payload, so a record that names the unit's key and whose files have
their recorded sizes needs no second look.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..store.whole import document, size
from .keys import canonical
from .units import Unit

if TYPE_CHECKING:
    from .stages import Inputs


def label_of(name: str) -> str:
    """Return a pipeline's name as a BIDS label: letters and digits alone."""
    return re.sub(r"[^0-9A-Za-z]", "", name)


def publishes(unit: Unit) -> bool:
    """Whether a unit leaves files in OUT; a checkpoint or a single fold does not."""
    if unit.stage == "train":
        return str(unit.recipe["role"]) == "collect"
    return bool(unit.spec.get("final", True))


def record_path(out: Path, unit: Unit) -> Path:
    """Return where it is remembered what of a unit lies in OUT."""
    return out / _record_name(unit)


def _record_name(unit: Unit) -> str:
    return f".neurocli/published/{unit.id.replace('/', '__')}.json"


def published(out: Path, unit: Unit, at: int | None = None) -> list[str] | None:
    """Return the unit's files, relative to OUT, if they are there under its key; None if they are to be written.

    Where many units are asked for, `at` is a descriptor of OUT, so that the kernel walks shorter paths.
    """
    if not publishes(unit):
        return []
    top = "" if at is not None else f"{os.fspath(out)}/"  # strings: a plan asks this of a hundred thousand units
    try:
        record = document(top + _record_name(unit), at)
        same = record["key"] == unit.key and all(size(top + name, at) == n for name, n in record["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [name for name, _ in record["files"]] if same else None


def publish(unit: Unit, inputs: Inputs) -> list[str]:
    """Write the unit's files into OUT unless they are there already; return them relative to OUT."""
    out = Path(inputs.context.out)
    known = published(out, unit)
    if known is not None:
        return known
    paths = sorted({path.absolute() for path in PUBLISHERS[unit.stage](unit, inputs, out)})
    files = [[path.relative_to(out.absolute()).as_posix(), path.stat().st_size] for path in paths]
    write_changed(record_path(out, unit), canonical({"key": unit.key, "files": files}).encode())
    return [str(name) for name, _ in files]


def write_changed(path: Path, content: bytes) -> Path:
    """Write a file whole, or leave it alone (and its mtime) where it holds the same bytes."""
    from ..bids.files import write_bytes

    return write_bytes(path, content)


def _recording(unit: Unit, inputs: Inputs, out: Path) -> list[Path]:
    from ..bids.write import publish as write

    data = inputs.payload(unit.key)
    desc = "preproc" if unit.stage == "preprocess" else label_of(inputs.context.pipeline)
    return write(out, data, desc=desc, sources=_sources(unit, inputs), key=unit.key, settings=unit.recipe)


def _sources(unit: Unit, inputs: Inputs) -> list[str]:
    id_ = unit.id.split("/")[1]
    member = next((m for m in inputs.context.cohort if m["id"] == id_), None)
    return [f"bids:raw:{member['path']}"] if member else []


def _predictions(unit: Unit, inputs: Inputs, out: Path) -> list[Path]:
    from .tables import predictions_table

    base = out / "group" / f"desc-{label_of(inputs.context.pipeline)}_predictions"
    table, columns = predictions_table([inputs.payload(key) for key in unit.upstream])
    return [
        write_changed(base.with_suffix(".tsv"), table),
        write_changed(base.with_suffix(".json"), _json({"Key": unit.key, **columns})),
    ]


def _scores(unit: Unit, inputs: Inputs, out: Path) -> list[Path]:
    from .tables import scores_table

    base = out / "group" / f"desc-{label_of(inputs.context.pipeline)}_scores"
    scores = inputs.store.read_json(unit.key)
    return [
        write_changed(base.with_suffix(".tsv"), scores_table(scores)),
        write_changed(base.with_suffix(".json"), _json(scores)),
    ]


def _exported(unit: Unit, inputs: Inputs, out: Path) -> list[Path]:
    folder = inputs.store.files(unit.key)
    names = inputs.store.read_json(unit.key)["files"]
    return [_copy(_inside(folder, name), out / name) for name in names]


def _inside(top: Path, name: str) -> Path:
    """Return a path below a folder; a payload of someone else's store must neither write nor read elsewhere."""
    path = top / name
    leaves = Path(name).is_absolute() or ".." in Path(name).parts
    if leaves or not path.resolve().is_relative_to(top.resolve()):
        remedy = "Remove the entry with `neurocli cache gc`, and take stores only from people you trust."
        said = f"An export names a file outside its folder: {name!r}."
        raise StoreError(said, code="E-STORE-PATH", where=str(top), remedy=remedy)
    return path


def _copy(source: Path, target: Path) -> Path:
    from ..bids.files import placed

    return placed(target, lambda temporary: shutil.copyfile(source, temporary))


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


PUBLISHERS: dict[str, Callable[[Unit, Inputs, Path], Sequence[Path]]] = {
    "preprocess": _recording,
    "featurize": _recording,
    "train": _predictions,
    "evaluate": _scores,
    "export": _exported,
}
