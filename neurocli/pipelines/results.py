"""Gather what exporters may use, each payload read only when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any, TypeVar, overload

from ..data.results import Results
from .stages import Inputs
from .units import Unit

T = TypeVar("T")
LIBRARIES = ("neurocli", "numpy", "scipy", "mne", "scikit-learn", "pyriemann", "torch", "numba", "nibabel")


class Lazy(Sequence[T]):
    """A sequence whose items are read when indexed."""

    def __init__(self, keys: Sequence[str], load: Callable[[str], Any]):
        self._keys, self._load = tuple(keys), load

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return Lazy(self._keys[index], self._load)
        item: T = self._load(self._keys[index])
        return item


def results_of(unit: Unit, inputs: Inputs) -> Results:
    """Return what an export unit's exporter is given."""
    scores, rest = (unit.upstream[:1], unit.upstream[1:]) if unit.spec["scored"] else ((), unit.upstream)
    n_fits = unit.spec["n_fits"]
    n_recordings = (len(rest) - n_fits) // 2
    described = unit.recipe["pipeline"]
    return Results(
        name=described["name"],
        title=described["title"],
        citation=described["citation"],
        scores=inputs.store.read_json(scores[0]) if scores else {"scores": []},
        fitted=Lazy(rest[:n_fits], inputs.payload),
        recordings=Lazy(rest[n_fits : n_fits + n_recordings], inputs.payload),
        signals=Lazy(rest[n_fits + n_recordings :], inputs.payload),
        recipe=described,
        quality={member["id"]: _notes(inputs, member["signal"]) for member in inputs.context.cohort},
        missing=dict(inputs.context.missing),
        library_versions=_versions(),
    )


def _notes(inputs: Inputs, key: str) -> list[dict[str, Any]]:
    return list(inputs.store.read(key)[1].get("notes", ()))


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # run from a source tree, or an absent library
            continue
    return found
