"""Features as Parquet: the sample table first, then one column a feature."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from ...data.features import Block, Features
from ..files import placed


def write(path: Path, features: Features) -> list[Path]:
    """Write the table; an array a sample that has no column names becomes one list column."""
    columns: dict[str, pa.Array] = {name: _scalars(values) for name, values in features.samples.items()}
    for block in features.blocks:
        columns |= _columns(block)
    table = pa.table(columns)
    return [placed(path, lambda temporary: pyarrow.parquet.write_table(table, temporary, compression="zstd"))]


def _scalars(values: list[Any]) -> pa.Array:
    """Return a column of one type: text, if there is any text in it."""
    if any(isinstance(value, str) for value in values):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if any(isinstance(value, float) for value in values):
        return pa.array(values, pa.float64())
    return pa.array(values)


def _columns(block: Block) -> dict[str, pa.Array]:
    flat = np.asarray(block.values).reshape(len(block.values), -1)
    if len(block.columns) == flat.shape[1]:
        return {name: pa.array(np.ascontiguousarray(flat[:, i])) for i, name in enumerate(block.columns)}
    values = pa.array(np.ascontiguousarray(flat).reshape(-1))
    return {block.name: pa.FixedSizeListArray.from_arrays(values, max(flat.shape[1], 1))}


def described(features: Features, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return unit and description of each column, for the JSON beside the table.

    Parameters
    ----------
    features : Features
        The table.
    texts : dict
        Feature to one sentence; the name of the column says the rest.
    """
    found: dict[str, Any] = {name: {"Description": _about(name)} for name in features.samples}
    for block in features.blocks:
        text = texts.get(block.name, f"Feature {block.name}.")
        if block.columns:
            found |= {name: {"Description": _of_column(text, name), "Units": block.unit} for name in block.columns}
        else:
            shape = list(block.values.shape[1:])
            found[block.name] = {"Description": f"{text} One array a sample, in C order.", "Units": block.unit,
                                 "Shape": shape}  # fmt: skip
    return found


def _about(column: str) -> str:
    known = {"onset": "Start of the sample from the start of the recording, in s.",
             "duration": "Length of the sample, in s.",
             "signal": "Hash of the samples of the signal; none where it is constant."}  # fmt: skip
    if column.startswith("events/"):
        return f"Column {column.removeprefix('events/')} of events.tsv."
    return known.get(column, f"Entity {column} of the recording.")


def _of_column(text: str, column: str) -> str:
    _, _, part = column.partition("/")
    return f"{text} Part and place: {part.replace('/', ', ')}." if part else text
