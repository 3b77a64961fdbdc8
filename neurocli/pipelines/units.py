"""Units and tasks: what is planned, keyed, run and cached, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .keys import Recipe, key_of

PENDING = "not hashed yet"  # the digest of a file that nobody has read
PENDING_KEY = "pending"
SINGLE = ("preprocess", "featurize")  # stages of one recording
GATHERING = ("train", "evaluate", "export")  # stages of the cohort
STAGES = (*SINGLE, *GATHERING)


@dataclass(frozen=True)
class Unit:
    """One piece of work.

    Parameters
    ----------
    id : str
        ``stage/recording`` or ``stage/fold/role``; what a person types.
    stage : str
        One of the five verbs.
    recipe : dict
        What the key is made of.
    upstream : tuple of str
        Keys of the payloads it reads, in order.
    spec : dict
        What running it needs and the key must not know: paths.
    """

    id: str
    stage: str
    key: str
    recipe: Recipe
    upstream: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Unit:
        """Return the unit that `asdict` made the document of."""
        return cls(**{**document, "upstream": tuple(document["upstream"])})


def make_unit(id: str, recipe: Recipe, upstream: Sequence[str] = (), **spec: Any) -> Unit:  # noqa: A002 - the field's name
    """Return a unit with its key; one that stands on a file which was never hashed has none yet."""
    pending = PENDING_KEY in upstream or PENDING in recipe.get("input", {}).get("files", {}).values()
    return Unit(id, recipe["stage"], PENDING_KEY if pending else key_of(recipe), recipe, tuple(upstream), spec)


@dataclass(frozen=True)
class Task:
    """Units that one process runs in a row, handing data over in memory: one recording's, or one gathering unit."""

    id: str
    units: tuple[Unit, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the task as JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Task:
        """Return the task that `to_dict` made the document of."""
        return cls(document["id"], tuple(Unit.from_dict(unit) for unit in document["units"]))


def single(unit: Unit) -> Task:
    """Return the task of one unit."""
    return Task(unit.id, (unit,))


def all_units(tasks: Iterable[Task]) -> Iterator[Unit]:
    """Yield the units of the tasks, in order."""
    for task in tasks:
        yield from task.units
