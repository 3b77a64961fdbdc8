"""`neurocli score-events REFERENCE DETECTED`: every scorer of somebody's detections, side by side."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _options as o

Reference = Annotated[Path, typer.Argument(help="Folder of HED-SCORE tables of what was there.")]
Detected = Annotated[Path, typer.Argument(help="Folder of the same tables of what was detected.")]
RATES = (("sensitivity", "sensitivity"), ("precision", "precision"), ("f1", "F1"), ("fp_per_day", "FP/day"))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score-events")(score_events)


def score_events(reference: Reference, detected: Detected, json: o.Json = False) -> None:
    """Print all scorers of detected seizures: SzCORE, NEDC, pooled and as means over subjects; no dataset is needed."""
    from ..evaluation.seizures.files import scored_folders
    from ._show import counted

    document = scored_folders(reference, detected)
    if json:
        print(json_.dumps({"schema_version": 1, **document}))
        return
    print(f"{counted(document['n_recordings'], 'recording')} of {counted(document['n_subjects'], 'subject')}")
    print(f"{'':14}" + "".join(f"{title:>13}" for _, title in RATES) + f"{'F1 (subjects)':>16}")
    for row in document["scorers"]:
        print(_line(row))
    if "refused" in document:
        print(f"latency and rates over time: not given ({document['refused']}). {document['why']}")
    else:
        print(_latency(document["latency"]))


def _line(row: dict[str, Any]) -> str:
    from ._show import number

    pooled = "".join(f"{number(row['pooled'][name]):>13}" for name, _ in RATES)
    return f"{row['scorer']:14}{pooled}{number(row['per_subject']['f1']):>16}"


def _latency(found: dict[str, Any]) -> str:
    from ._show import number

    return f"median latency of {found['n_found']} of {found['n_events']} events: {number(found['median_s'])} s"
