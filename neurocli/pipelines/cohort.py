"""The only place where recordings meet: their samples in one table, their values read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from ..data.entities import stem
from ..data.features import Features
from ..data.recording import Epochs
from ..data.samples import Samples, joined, n_samples, take
from ..errors import ConfigError, InputError
from ..evaluation.groups import Participants, row_of

if TYPE_CHECKING:
    from ..data.payload import Payload

Part = Features | Epochs


@dataclass(frozen=True)
class Cohort:
    """Samples of several recordings.

    Parameters
    ----------
    parts : tuple of Features or Epochs
        One a recording; their arrays may be memory-mapped.
    samples : dict of lists
        The sample tables, one below the other.
    columns : tuple of str
        Names of the columns of the matrix; for epochs the channels; empty where a block has none.
    kind : str
        ``columns`` (a matrix), ``block`` (an array a sample) or ``epochs``.
    """

    parts: tuple[Part, ...]
    samples: Samples
    columns: tuple[str, ...]
    kind: str

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return n_samples(self.samples)

    def X(self, index: np.ndarray | None = None) -> np.ndarray:
        """Return the values of the samples at `index` (all of them by default), and read no others.

        Parameters
        ----------
        index : array of int, or None
            Rows of the sample table.

        Returns
        -------
        X : array, shape (n_samples, n_features), (n_samples, n, n) or (n_samples, n_channels, n_times)
            In the order of `index`.
        """
        index = np.arange(self.n_samples) if index is None else np.asarray(index)
        ends = np.cumsum([_size(part) for part in self.parts])
        part_of = np.searchsorted(ends, index, side="right")
        found: np.ndarray | None = None
        for i in np.unique(part_of).tolist():
            rows = np.flatnonzero(part_of == i)
            values = _values(self.parts[i], index[rows] - (ends[i] - _size(self.parts[i])), self)
            if found is None:
                found = np.empty((len(index), *values.shape[1:]), values.dtype)
            found[rows] = values
        return _values(self.parts[0], index, self) if found is None else found

    def keep(self, index: np.ndarray) -> Subset:
        """Return the view of some of the samples."""
        return Subset(self, np.asarray(index), take(self.samples, index))


@dataclass(frozen=True)
class Subset:
    """Those samples of a cohort that take part."""

    cohort: Cohort
    index: np.ndarray
    samples: Samples

    def X(self, index: np.ndarray) -> np.ndarray:
        """Return the values of the samples at `index`, counted within the subset."""
        return self.cohort.X(self.index[np.asarray(index)])

    def part(self, index: np.ndarray) -> Subset:
        """Return those of the samples at `index`."""
        return Subset(self.cohort, self.index[index], take(self.samples, index))


def participant_columns(samples: Samples, participants: Participants) -> Samples:
    """Return the columns of participants.tsv for each sample, as ``participants/age``.

    Parameters
    ----------
    samples : dict of lists
        The sample table.
    participants : mapping of subject to row
        ``participants.tsv``.
    """
    subjects = samples.get("subject", [])
    rows = {subject: row_of(participants, subject) for subject in dict.fromkeys(subjects)}
    names = dict.fromkeys(column for row in rows.values() for column in row if column != "participant_id")
    return {f"participants/{name}": [rows[subject].get(name) for subject in subjects] for name in names}


def gather(parts: Sequence[Payload]) -> Cohort:
    """Return the cohort of some recordings.

    Raises
    ------
    InputError
        ``E-INPUT-COHORT`` where a recording has other columns, channels or shapes than the first, naming both.
    ConfigError
        ``E-CONFIG-COHORT`` where what was computed is nothing to learn from.
    """
    if not parts:
        raise InputError("There is no recording to learn from.", code="E-INPUT-COHORT", remedy="Select some.")
    known = [part if isinstance(part, Part) else _refuse(part) for part in parts]
    kind = _kind(known[0])
    columns = _columns(known[0])
    for part in known[1:]:
        _check_alike(known[0], part, kind, columns)
    tables = [{**part.samples, **_entities(part)} for part in known]
    return Cohort(tuple(known), joined(tables), columns, kind)


def _entities(part: Part) -> Samples:
    """Return the entities as columns, for tables that do not carry them."""
    lacking = {name: value for name, value in part.entities.items() if name not in part.samples}
    return {name: [value] * _size(part) for name, value in lacking.items()}


def _refuse(part: object) -> NoReturn:
    raise ConfigError(
        f"A model learns from samples, and the last stage before it gives a {type(part).__name__}.",
        code="E-CONFIG-COHORT",
        remedy="End preprocess with 'epoch', or name features under featurize.",
    )


def _size(part: Part) -> int:
    return len(part.data) if isinstance(part, Epochs) else part.n_samples


def _kind(part: Part) -> str:
    if isinstance(part, Epochs):
        return "epochs"
    if len(part.blocks) == 1 and part.blocks[0].values.ndim > 2:
        return "block"
    bare = [block.name for block in part.blocks if block.values.ndim > 2 and not block.columns]
    if bare or not part.blocks:
        raise ConfigError(
            f"Features of a model are columns, or one array a sample alone; {', '.join(bare) or 'nothing'} is neither.",
            code="E-CONFIG-COHORT",
            remedy="Put it into a pipeline of its own.",
        )
    return "columns"


def _columns(part: Part) -> tuple[str, ...]:
    if isinstance(part, Epochs):
        return part.ch_names
    return tuple(column for block in part.blocks for column in block.columns)


def _shape(part: Part, kind: str) -> tuple[int, ...]:
    """Return what one sample must look like, the axis that columns name left out."""
    if isinstance(part, Epochs):
        return (part.data.shape[-1],)
    return part.blocks[0].values.shape[1:] if kind == "block" else ()


def _check_alike(first: Part, part: Part, kind: str, columns: tuple[str, ...]) -> None:
    if type(part) is not type(first) or _kind(part) != kind:
        _unlike(first, part, f"is {_kind(part)}, not {kind}")
    own = _columns(part)
    wanted, has = set(columns), set(own)
    if wanted != has:
        lacks, extra = [c for c in columns if c not in has], [c for c in own if c not in wanted]
        told = [f"{word} {_some(names)}" for word, names in (("lacks", lacks), ("has besides", extra)) if names]
        _unlike(first, part, " and ".join(told))
    if _shape(part, kind) != _shape(first, kind):
        _unlike(first, part, f"has samples of shape {_shape(part, kind)}, not {_shape(first, kind)}")
    if kind == "block" and own != columns:
        _unlike(first, part, "has its columns in another order")
    if isinstance(part, Epochs) and part.sfreq != first.sfreq:
        _unlike(first, part, f"is sampled at {part.sfreq:g} Hz, not {first.sfreq or 0:g} Hz")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _unlike(first: Part, part: Part, difference: str) -> NoReturn:
    raise InputError(
        f"{stem(part.entities)} {difference}, unlike {stem(first.entities)}.",
        code="E-INPUT-COHORT",
        where=stem(part.entities),
        remedy="Pick channels and a rate that all recordings have, or leave the recording out with --exclude.",
    )


def _values(part: Part, rows: np.ndarray, cohort: Cohort) -> np.ndarray:
    """Return rows of one recording, with its columns in the order of the cohort."""
    if isinstance(part, Epochs):
        return _ordered(np.asarray(part.data[rows]), part.ch_names, cohort.columns)
    if cohort.kind == "block":
        return np.asarray(part.blocks[0].values[rows])
    flat = [np.asarray(block.values[rows]).reshape(len(rows), len(block.columns)) for block in part.blocks]
    matrix = flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)
    return _ordered(matrix, _columns(part), cohort.columns)


def _ordered(values: np.ndarray, own: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    if tuple(own) == tuple(wanted):
        return values
    place = {name: i for i, name in enumerate(own)}
    return values[:, [place[name] for name in wanted]]
