"""What became of each unit, read from the ledger of an output folder and from nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..store import ledger


def status(out: Path) -> dict[str, Any]:
    """Return the latest state of every unit that a run of this folder touched.

    Raises
    ------
    InputError
        If no run ever wrote there.
    """
    folder = out / ".neurocli" / "ledger"
    if not folder.is_dir():
        raise InputError("No run has written here.", code="E-INPUT-OUT", where=str(out),
                         remedy="Give the folder of a run with -o.")  # fmt: skip
    units = ledger.summary(ledger.read(folder))
    return {
        "schema_version": 1,
        "out": str(out),
        "states": dict(sorted(Counter(unit["state"] for unit in units.values()).items())),
        "units": dict(sorted(units.items())),
    }


def log_path(out: Path, unit_id: str) -> Path:
    """Return where the log of a unit's task lies."""
    return out / ".neurocli" / "logs" / (unit_id.replace("/", "__") + ".log")
