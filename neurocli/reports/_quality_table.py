"""The numbers of quality control, one row a recording, taken from what the steps noted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..data.results import Results
from ..data.tables import Row, tsv

COLUMNS = {
    "recording": ("Recording, as in the names of files.", None),
    "subject": ("Label of the participant.", None),
    "n_channels": ("Channels that were measured.", None),
    "n_bad": ("Channels marked bad on the way, by the dataset, a person or a criterion.", None),
    "bad_channels": ("Their names.", None),
    "n_interpolated": ("Channels replaced by what their neighbours say.", None),
    "amplitude_before": ("Median over channels of the standard deviation, before cleaning.", "V or T"),
    "amplitude_after": ("The same after cleaning.", "V or T"),
    "snr_before": ("Power from 1 to 30 Hz against that from 30 to 45 Hz, before cleaning.", "dB"),
    "snr_after": ("The same after cleaning.", "dB"),
    "line_before": ("Peak at the mains (50 or 60 Hz, the greater) against its surroundings, before cleaning.", "dB"),
    "line_after": ("The same after cleaning.", "dB"),
    "n_epochs": ("Epochs that are left.", None),
    "n_rejected": ("Windows and epochs that were dropped.", None),
    "n_components_removed": ("Independent components that were subtracted.", None),
    "components_removed": ("Which, and why.", None),
    "tsnr": ("Mean against standard deviation over time, median over the bright voxels, before cleaning.", "1"),
    "tsnr_after": ("The same after cleaning.", "1"),
    "mean_displacement": ("Mean framewise displacement of the head (Power et al. 2012).", "mm"),
    "greatest_displacement": ("The greatest.", "mm"),
    "n_displaced": ("Volumes to which the head moved more than 0.5 mm.", None),
    "n_scrubbed": ("Volumes that were replaced by what lies beside them.", None),
    "dvars_before": ("Median change from volume to volume (DVARS) over bright voxels, before cleaning.", None),
    "dvars_after": ("The same after cleaning.", None),
    "overlap": ("Dice overlap of the image with the brain it was registered to.", "1"),
    "n_warnings": ("Warnings of the reader.", None),
    "outlier_in": ("Columns with more than 3.5 robust z from the median of the cohort; of a count, 4 at least.", None),
}
JUDGED = ("n_bad", "amplitude_before", "amplitude_after", "snr_before", "snr_after", "line_before", "line_after",
          "n_rejected", "n_components_removed", "tsnr", "mean_displacement", "greatest_displacement", "n_displaced",
          "dvars_before", "overlap")  # fmt: skip
REGISTERING = ("normalize", "coregister")  # their own overlap comes first: smoothing widens what is measured later
LIMIT = 3.5  # Iglewicz & Hoaglin (1993) How to detect and handle outliers
ONE = 1.0  # least spread of a count: where most recordings have none, one that has twelve is no less an outlier
ENOUGH = 5  # recordings below which no one is an outlier
MAD_TO_SD = 1.4826
Notes = Sequence[Mapping[str, Any]]


def summaries(results: Results) -> list[dict[str, Any]]:
    """Return one row a recording, outliers named."""
    rows = [_summary(name, notes) for name, notes in sorted(results.quality.items())]
    for column in JUDGED:
        least = ONE if column.startswith("n_") else 0.0
        for row, far in zip(rows, outlying([row[column] for row in rows], least), strict=True):
            row["outlier_in"] += [column] if far else []
    return rows


def outlying(values: Sequence[float | None], least: float = 0.0) -> list[bool]:
    """Return which values lie far from the others; None lies nowhere. A spread below `least` counts as that.

    >>> outlying([1.0, 1.1, 0.9, 1.0, 1.05, 9.0, None])
    [False, False, False, False, False, True, False]
    """
    known = np.array([value for value in values if value is not None], dtype=float)
    if len(known) < ENOUGH:
        return [False] * len(values)
    middle = float(np.median(known))
    spread = max(least, MAD_TO_SD * float(np.median(np.abs(known - middle))))
    return [value is not None and abs(value - middle) > LIMIT * spread > 0 for value in values]


def _summary(name: str, notes: Notes) -> dict[str, Any]:
    measured = [note for note in notes if note.get("step") == "quality"]
    before, after = (measured[0], measured[-1]) if measured else ({}, {})
    bad, removed = bad_channels(notes), removals(notes)
    return {
        "recording": name,
        "subject": name.partition("_")[0].removeprefix("sub-"),
        "n_channels": after.get("n_channels"),
        "n_bad": len(bad),
        "bad_channels": ", ".join(bad),
        "n_interpolated": sum(len(n["interpolated"]) for n in notes if n.get("step") == "interpolate_bads"),
        "amplitude_before": before.get("amplitude"),
        "amplitude_after": after.get("amplitude"),
        "snr_before": before.get("snr_db"),
        "snr_after": after.get("snr_db"),
        **dict(zip(("line_before", "line_after"), _lines(before, after), strict=True)),
        "n_epochs": next((n["n_epochs"] for n in reversed(notes) if "n_epochs" in n), None),
        "n_rejected": rejected(notes),
        "n_components_removed": len(removed),
        "components_removed": "; ".join(f"{r['component']} ({r['why']})" for r in removed),
        **_of_image(notes, before, after),
        "n_warnings": sum("warning" in note for note in notes),
        "outlier_in": [],
    }


def _of_image(notes: Notes, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an image; lengths are in mm, as those who look at them are used to."""

    def last(name: str, scale: float = 1) -> Any:
        return next((note[name] * scale for note in reversed(notes) if note.get(name) is not None), None)

    return {
        "tsnr": before.get("tsnr"),
        "tsnr_after": after.get("tsnr") if after is not before else None,
        "mean_displacement": last("mean_displacement_m", 1e3),
        "greatest_displacement": last("greatest_displacement_m", 1e3),
        "n_displaced": last("n_displaced"),
        "n_scrubbed": next((len(n["volumes"]) for n in notes if n.get("step") == "scrub"), None),
        "dvars_before": before.get("dvars_median"),
        "dvars_after": after.get("dvars_median") if after is not before else None,
        "overlap": next((n["overlap"] for n in reversed(notes) if n.get("step") in REGISTERING), before.get("overlap")),
    }


