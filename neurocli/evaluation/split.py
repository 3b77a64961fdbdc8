"""The split: who may be on both sides of a fold, chosen from entities alone, before any data is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Self

from pydantic import Field, model_validator

from ..data.entities import Entities
from ..errors import InputError
from ..si import Seconds
from ..step import Settings
from .fold import Fold, masks
from .groups import Group, Participants, check_known, group_name, group_of, keys_of, require, value_of

__all__ = ["Fixed", "Fold", "Split", "folds", "masks"]

Filter = dict[str, str | list[str]]


class Fixed(Settings):
    """Lists of who is tested and, where not all others are, of who is trained on."""

    test: Filter
    train: Filter | None = None


class Split(Settings):
    """Which recordings a fold tests and which it trains on.

    One of: ``leave_out: subject`` (or session, run, recording, task, site, any entity or column of participants.tsv);
    ``k_fold: 5, by: subject``; ``within: recording, k_fold: 5`` (contiguous parts in time); ``fixed: {test: ...}``.
    """

    leave_out: str | None = Field(None, description="Hold out one group of this kind a fold.")
    k_fold: int | None = Field(None, ge=2, description="Number of folds.")
    by: str | None = Field(None, description="With k_fold: groups of this kind stay whole.")
    within: str | None = Field(None, description="Train and test inside one group of this kind.")
    fixed: Fixed | None = Field(None, description="Fixed lists, as of an official split.")
    gap: Seconds | None = Field(None, ge=0, description="Unused time around a tested part; default one sample.")
    forward: bool = Field(False, description="Train only on what came before.")
    few_shot: int = Field(0, ge=0, description="First samples a class of the held-out group that are trained on.")
    repeats: int = Field(1, ge=1, description="With k_fold and by: deal the groups this many times.")
    stratify: str | None = Field(None, description="With k_fold and by: spread this entity or column evenly.")
    name = "split"
    positional = "leave_out"

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, value: Any) -> Any:
        return {"leave_out": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("leave_out", "k_fold", "fixed") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(f"give one of leave_out, k_fold or fixed, got {' and '.join(ways) or 'none'}.")
        if self.k_fold and not (self.by or self.within):
            raise ValueError("k_fold needs `by: subject` (groups stay whole) or `within: recording` (parts in time).")
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) != type(self).model_fields[name].default and not allowed(self):
                raise ValueError(f"{name!r} does not go with this split.")
        return self

    @property
    def generalises_to(self) -> str:
        """To whom a score under this split speaks."""
        return _generalises_to(self)

    @property
    def unit(self) -> str:
        """The kind of group that is held out whole, or ``block`` for a part of a recording."""
        return self.leave_out or self.by or ("fixed" if self.fixed else "block")

    def folds(
        self, recordings: Sequence[Entities], participants: Participants | None = None, seed: int = 0
    ) -> list[Fold]:
        """Return the folds, as `folds` does."""
        return folds(self, recordings, participants, seed)


_ALLOWED: dict[str, Any] = {
    "by": lambda s: s.k_fold,
    "within": lambda s: not s.fixed,
    "gap": lambda s: s.k_fold and not s.by,
    "forward": lambda s: s.within and not s.by,
    "few_shot": lambda s: s.leave_out or s.by,
    "repeats": lambda s: s.by,
    "stratify": lambda s: s.by,
}


def folds(
    split: Split, recordings: Sequence[Entities], participants: Participants | None = None, seed: int = 0
) -> list[Fold]:
    """Return the folds of a split, from entities alone.

    Parameters
    ----------
    split : Split
        The settings.
    recordings : sequence of dict
        Entities of each recording.
    participants : mapping of subject to row, or None
        For groups that are a column of participants.tsv.
    seed : int
        Deals the groups of a grouped k-fold.

    Returns
    -------
    folds : list of Fold
        In a fixed order, with distinct names.

    Raises
    ------
    ConfigError
        If a group is neither an entity nor a column (``E-CONFIG-SPLIT``).
    InputError
        If there are fewer than two groups, or fewer than folds (``E-INPUT-FOLDS``).
    """
    for name in {split.leave_out, split.by, split.within, split.stratify} - {None}:
        check_known(str(name), recordings, participants, "train.split")
    if split.fixed:
        return [_fixed(split.fixed, recordings, participants)]
    found: list[Fold] = []
    for within, members in _territories(split, recordings):
        if split.leave_out:
            found += _left_out(split, members, participants, within)
        elif split.by:
            found += _dealt(split, members, participants, seed, within)
        else:
            found += _parts(split, members, within)
    return found


Within = tuple[tuple[str, str | None], ...]


def _territories(split: Split, recordings: Sequence[Entities]) -> list[tuple[Within, list[Entities]]]:
    """Return the groups that training may not leave, each with its recordings; all in one without `within`."""
    if not split.within:
        return [((), list(recordings))]
    keys = [key for key in keys_of(split.within) if any(key in r for r in recordings)]
    territories: dict[Within, list[Entities]] = {}
    for recording in recordings:
        territories.setdefault(tuple(zip(keys, group_of(recording, keys), strict=True)), []).append(recording)
    return sorted(territories.items(), key=lambda item: _natural([value for _, value in item[0]]))


def _grouping(
    name: str, recordings: Sequence[Entities], participants: Participants | None
) -> tuple[tuple[str, ...], dict[str, list[Group]]]:
    """Return the entities that name a group and, under the name of each fold unit, its groups."""
    require(name, recordings, participants)
    column = name != "recording" and not any(name in r for r in recordings)
    keys = ("subject",) if column else tuple(k for k in keys_of(name) if any(k in r for r in recordings))
    units: dict[str, dict[Group, None]] = {}
    for recording in recordings:
        group = group_of(recording, keys)
        unit = f"{name}-{value_of(name, recording, participants)}" if column else group_name(keys, group)
        units.setdefault(unit, {})[group] = None
    return keys, {unit: list(units[unit]) for unit in sorted(units, key=lambda unit: _natural([unit]))}


def _enough(units: Sequence[str], needed: int, name: str, within: Within) -> None:
    if len(units) >= needed:
        return
    where = f" within {group_name(*map(tuple, zip(*within, strict=True)))}" if within else ""
    raise InputError(
        f"The split needs at least {needed} groups by {name!r}{where}, and there are {len(units)}: {', '.join(units)}.",
        code="E-INPUT-FOLDS",
        remedy="Select more recordings, ask for fewer folds, or split by a smaller group such as run.",
    )


def _prefix(within: Within, unit: str) -> str:
    """Return the fold's name, with where it trains unless the unit's name says so already."""
    place = group_name([key for key, _ in within], tuple(value for _, value in within)) if within else ""
    return unit if not place or unit.startswith(place) else f"{place}_{unit}"


def _left_out(
    split: Split, recordings: Sequence[Entities], participants: Participants | None, within: Within
) -> list[Fold]:
    keys, units = _grouping(str(split.leave_out), recordings, participants)
    _enough(list(units), 2, str(split.leave_out), within)
    if split.forward:
        return _forward(keys, units, within)
    return [
        Fold(_prefix(within, unit), keys, tuple(groups), within=within, few_shot=split.few_shot)
        for unit, groups in units.items()
    ]


def _forward(keys: tuple[str, ...], units: dict[str, list[Group]], within: Within) -> list[Fold]:
    earlier: list[Group] = []
    found = []
    for before, unit in pairwise(units):
        earlier += units[before]
        name = _prefix(within, unit)
        found.append(Fold(name, keys, tuple(units[unit]), train=tuple(earlier), within=within, forward=True))
    return found


def _dealt(
    split: Split, recordings: Sequence[Entities], participants: Participants | None, seed: int, within: Within
) -> list[Fold]:
    """Deal whole groups to folds, in an order that the seed and the group's own name decide."""
    keys, units = _grouping(str(split.by), recordings, participants)
    k_fold = split.k_fold or 2
    _enough(list(units), k_fold, str(split.by), within)
    stratum = _strata(split, recordings, participants, keys)
    found = []
    for repeat in range(split.repeats):
        order = sorted(units, key=lambda unit: (stratum(units[unit]), _shuffled(f"{seed}/{repeat}/{unit}")))
        for i in range(k_fold):
            held_out = tuple(group for unit in sorted(order[i::k_fold]) for group in units[unit])
            name = f"repeat-{repeat + 1}_fold-{i + 1}" if split.repeats > 1 else f"fold-{i + 1}"
            found.append(Fold(_prefix(within, name), keys, held_out, within=within, few_shot=split.few_shot))
    return found


