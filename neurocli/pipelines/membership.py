"""Which recordings came to a cohort, and which left it, since a gathering unit last ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..store import ledger
from .units import SINGLE, Unit

IN, OUT = "taken in", "left out"
TOLD = ("cohort", "asked", "scored")  # of a recipe: what this module puts into words


class Move(NamedTuple):
    """A recording that came or left."""

    recording: str
    before: str
    after: str


def moves(before: Mapping[str, Any], after: Unit, names: Mapping[str, str], out: Path) -> Iterator[Move]:
    """Yield the recordings that came or left, those that failed with their error.

    Parameters
    ----------
    before : dict
        The unit as a manifest holds it.
    after : Unit
        The same unit as it is planned now.
    names : dict
        Key -> unit, of all that was and is planned.
    out : Path
        The output folder, whose ledger knows who failed.
    """
    old = _taken(before["recipe"], before["upstream"], names)
    new = _taken(after.recipe, after.upstream, names)
    if old is None or new is None or old == new:
        return
    yield from (Move(name, IN, OUT) for name in sorted(old - new))
    failed = _of_recordings(failures(out)) if new - old else {}
    yield from (Move(name, f"{OUT}, as it failed: {failed[name]}" if name in failed else OUT, IN)
                for name in sorted(new - old))  # fmt: skip


def _taken(recipe: Mapping[str, Any], upstream: Sequence[str], names: Mapping[str, str]) -> set[str] | None:
    """Return the recordings that a gathering unit takes; None where what it read is known by its key alone."""
    if "scored" in recipe:
        return set(recipe["scored"])
    units = [names.get(key) for key in upstream]
    if None in units:
        return None
    split = (str(unit).partition("/") for unit in units)
    return {recording for stage, _, recording in split if stage in SINGLE}


def failures(out: Path) -> dict[str, str]:
    """Return the code of the error of each unit that failed when it last ran."""
    units = ledger.summary(ledger.read(out / ".neurocli" / "ledger"))
    failed = {name: unit.get("error", {}) for name, unit in units.items() if unit["state"] == "failed"}
    return {name: str(error.get("code", "no error was written")) for name, error in failed.items()}


def _of_recordings(codes: Mapping[str, str]) -> dict[str, str]:
    split = ((*name.partition("/"), code) for name, code in codes.items())
    return {recording: code for stage, _, recording, code in split if stage in SINGLE}
