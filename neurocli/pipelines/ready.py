"""What of a plan need not be done: payload and published files are whole, or nobody reads the payload any more."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from ..store import Store
from ..store.whole import opened
from .keeping import spent
from .plan import Plan
from .publish import published
from .request import Request
from .units import Task, Unit, all_units

Files = dict[str, list[str]]  # id of a unit -> what of it is published


def ready(request: Request, store: Store, tasks: Iterable[Task], *, verify: bool = False) -> Files:
    """Return the units with a whole payload and its files in OUT; stages that are forced have none.

    Parameters
    ----------
    verify : bool
        Read the payloads and set aside those that are damaged; else sizes are enough.
    """
    units = [unit for unit in all_units(tasks) if unit.stage not in request.force]
    whole = store.among(unit.key for unit in units)
    if verify:
        whole = {key for key in whole if not store.repair(key)}
    with opened(os.fspath(request.out)) as at:
        files = {unit.id: published(request.out, unit, at) for unit in units if unit.key in whole}
    return {name: found for name, found in files.items() if found is not None}


def unread(request: Request, plan: Plan, there: Collection[str]) -> Files:
    """Return the units of recordings that are not `there`, but whose payload nobody reads any more."""
    with opened(os.fspath(request.out)) as at:
        free = spent(plan, there, lambda unit: files_of(request, unit, at))
        return {unit.id: files_of(request, unit, at) or [] for unit in free if unit.id not in there}


def files_of(request: Request, unit: Unit, at: int | None = None) -> list[str] | None:
    """Return the files of a unit in OUT; None where one is missing, or where its stage is to be done again."""
    return None if unit.stage in request.force else published(request.out, unit, at)
