"""How `join_epochs` is done."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.recording import Epochs
from ..data.samples import Samples
from ..errors import unknown
from ._common import need, noted, refuse

if TYPE_CHECKING:
    from .join_epochs import JoinEpochs


def joined(data: Epochs, settings: JoinEpochs) -> Epochs:
    """Return one epoch a group, all of the same number of epochs."""
    need(data, settings.name, "epochs")
    groups = _groups(data, settings.by)
    n = min(map(len, groups.values()))
    kept = [rows[:n] for rows in groups.values()]
    x = np.stack([np.concatenate(list(data.data[rows]), axis=-1) for rows in kept])
    note = {"n_epochs": len(x), "joined": n, "found": {name: len(rows) for name, rows in groups.items()}}
    rows = [_row(data.samples, group) for group in kept]
    samples = {name: [row[name] for row in rows] for name in data.samples}
    return noted(data, settings.name, note, data=x, samples=samples, tmin=0.0)


def _groups(data: Epochs, by: str | None) -> dict[str, list[int]]:
    """Return the epochs of each value; those without one are in none."""
    if by is None:
        values: list[Any] = ["all"] * len(data.data)
    else:
        name = f"events/{by}" if f"events/{by}" in data.samples else by
        if name not in data.samples:
            known = [one.removeprefix("events/") for one in data.samples]
            raise refuse(data, "E-INPUT-EVENTS", unknown("column to join by:", by, known))
        values = data.samples[name]
    found: dict[str, list[int]] = {}
    for i, value in enumerate(values):
        if value is not None:
            found.setdefault(str(value), []).append(i)
    if not found:
        raise refuse(data, "E-INPUT-EPOCHS", f"No epoch is left to join, or none has a value of {by!r}.")
    return found


def _row(samples: Samples, group: list[int]) -> dict[str, Any]:
    """Return the row of a joined epoch: what all of it agree on, and the span from the first to the last."""
    row = {name: _agreed([column[i] for i in group]) for name, column in samples.items()}
    if {"onset", "duration"} <= samples.keys():
        row["onset"] = min(samples["onset"][i] for i in group)
        row["duration"] = max(samples["onset"][i] + samples["duration"][i] for i in group) - row["onset"]
    if "signal" in samples:
        hashes = [samples["signal"][i] for i in group]  # taken before anything was fitted, and so is theirs
        row["signal"] = sha256("".join(map(str, hashes)).encode()).hexdigest()[:32] if any(hashes) else None
    return row


def _agreed(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else None