def _strata(
    split: Split, recordings: Sequence[Entities], participants: Participants | None, keys: tuple[str, ...]
) -> Any:
    if not split.stratify:
        return lambda _: ""
    require(split.stratify, recordings, participants)
    first = {group_of(r, keys): str(value_of(split.stratify, r, participants)) for r in reversed(recordings)}
    return lambda groups: first[groups[0]]


def _shuffled(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()  # a hash, so that one more subject moves few others


def _parts(split: Split, recordings: Sequence[Entities], within: Within) -> list[Fold]:
    keys = tuple(key for key, _ in within)
    group = tuple(value for _, value in within)
    n_blocks = split.k_fold or 2
    first = 1 if split.forward else 0  # nothing comes before the first part
    return [
        Fold(
            _prefix(within, f"block-{block + 1}"), keys, (group,), within=within,
            block=block, n_blocks=n_blocks, gap=split.gap, forward=split.forward,
        )
        for block in range(first, n_blocks)
        if recordings
    ]  # fmt: skip


def _fixed(fixed: Fixed, recordings: Sequence[Entities], participants: Participants | None) -> Fold:
    names = [*fixed.test, *(fixed.train or {})]
    for name in names:
        check_known(name, recordings, participants, "train.split.fixed")
    keys = tuple(dict.fromkeys(name if any(name in r for r in recordings) else "subject" for name in names))
    test = _matching(fixed.test, recordings, participants, keys)
    train = None if fixed.train is None else _matching(fixed.train, recordings, participants, keys)
    rest = {group_of(r, keys) for r in recordings} - set(test) if train is None else set(train)
    for side, groups in (("test", test), ("train", rest)):
        if not groups:
            raise InputError(
                f"The fixed split leaves nobody to {side}.", code="E-INPUT-FOLDS",
                remedy=f"Compare the lists with the selected recordings: {_present(names, recordings, participants)}.",
            )  # fmt: skip
    _refuse_both(keys, test, train)
    return Fold("test", keys, test, train=train, missing=_missing(fixed, recordings, participants))


def _refuse_both(keys: tuple[str, ...], test: Sequence[Group], train: Sequence[Group] | None) -> None:
    both = [group_name(keys, group) for group in test if group in set(train or ())]
    if both:
        raise InputError(
            f"The fixed split both trains on and tests {', '.join(both)}.",
            code="E-INPUT-FOLDS",
            remedy="Take them out of one of the lists.",
        )


def _wanted(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _matching(
    chosen: Filter, recordings: Sequence[Entities], participants: Participants | None, keys: tuple[str, ...]
) -> tuple[Group, ...]:
    found = [
        group_of(r, keys)
        for r in recordings
        if all(value_of(name, r, participants) in _wanted(value) for name, value in chosen.items())
    ]
    return tuple(dict.fromkeys(found))


def _missing(fixed: Fixed, recordings: Sequence[Entities], participants: Participants | None) -> tuple[str, ...]:
    asked = [
        (name, v) for part in (fixed.test, fixed.train or {}) for name, value in part.items() for v in _wanted(value)
    ]
    return tuple(f"{n}-{v}" for n, v in asked if not any(value_of(n, r, participants) == v for r in recordings))


def _present(names: Sequence[str], recordings: Sequence[Entities], participants: Participants | None) -> str:
    values = {name: {str(value_of(name, r, participants)) for r in recordings} for name in dict.fromkeys(names)}
    return "; ".join(
        f"{name} {', '.join(sorted(found, key=lambda v: _natural([v])))}" for name, found in values.items()
    )


def _natural(parts: Sequence[str | None]) -> list[tuple[Any, ...]]:
    """Return a key that sorts run 2 before run 10."""
    return [
        tuple((0, int(bit), "") if bit.isdigit() else (1, 0, bit) for bit in re.findall(r"\d+|\D+", part or ""))
        for part in parts
    ]


_SHARED = {
    "subject": "new subjects", "session": "new sessions of the same subjects", "run": "new runs of the same subjects",
    "recording": "new recordings of the same subjects", "task": "another task of the same subjects",
    "block": "other times of the same recordings", "fixed": "those on the fixed test list",
    "site": "new sites",
}  # fmt: skip


def _generalises_to(split: Split) -> str:
    speaks = _SHARED.get(split.unit, f"a new {split.unit}")
    if split.forward:
        speaks = speaks.replace("new", "later").replace("other", "later")
    if split.few_shot:
        speaks += f", after {split.few_shot} samples a class of their own"
    return speaks
