"""`bidsify` from the mapping file to one document: YAML is read here, because the rooms below know none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..bids.loose.convert import Outcome, bidsify
from ..bids.loose.mapping import Row, fault, from_rows, from_table
from ..errors import Exit, unknown

DATASET = {"name": "Name", "license": "License", "authors": "Authors", "acknowledgements": "Acknowledgements"}
TOP = (*DATASET, "defaults", "files")


def carry_out(mapping: Path, out: Path, name: str | None = None) -> dict[str, Any]:
    """Write the dataset that a mapping describes, and return what happened as one document.

    Parameters
    ----------
    mapping : Path
        ``.tsv``, ``.yaml`` or ``.yml``.
    out : Path
        The dataset.
    name : str, optional
        Its name.

    Raises
    ------
    NeurocliError
        If the mapping itself is wrong; what is wrong with one file is in the document.
    """
    rows, about = read_mapping(mapping)
    outcome = bidsify(rows, out, about | ({"Name": name} if name else {}))
    return document(outcome, out)


def read_mapping(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of a mapping, and what it says of the dataset."""
    if not path.is_file():
        raise fault("There is no such mapping.", str(path))
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path)
    return from_table(path), {}


def _from_yaml(path: Path) -> tuple[list[Row], dict[str, Any]]:
    from .yaml_core import plain, read

    root = read(path.read_bytes(), path.name)
    for key, node in root.fields.items():
        if key not in TOP:
            raise fault(unknown("key", key, TOP), node.key_where)
    document = plain(root, as_text=True)
    nodes = root.fields["files"].items if "files" in root.fields else []
    defaults = document.get("defaults") or {}
    rows = [{**defaults, **plain(node, as_text=True)} for node in nodes]
    about = {DATASET[key]: document[key] for key in DATASET if document.get(key)}
    return from_rows(rows, path.parent, [node.where for node in nodes]), about


def document(outcome: Outcome, out: Path) -> dict[str, Any]:
    """Return the answer: what was written below the dataset, what was refused, and the exit status."""
    status = "ok" if not outcome.failures else "partial" if outcome.files else "failed"
    return {
        "schema_version": 1,
        "status": status,
        "exit": int(exit_of(outcome)),
        "dataset": str(out),
        "files": [path.relative_to(out).as_posix() for path in outcome.files],
        "failures": [{"file": str(row.file), **error.to_dict()} for row, error in outcome.failures],
        "warnings": outcome.warnings,
    }


def exit_of(outcome: Outcome) -> Exit:
    """Return the exit status: that of the refusals where nothing was written and they agree, else partial or failed."""
    if not outcome.failures:
        return Exit.OK
    if outcome.files:
        return Exit.PARTIAL
    statuses = {error.exit_status for _, error in outcome.failures}
    return Exit(statuses.pop()) if len(statuses) == 1 else Exit.FAILED
