"""What became of each unit, read from the ledger of an output folder and from nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..store import ledger


def status(out: Path) -> dict[str, Any]:
    """Return the latest state of every unit that a run of this folder touched.

    A unit that began and did not end is ``running``, or ``lost`` where the process that computed it has died.

    Raises
    ------
    InputError
        If no run ever wrote there.
    """
    folder = out / ".neurocli" / "ledger"
    if not folder.is_dir():
        raise InputError("No run has written here.", code="E-INPUT-OUT", where=str(out),
                         remedy="Give the folder of a run with -o.")  # fmt: skip
    units = {name: _seen(unit) for name, unit in ledger.summary(ledger.read(folder)).items()}
    return {
        "schema_version": 1,
        "out": str(out),
        "states": dict(sorted(Counter(unit["state"] for unit in units.values()).items())),
        "units": dict(sorted(units.items())),
    }


def _seen(unit: dict[str, Any]) -> dict[str, Any]:
    return lost(unit) if unit["state"] == "running" and ledger.has_died(unit) else unit


def lost(unit: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a unit that began and whose process is gone."""
    error = {"code": "E-RUN-STOPPED", "message": "Its process ended without a word; run the same command again."}
    return {**unit, "state": "lost", "error": error}


def log_path(out: Path, unit_id: str) -> Path:
    """Return where the log of a unit's task lies."""
    return out / ".neurocli" / "logs" / (unit_id.replace("/", "__") + ".log")
