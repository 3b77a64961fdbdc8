"""Features as Parquet: the sample table first, then one column a feature."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from ...data.features import Block, Features
from ..files import placed

_GROUP = 2**28  # bytes of features in one row group


def write(path: Path, features: Features) -> list[Path]:
    """Write the table; an array a sample that has no column names becomes one list column.

    Text is written as a dictionary, numbers are not: they seldom repeat, and looking for it took most of the time of a
    wide table. A long table is written in row groups, one in memory at a time.
    """
    return [placed(path, lambda temporary: _write(temporary, features))]


def _write(path: Path, features: Features) -> None:
    samples: dict[str, pa.Array] = {name: _scalars(values) for name, values in features.samples.items()}
    n = max([len(block.values) for block in features.blocks] + [len(values) for values in samples.values()])
    width = sum(block.values.nbytes for block in features.blocks) // max(1, n)
    length = max(1, _GROUP // max(1, width))
    tables = (_table(samples, features, slice(start, start + length)) for start in range(0, max(1, n), length))
    first = next(tables)
    how: dict[str, Any] = {"compression": "zstd", "use_dictionary": list(samples)}
    with pyarrow.parquet.ParquetWriter(path, first.schema, **how) as writer:
        for table in chain([first], tables):
            writer.write_table(table, row_group_size=length)


def _table(samples: dict[str, pa.Array], features: Features, rows: slice) -> pa.Table:
    columns = {name: values[rows] for name, values in samples.items()}
    for block in features.blocks:
        columns |= _columns(block, rows, _array_name(block, features))
    return pa.table(columns)


def _scalars(values: list[Any]) -> pa.Array:
    """Return a column of one type: text, if there is any text in it."""
    if any(isinstance(value, str) for value in values):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if any(isinstance(value, float) for value in values):
        return pa.array(values, pa.float64())
    return pa.array(values)


def _array_name(block: Block, features: Features) -> str:
    """Return the name of the column of an array: the feature `signal` must not take the place of the hash `signal`."""
    return f"{block.name}/values" if block.name in features.samples else block.name


def _columns(block: Block, rows: slice, array_name: str) -> dict[str, pa.Array]:
    part = np.asarray(block.values[rows])
    flat = part.reshape(len(part), -1)
    if len(block.columns) == flat.shape[1]:
        turned = np.ascontiguousarray(flat.T)  # once, instead of a copy a column
        return {name: pa.array(column) for name, column in zip(block.columns, turned, strict=True)}
    values = pa.array(np.ascontiguousarray(flat).reshape(-1))
    return {array_name: pa.FixedSizeListArray.from_arrays(values, max(flat.shape[1], 1))}


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
            about = {"Description": f"{text} One array a sample, in C order.", "Units": block.unit, "Shape": shape}
            found[_array_name(block, features)] = about
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
