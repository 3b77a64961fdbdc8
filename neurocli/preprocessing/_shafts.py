"""How `shaft_reference` is done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ._common import Signal, finite, keep_channels, need, noted, refuse, typed_channels
from ._reference import difference, joined_channels

if TYPE_CHECKING:
    from .shaft_reference import ShaftReference

CONTACT = re.compile(r"(?:.*\s)?(.*?\D)\s*0*(\d+)")  # "A1", "A'12", "POL LAH 03" -> shaft and number


def within_shafts(data: Signal, settings: ShaftReference) -> Signal:
    """Return the recording with every contact against its own shaft."""
    need(data, settings.name, "recording", "epochs")
    contacts = typed_channels(data, settings.types)
    finite(data, contacts)
    shafts = by_shaft(data, contacts)
    if not shafts:
        asked = ", ".join(settings.types)
        raise refuse(data, "E-INPUT-REFERENCE", f"No channel of type {asked} is named as a contact, such as A1.")
    return _averaged(data, settings, shafts) if settings.to == "average" else _bipolar(data, settings, contacts, shafts)


def by_shaft(data: Signal, contacts: list[int]) -> dict[str, dict[int, int]]:
    """Return shaft -> number of the contact -> its index, the numbers rising."""
    shafts: dict[str, dict[int, int]] = {}
    for index in contacts:
        if match := CONTACT.fullmatch(data.ch_names[index]):
            shafts.setdefault(match[1], {})[int(match[2])] = index
    return {name: dict(sorted(numbers.items())) for name, numbers in shafts.items()}


def _averaged(data: Signal, settings: ShaftReference, shafts: dict[str, dict[int, int]]) -> Signal:
    out, alone = np.array(data.data, dtype=np.float64), []
    for numbers in shafts.values():
        good = [i for i in numbers.values() if data.ch_names[i] not in data.bads]
        if len(good) < 2:  # its own mean would leave nothing of it
            alone += [data.ch_names[i] for i in good]
            continue
        out[..., good, :] -= data.data[..., good, :].mean(axis=-2, keepdims=True)
    note = {"to": "average", "shafts": {name: len(numbers) for name, numbers in shafts.items()}, "unchanged": alone}
    return noted(data, settings.name, note, data=out, reference="shaft average")


def _bipolar(data: Signal, settings: ShaftReference, contacts: list[int], shafts: dict[str, dict[int, int]]) -> Signal:
    pairs = [
        (index, numbers[number + 1])
        for numbers in shafts.values()
        for number, index in numbers.items()
        if number + 1 in numbers
    ]
    if not pairs:
        raise refuse(data, "E-INPUT-REFERENCE", "No two contacts of a shaft are neighbours, so there is no pair.")
    first, second = ([pair[k] for pair in pairs] for k in (0, 1))
    others = keep_channels(data, [i for i in range(len(data.ch_names)) if i not in set(contacts)])
    used = {i for pair in pairs for i in pair}
    note = {
        "to": "bipolar",
        "shafts": {name: len(numbers) for name, numbers in shafts.items()},
        "n_pairs": len(pairs),
        "dropped": [data.ch_names[i] for i in contacts if i not in used],
    }
    changes = joined_channels(difference(data, first, second), others)
    return noted(data, settings.name, note, **changes, reference="bipolar")
