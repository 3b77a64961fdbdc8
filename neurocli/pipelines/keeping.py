"""Which payloads may go once what reads them is there (`keep`), and which need not come back when they have gone.

Only what is made of a single recording ever goes by itself: it is large, and it can be made again. Fits, scores and
exports stay, and so do the files in OUT.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from .plan import Plan, includes
from .publish import publishes
from .units import GATHERING, Task, Unit


def readers(plan: Plan) -> list[Unit]:
    """Return the units that read what was made of single recordings: fits and exports."""
    units = (unit for phase in plan.gathering for task in phase for unit in task.units)
    return [unit for unit in units if unit.stage in ("train", "export") and unit.recipe.get("role") != "collect"]


def spent(plan: Plan, there: Collection[str], published: Callable[[Unit], Any]) -> Iterator[Unit]:
    """Yield the units of recordings whose payload nobody reads any more, whether or not it is in the store.

    Parameters
    ----------
    plan : Plan
        Of the run.
    there : collection of str
        Ids of units with payload and published files.
    published : callable
        Given a unit, returns its files in OUT, or None where they would have to be made of the payload.
    """
    read = readers(plan)
    gathered = bool(read) and all(unit.id in there for unit in read)
    for task in plan.recordings:
        yield from _spent(task.units, there, published, read_later=bool(read), gathered=gathered)


def _spent(
    units: Sequence[Unit],
    there: Collection[str],
    published: Callable[[Unit], Any],
    *,
    read_later: bool,
    gathered: bool,
) -> Iterator[Unit]:
    """Go from the last unit of a recording to its first: what follows decides whether a payload is still read."""
    is_read = not gathered  # the last one is read by what gathers, or is what was asked for
    for unit in reversed(units):
        is_shown = unit.stage == "preprocess" and publishes(unit) and read_later  # exports look at the signal too
        is_free = not is_read and (gathered or not is_shown) and published(unit) is not None
        if is_free:
            yield unit
        is_read = not is_free and unit.id not in there  # what is there, or need not come back, reads nothing


def superseded(tasks: Sequence[Task]) -> list[str]:
    """Return the keys that no other configuration would read: checkpoints within a recording's preprocessing."""
    return [unit.key for task in tasks for unit in task.units if not publishes(unit)]


def is_replaced(name: str, plan: Plan, until: str) -> bool:
    """Return whether a run has a unit of its own in the place of one that an earlier run made.

    Stages that it did not reach and recordings that it did not take stay with the earlier run: people prepare their
    subjects one by one, and look at a stage again.
    """
    stage, who = name.split("/")[:2]
    mine = stage in GATHERING or who in {task.id for task in plan.recordings}
    return includes(until, stage) and mine
