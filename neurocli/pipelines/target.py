"""What is predicted: the label or number of each sample, from the sample table and the participants' rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from ..data.entities import SHORT, Entities
from ..errors import InputError, unknown
from ..evaluation.groups import Participants, columns_of, row_of

if TYPE_CHECKING:
    import numpy as np

    from ..data.samples import Samples
    from .protocols import Ahead


def is_empty(value: Any) -> bool:
    """Whether a table's cell says nothing."""
    return value is None or value != value or value in ("", "n/a", "nan", "NaN")


class Wanted(Protocol):
    """The target of `pipelines.yaml`, as far as it is used here."""

    @property
    def source(self) -> str:
        """``entity``, ``events`` or ``participants``."""

    @property
    def column(self) -> str:
        """Name of the entity or column."""

    @property
    def positive(self) -> str | None:
        """Label of the positive class, of two."""

    @property
    def only(self) -> Sequence[str] | None:
        """Labels that take part."""

    @property
    def is_number(self) -> bool:
        """Whether a number is predicted."""

    @property
    def otherwise(self) -> str | None:
        """Label of windows that no event covers."""

    @property
    def ahead(self) -> Ahead | None:
        """Within which time the positive event is foretold."""


@dataclass(frozen=True)
class Labels:
    """The target of the samples that have one.

    Parameters
    ----------
    y : array, shape (n_kept,)
        Class index (int) or number (float).
    classes : tuple of str
        Labels in the order of the index, the positive one last; empty for a number.
    kept : array of int, shape (n_kept,)
        Which rows of the sample table these are.
    columns : dict of lists
        Columns for the table of the kept samples; of foretold events ``target/onset``, that of the next one in s.
    """

    y: np.ndarray
    classes: tuple[str, ...]
    kept: np.ndarray
    columns: Samples = field(default_factory=dict)


def resolve(target: Wanted, samples: Samples, participants: Participants | None = None) -> Labels:
    """Return the label or number of each sample.

    Parameters
    ----------
    target : Wanted
        What the pipeline predicts.
    samples : dict of lists
        The sample table of the cohort.
    participants : mapping of subject to row, or None
        ``participants.tsv``.

    Raises
    ------
    InputError
        ``E-INPUT-TARGET`` where the label of a recording is not known or is no number; ``E-INPUT-CLASSES`` where
        fewer than two classes are left, or one that was asked for does not exist.
    """
    import numpy as np

    if target.source == "participants":
        per_subject = _of_participants(target, samples.get("subject", []), participants)
        values: list[Any] = [per_subject[subject] for subject in samples.get("subject", [])]
    else:
        values = _of_entity(target, samples) if target.source == "entity" else _of_events(target, samples)
    if target.is_number:
        _check_spread(target, values)
        return Labels(np.array(values, dtype=np.float64), (), np.arange(len(values)))
    if target.ahead:
        return _foretold(target, target.ahead, samples, values)
    if target.otherwise:
        values = [target.otherwise if free else value for free, value in zip(_free(samples), values, strict=True)]
    _refuse_many(target, values)
    _check_only(target, values)
    kept = [i for i, value in enumerate(values) if not is_empty(value) and _takes_part(target, value)]
    classes = _classes(target, {str(values[i]) for i in kept})
    index = {label: i for i, label in enumerate(classes)}
    return Labels(np.array([index[str(values[i])] for i in kept], dtype=np.int64), classes, np.array(kept, dtype=int))


def check(
    target: Wanted, recordings: Sequence[Entities], participants: Participants | None = None
) -> tuple[str, ...] | None:
    """Refuse, from entities alone, a target that cannot be resolved; return its classes where they can be known.

    Raises
    ------
    InputError
        As `resolve`. The events of a recording are read later, so their labels are not checked here.
    """
    if target.source == "events":
        return None
    if target.source == "entity":
        lacking = [r for r in recordings if target.column not in r]
        if lacking:
            _not_known(target, sorted({r.get("subject", "?") for r in lacking}), list(recordings[0]))
        return _classes(target, {r[target.column] for r in recordings})
    values = _of_participants(target, [r.get("subject", "") for r in recordings], participants)
    if target.is_number:
        _check_spread(target, list(values.values()))
        return ()
    return _classes(target, set(map(str, values.values())))


def _of_entity(target: Wanted, samples: Samples) -> list[Any]:
    column = samples.get(target.column)
    if column is None or None in column:
        subjects = samples.get("subject", [])
        missing = {s for i, s in enumerate(subjects) if column is None or column[i] is None}
        _not_known(target, sorted(missing), [name for name in samples if name in SHORT])
    return column


def _of_events(target: Wanted, samples: Samples) -> list[Any]:
    column = samples.get(f"events/{target.column}")
    if column is None:
        known = [name.removeprefix("events/") for name in samples if name.startswith("events/")]
        raise InputError(
            unknown("column of the events", target.column, known),
            code="E-INPUT-TARGET",
            remedy="Name a column of events.tsv, and cut the epochs at those events.",
        )
    return column