def traces(notes: Notes) -> list[Row]:
    """Return a row a volume: framewise displacement in mm, DVARS before and after cleaning; empty of no series."""
    measured = [note for note in notes if note.get("step") == "quality" and "dvars" in note]
    if not measured:
        return []
    moved = next((note["displacement_m"] for note in reversed(measured) if "displacement_m" in note), None)
    moved = moved or [None] * len(measured[0]["dvars"])
    columns = zip(moved, measured[0]["dvars"], measured[-1]["dvars"], strict=True)
    return [[None if step is None else step * 1e3, first, last] for step, first, last in columns]


TRACES = {
    "framewise_displacement": ("How far the head moved to this volume (Power et al. 2012).", "mm"),
    "dvars_before": ("Root mean square change to this volume over bright voxels, before cleaning.", None),
    "dvars_after": ("The same after cleaning.", None),
}


def _lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the line noise at the mains that stand out most before cleaning."""
    known = {mains: value for mains, value in before.get("line_db", {}).items() if value is not None}
    if not known:
        return None, None
    mains = max(known, key=lambda name: known[name])
    return known[mains], after.get("line_db", {}).get(mains)


def bad_channels(notes: Notes) -> list[str]:
    """Return the channels that any step judged bad or replaced, each once, in the order of the notes."""
    found: list[str] = []
    for note in notes:
        if note.get("step") == "bad_channels":
            found += [name for value in note.values() if isinstance(value, list) for name in value]
        found += note.get("bads", []) if note.get("step") == "quality" else []
        found += note["interpolated"] if note.get("step") == "interpolate_bads" else []
    return list(dict.fromkeys(found))


def rejected(notes: Notes) -> int | None:
    """Return how many windows and epochs were dropped; None where none were cut."""
    cut = [note["dropped"] for note in notes if "n_epochs" in note and "dropped" in note]
    counts = [sum(value.values()) if isinstance(value, Mapping) else value for value in cut]
    return sum(count if isinstance(count, int) else len(count) for count in counts) if cut else None


def removals(notes: Notes) -> list[dict[str, Any]]:
    """Return the components that were subtracted, with why, score and map."""
    return [{**removed, "channels": note["map_channels"]} for note in notes if note.get("step") == "ica"
            for removed in note["removed"]]  # fmt: skip


def components(results: Results) -> list[Row]:
    """Return a row a component that was removed."""
    return [
        [name, r["component"], r["why"], r["channel"], r["score"]]
        for name, notes in sorted(results.quality.items())
        for r in removals(notes)
    ]


def tables(rows: Sequence[Mapping[str, Any]], removed: Sequence[Row]) -> Iterator[tuple[str, bytes]]:
    """Yield the suffix and the content of each table."""
    cells: list[Row] = [[_cell(row[name]) for name in COLUMNS] for row in rows]
    yield "quality", tsv(list(COLUMNS), cells)
    if removed:
        yield "components", tsv(["recording", "component", "why", "channel", "score"], removed)


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def describe(columns: Mapping[str, tuple[str, str | None]] = COLUMNS) -> str:
    """Return what each column means, as BIDS describes the columns of a table."""
    document = {
        name: {"Description": text, **({"Units": unit} if unit else {})} for name, (text, unit) in columns.items()
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
