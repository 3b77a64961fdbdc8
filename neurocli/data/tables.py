"""A table as BIDS writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = list[Any]


def tsv(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return a BIDS table: tabs, `n/a` for nothing, shortest round-trip numbers."""
    lines = ["\t".join(header), *("\t".join(map(cell, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def cell(value: Any) -> str:
    """Return one value as BIDS writes it."""
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return "n/a"
    return repr(float(value)) if isinstance(value, float) else str(value).replace("\t", " ").replace("\n", " ")
