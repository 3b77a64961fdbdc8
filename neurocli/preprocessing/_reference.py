"""How `reference` is done; the same arithmetic as MNE's, on the array itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ._common import Signal, finite, keep_channels, named_channels, need, noted, refuse, typed_channels

if TYPE_CHECKING:
    from .reference import Reference

TYPES = ("eeg", "ecog", "seeg", "dbs")  # MNE's order
_COMMON = re.compile(r"(REF|LE|AVG).*|([AM][12])+")  # what scalp channels are measured against together, ears too


def referenced(data: Signal, settings: Reference) -> Signal:
    """Return the recording against the reference of the settings."""
    need(data, settings.name, "recording", "epochs")
    picks = reference_picks(data, settings.types)
    finite(data, picks)
    if settings.to == "bipolar":
        return _bipolar(data, settings.pairs)
    not_bipolar(data)
    if settings.to == "rest":
        return _rest(data, picks)
    return _common(data, settings, picks)


def reference_picks(data: Signal, types: list[str] | None) -> list[int]:
    """Return the channels to re-reference (``E-INPUT-REFERENCE`` where there is none)."""
    found = types or [kind for kind in TYPES if kind in data.ch_types][:1]
    picks = typed_channels(data, found)
    if not picks:
        asked = ", ".join(types or TYPES)
        raise refuse(data, "E-INPUT-REFERENCE", f"There is no channel of type {asked} to re-reference.")
    return picks


def not_bipolar(data: Signal) -> None:
    """Refuse a common reference of channels that are differences of two sites already (``E-INPUT-REFERENCE``)."""
    scalp = {name: kind for name, kind in zip(data.ch_names, data.ch_types, strict=True) if kind in TYPES}
    derived = (data.reference or "").lower() == "bipolar" or _mostly_pairs(scalp)
    if derived:
        raise refuse(
            data,
            "E-INPUT-REFERENCE",
            f"The channels are bipolar already ({next(iter(scalp))}), so there is no common reference to change.",
            "Leave the step reference out for this dataset.",
        )


def _mostly_pairs(names: dict[str, str]) -> bool:
    """Tell whether most channels (name -> type) are two sites, such as ``FP1-F7``; with one second site all are not."""
    pairs = [name for name, kind in names.items() if _is_pair(name.upper(), kind)]
    one_reference = len(pairs) > 2 and len({name.partition("-")[2] for name in pairs}) == 1
    return len(pairs) > len(names) / 2 and not one_reference


def _is_pair(name: str, kind: str) -> bool:
    """Tell ``FP1-F7``, ``A1-A2`` and ``A1-2`` from ``C3-M2``, where the second is an ear, and ``LAD-1``, a contact."""
    first, _, second = (part.strip() for part in name.partition("-"))
    if second in ("", "REF", "AVG") or (kind == "eeg" and _COMMON.fullmatch(second)):
        return False
    return second[0].isalpha() or (second.isdigit() and first[-1:].isdigit())


def _common(data: Signal, settings: Reference, picks: list[int]) -> Signal:
    good = [i for i in picks if data.ch_names[i] not in data.bads]
    if settings.to in ("average", "median"):
        sources, label = good, str(settings.to)
    else:
        sources, label = named_channels(data, settings.to), ", ".join(settings.to)
    if not good:
        raise refuse(data, "E-INPUT-REFERENCE", "All channels are marked bad, so there is no reference to take.")
    if len(good) == 1 and sources == good:
        message = f"{data.ch_names[good[0]]} is the only good channel, and against itself nothing would be left of it."
        raise refuse(data, "E-INPUT-REFERENCE", message, "Leave the step reference out for this dataset.")
    pooled = np.median if settings.to == "median" else np.mean
    out = np.array(data.data, dtype=np.float64)
    out[..., good, :] -= pooled(data.data[..., sources, :], axis=-2, keepdims=True)
    numbers = {"to": label, "n_reference": len(sources), "n_channels": len(good)}
    return noted(data, settings.name, numbers, data=out, reference=label)


def _rest(data: Signal, picks: list[int]) -> Signal:
    from ._rest import at_infinity

    good = [i for i in picks if data.ch_names[i] not in data.bads and data.ch_types[i] == "eeg"]
    x = at_infinity(data, good)
    return noted(data, "reference", {"to": "rest", "n_channels": len(good)}, data=x, reference="rest")


def _bipolar(data: Signal, pairs: list[tuple[str, str]]) -> Signal:
    anodes: list[int] = named_channels(data, [pair[0] for pair in pairs])
    cathodes: list[int] = named_channels(data, [pair[1] for pair in pairs])
    used = {*anodes, *cathodes}
    rest = keep_channels(data, [i for i in range(len(data.ch_names)) if i not in used])
    changes = joined_channels(difference(data, anodes, cathodes), rest)
    numbers = {"to": "bipolar", "n_channels": len(pairs)}
    return noted(data, "reference", numbers, **changes, reference="bipolar")


def difference(data: Signal, anodes: list[int], cathodes: list[int]) -> dict[str, Any]:
    """Return the channel fields of ``anode - cathode``; a pair lies midway, and is bad if one of it is."""
    pairs = list(zip(anodes, cathodes, strict=True))
    names = tuple(f"{data.ch_names[a]}-{data.ch_names[c]}" for a, c in pairs)
    bad = {data.ch_names.index(name) for name in data.bads if name in data.ch_names}
    places = data.positions
    return {
        "data": np.asarray(data.data[..., anodes, :] - data.data[..., cathodes, :], dtype=np.float64),
        "ch_names": names,
        "ch_types": tuple(data.ch_types[a] for a in anodes),
        "units": tuple(data.units[a] for a in anodes),
        "positions": None if places is None else (places[anodes] + places[cathodes]) / 2,
        "bads": tuple(name for name, pair in zip(names, pairs, strict=True) if bad & set(pair)),
    }


def joined_channels(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the channel fields of two sets of channels, one after the other."""
    out = {name: first[name] + second[name] for name in ("ch_names", "ch_types", "units", "bads")}
    both = first["positions"] is not None
    positions = np.concatenate([first["positions"], second["positions"]]) if both else None
    return out | {"data": np.concatenate([first["data"], second["data"]], axis=-2), "positions": positions}
