"""Tables of what was asked beside the score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..data.tables import Row, tsv


def protocol_tables(scores: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield the suffix and the content of each table that the scores have something for."""
    if scores.get("over_time"):
        yield "overtime", tsv(["fitted_at", "tested_at", "metric", "value", "sem", "p"], _moments(scores["over_time"]))
    if scores.get("few_shot"):
        yield "fewshot", tsv(["shots", "metric", "value", "low", "high", "chance"], _shots(scores["few_shot"]))
    if scores.get("ablation"):
        yield "ablation", tsv(["share", "metric", "value", "low", "high", "chance"], _shares(scores["ablation"]))
    if (scores.get("forecast") or {}).get("recordings"):
        yield "alarms", tsv(["recording", "kind", "time"], _alarms(scores["forecast"]))


def _moments(found: Mapping[str, Any]) -> list[Row]:
    """Return a row for each pair of moments; times in s."""
    times = found["times"]
    return [
        [times[i] if found["generalise"] else times[j], times[j], found["metric"], value,
         found["sem"][i][j] if found["sem"] else None, found["p"][i][j] if found["p"] else None]
        for i, row in enumerate(found["mean"])
        for j, value in enumerate(row)
    ]  # fmt: skip


def _shots(found: Mapping[str, Any]) -> list[Row]:
    return [
        [point["shots"], curve["metric"], point["mean"], *(point["ci"] or (None, None)), curve["chance"]]
        for curve in found["curves"]
        for point in curve["points"]
    ]


def _shares(found: Mapping[str, Any]) -> list[Row]:
    return [
        [point["share"], curve["metric"], point["mean"], point["low"], point["high"], curve["chance"]]
        for curve in found["curves"]
        for point in curve["points"]
    ]


def _alarms(found: Mapping[str, Any]) -> list[Row]:
    """Return alarms and onsets of each recording, in s from its start."""
    return [
        [one["name"], kind, moment]
        for one in found["recordings"]
        for kind, moments in (("alarm", one["alarms"]), ("onset", one["onsets"]))
        for moment in moments
    ]
