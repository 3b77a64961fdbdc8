"""Features of one recording, and of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from .entities import Entities
from .payload import Payload
from .samples import Samples, n_samples


@dataclass(frozen=True)
class Block:
    """The values of one feature: columns with names and a unit, or one array a sample.

    Parameters
    ----------
    name : str
        The feature.
    values : array, shape (n_samples, ...)
        2-D for columns; 3-D and more for a covariance, a graph or the signal of each sample.
    columns : tuple of str
        ``feature/part/channel`` and ``feature/part/a~b``, one a column, in C order of the trailing axes; may be empty
        where `values` is 3-D or more.
    unit : str
        As the feature declares it.
    """

    name: str
    values: np.ndarray
    columns: tuple[str, ...]
    unit: str


@dataclass(frozen=True)
class Features(Payload):
    """What `featurize` leaves of one recording: blocks over the same samples."""

    blocks: tuple[Block, ...]
    samples: Samples
    entities: Entities
    sfreq: float | None = None
    ch_names: tuple[str, ...] = ()
    positions: np.ndarray | None = None
    notes: tuple[dict[str, Any], ...] = ()
    kind: ClassVar[str] = "features"

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return n_samples(self.samples)

    def columns(self) -> tuple[str, ...]:
        """Return the names of all columns, in the order in which blocks are joined."""
        return tuple(name for block in self.blocks for name in block.columns)

    def to_payload(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the arrays, and the rest as a JSON document."""
        arrays, meta = super().to_payload()
        arrays |= {f"block{i}": block.values for i, block in enumerate(self.blocks)}
        meta["blocks"] = [{"name": b.name, "columns": list(b.columns), "unit": b.unit} for b in self.blocks]
        return arrays, meta

    @classmethod
    def from_payload(cls, arrays: dict[str, np.ndarray], meta: dict[str, Any]) -> Self:
        """Return the object whose `to_payload` gave these."""
        blocks = tuple(
            Block(b["name"], arrays[f"block{i}"], tuple(b["columns"]), b["unit"]) for i, b in enumerate(meta["blocks"])
        )
        rest = {name: array for name, array in arrays.items() if not name.startswith("block")}
        return super().from_payload(rest, {**meta, "blocks": blocks})
