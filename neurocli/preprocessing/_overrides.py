"""How `overrides` is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data.recording import Recording
from ..errors import ConfigError, unknown
from ._common import need, noted, refuse
from ._decisions import ALL, OURS, WORDS, Row, about, decisions

if TYPE_CHECKING:
    from .overrides import Overrides


def overridden(data: Recording, settings: Overrides) -> Recording:
    """Return the recording with the decisions of the rows that are about it."""
    need(data, settings.name, "recording")
    mine = [row for row in decisions(settings.file) if about(row, data.entities)]
    values = {word: [row["value"] for row in mine if row["what"] == word] for word in WORDS}
    for name in values["bad_channel"] + values["good_channel"]:
        if name not in data.ch_names:
            raise refuse(data, "E-INPUT-OVERRIDES", unknown("channel", name, data.ch_names), f"See {settings.file}.")
    _in_time(data, values)
    bads = (set(data.bads) | set(values["bad_channel"])) - set(values["good_channel"])
    spans = tuple(_span(row, data) for row in mine if row["what"] == "bad_span")
    note = {
        "decisions": [{key: row[key] for key in OURS if row.get(key) not in ALL} for row in mine],
        "drop_components": [_whole(value, settings.file) for value in values["drop_component"]],
        "keep_components": [_whole(value, settings.file) for value in values["keep_component"]],
    }
    every = tuple(name for name in data.ch_names if name in bads)
    return noted(data, settings.name, note, bads=every, annotations=(*data.annotations, *spans))


def _in_time(data: Recording, values: dict[str, list[str]]) -> None:
    """Refuse decisions about components after the step that removes them (``E-CONFIG-ORDER``)."""
    if (values["drop_component"] or values["keep_component"]) and any(note.get("step") == "ica" for note in data.notes):
        message = "The overrides name components, and the step ica, which removes them, comes before."
        raise ConfigError(message, code="E-CONFIG-ORDER", remedy="Put overrides above ica in preprocess.")


def _span(row: Row, data: Recording) -> tuple[float, float, str]:
    try:
        onset, duration = float(row["onset"]), float(row["duration"])
    except (KeyError, TypeError, ValueError):
        raise refuse(data, "E-INPUT-OVERRIDES", "A bad_span needs an onset and a duration, in s.") from None
    length = data.n_times / data.sfreq
    if not (duration > 0 and onset < length and onset + duration > 0):
        message = f"The bad_span {onset:g} to {onset + duration:g} s is not within the {length:g} s of the recording."
        raise refuse(data, "E-INPUT-OVERRIDES", message)
    return onset, duration, f"BAD_{row['reason']}"


def _whole(value: str, file: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        message = f"A component is a whole number from 0, got {value!r}."
        raise ConfigError(message, code="E-CONFIG-FILE", where=file) from None