def _free(samples: Samples) -> list[bool]:
    """Return which windows no event covers: no column of the events says anything of them."""
    columns = [column for name, column in samples.items() if name.startswith("events/")]
    return [all(value is None for value in row) for row in zip(*columns, strict=True)]


def _of_participants(target: Wanted, subjects: Sequence[str], participants: Participants | None) -> dict[str, Any]:
    """Return the value of each subject."""
    subjects = list(dict.fromkeys(subjects))
    known = columns_of(participants)
    if participants and target.column not in known:
        raise InputError(
            unknown("column of participants.tsv", target.column, known), code="E-INPUT-TARGET",
            remedy="Name a column that it has.",
        )  # fmt: skip
    values = {subject: row_of(participants, subject).get(target.column) for subject in subjects}
    missing = [subject for subject, value in values.items() if is_empty(value)]
    if missing:
        _not_known(target, missing, known)
    return {subject: _number(target, subject, v) for subject, v in values.items()} if target.is_number else values


def _foretold(target: Wanted, ahead: Ahead, samples: Samples, values: Sequence[Any]) -> Labels:
    from .foretell import CLASSES, foretell

    found = foretell(samples, [value is not None and str(value) == target.positive for value in values], ahead)
    if not found.y.any() or found.y.all():
        said = "no window lies ahead of one" if not found.y.any() else "every window lies ahead of one"
        raise InputError(
            f"The label {target.positive!r} of {target.column!r} cannot be foretold: {said}.", code="E-INPUT-CLASSES",
            remedy="Mend target.positive, or the times of target.ahead.",
        )  # fmt: skip
    return Labels(found.y, CLASSES, found.kept, {"target/onset": found.onset})


def _not_known(target: Wanted, subjects: Sequence[str], known: Sequence[str]) -> NoReturn:
    shown = ", ".join(f"sub-{subject}" for subject in subjects[:8]) + (" ..." if len(subjects) > 8 else "")
    place = "participants.tsv" if target.source == "participants" else "the file names"
    raise InputError(
        f"The target {target.column!r} is not in {place} for {shown}. Known: {', '.join(known) or 'nothing'}.",
        code="E-INPUT-TARGET",
        remedy="Complete it, or leave these subjects out with --exclude.",
    )


def _number(target: Wanted, subject: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"The target {target.column!r} of sub-{subject} is {value!r}, which is no finite number.",
            code="E-INPUT-TARGET",
            remedy="Mend the row of participants.tsv, leave the subject out, or say `as: label`.",
        )
    return number


def _check_spread(target: Wanted, values: Sequence[Any]) -> None:
    if len(set(values)) < 2:
        raise InputError(
            f"The target {target.column!r} is the same for all, so nothing can be learned: {sorted(set(values))}.",
            code="E-INPUT-CLASSES",
            remedy="Select more subjects.",
        )


def _refuse_many(target: Wanted, values: Sequence[Any]) -> None:
    many = next((value for value in values if isinstance(value, (list, tuple, set, Mapping))), None)
    if many is not None:
        raise InputError(
            f"The target {target.column!r} gives a sample several labels, {many!r}; one label a sample is possible.",
            code="E-INPUT-TARGET",
            remedy="Choose a column with one label.",
        )


def _takes_part(target: Wanted, value: Any) -> bool:
    return target.only is None or str(value) in target.only or str(value) == target.otherwise


def _check_only(target: Wanted, values: Sequence[Any]) -> None:
    found = {str(value) for value in values if not is_empty(value)}
    for label in target.only or ():
        if label not in found:
            raise InputError(
                unknown(f"label of {target.column!r}", label, found),
                code="E-INPUT-CLASSES",
                remedy="Every label under `only` must occur.",
            )


def _classes(target: Wanted, found: set[str]) -> tuple[str, ...]:
    """Return the labels in alphabetical order, the positive one last."""
    if len(found) < 2:
        raise InputError(
            f"The target {target.column!r} has fewer than two classes: {', '.join(sorted(found)) or 'none'}.",
            code="E-INPUT-CLASSES",
            remedy="Select recordings of at least two classes.",
        )
    positive = target.positive
    if positive is None:
        return tuple(sorted(found))
    if positive not in found:
        raise InputError(
            unknown("positive label", positive, found), code="E-INPUT-CLASSES", remedy="Mend target.positive."
        )
    if len(found) > 2:
        raise InputError(
            f"A positive label goes with two classes; {target.column!r} has {len(found)}: {', '.join(sorted(found))}.",
            code="E-INPUT-CLASSES",
            remedy="Choose two with `only` (events) or under input, or leave `positive` out.",
        )
    return (*sorted(found - {positive}), positive)
