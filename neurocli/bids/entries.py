"""File names of an index, parsed once: what recordings and sidecars are found by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..data.entities import Entities, parse_name
from .index import Index, joined


@dataclass(frozen=True)
class Entry:
    """One file: its dataset-relative path, and what its name says."""

    path: str
    entities: Entities
    suffix: str
    extension: str


Groups = dict[tuple[str, ...], dict[tuple[str | None, ...], list[Entry]]]


class Entries:
    """The parsed names of an index, folder by folder, on demand."""

    def __init__(self, index: Index):
        self.index = index
        self._names: dict[str, dict[str, list[str]]] = {}
        self._parsed: dict[tuple[str, str], list[Entry]] = {}
        self._by_values: dict[tuple[str, str], Groups] = {}
        self._sets: dict[str, frozenset[str]] = {}
        self._chains: dict[tuple[str, str], list[Groups]] = {}

    @cached_property
    def masks(self) -> Entries | None:
        """The files of ``derivatives/masks``, if there are any."""
        return Entries(self.index.derivative("masks")) if "masks" in self.index.derivatives() else None

    def holds(self, folder: str, name: str) -> bool:
        """Whether a folder has a file of that name."""
        names = self._sets.get(folder)
        if names is None:
            known = self.index.folders.get(folder)
            names = self._sets[folder] = frozenset(known.files if known else ())
        return name in names

    def called(self, folder: str, suffix: str) -> list[Entry]:
        """Return the files of one folder that have a suffix; none where there is no such folder."""
        found = self._parsed.get((folder, suffix))
        if found is None:
            names = self._suffixes(folder).get(suffix, ())
            found = self._parsed[folder, suffix] = [Entry(joined(folder, name), *parse_name(name)) for name in names]
        return found

    def _suffixes(self, folder: str) -> dict[str, list[str]]:
        """Return the names in a folder by suffix, so that only those asked for are parsed."""
        table = self._names.get(folder)
        if table is None:
            table = self._names[folder] = {}
            for name in self.index.folders[folder].files if folder in self.index.folders else ():
                table.setdefault(name.partition(".")[0].rpartition("_")[2], []).append(name)
        return table

    def anywhere(self, ending: str) -> bool:
        """Whether any folder has a file of a suffix and extension: most datasets have none of most kinds."""
        return ending in self._endings

    @cached_property
    def _endings(self) -> frozenset[str]:
        names = (name.partition(".") for folder in self.index.folders.values() for name in folder.files)
        return frozenset([base.rpartition("_")[2] + dot + extension for base, dot, extension in names])

    def applying(self, folder: str, suffix: str, entities: Mapping[str, str]) -> Iterator[list[Entry]]:
        """Yield, a folder and each one above it that has any, the files with a suffix that fit `entities`."""
        for groups in self._chain(folder, suffix):
            found: list[Entry] = []
            for names, rows in groups.items():
                found += rows.get(tuple(map(entities.get, names)), ())
            yield found

    def _chain(self, folder: str, suffix: str) -> list[Groups]:
        """Return the groups of a folder and of each one above it, as far as they have any."""
        chain = self._chains.get((folder, suffix))
        if chain is None:
            levels = (self._groups(level, suffix) for level in self._levels(folder))
            chain = self._chains[folder, suffix] = [groups for groups in levels if groups]
        return chain

    def above(self, folder: str, suffix: str) -> Iterator[list[Entry]]:
        """Yield the files with a suffix of a folder, then those of each folder above it, up to the dataset's own."""
        return (self.called(level, suffix) for level in self._levels(folder))

    def _levels(self, folder: str) -> Iterator[str]:
        """Yield a folder and each one above it that holds any file: most of a dataset's levels hold only folders."""
        if folder in self._filled:
            yield folder
        while folder and folder != self.index.base:
            folder = folder.rpartition("/")[0]
            if folder in self._filled:
                yield folder

    @cached_property
    def _filled(self) -> set[str]:
        return {name for name, folder in self.index.folders.items() if folder.files}

    def _groups(self, folder: str, suffix: str) -> Groups:
        """Return files by which entities they have, then by their values: a folder of many runs is no long search."""
        groups = self._by_values.get((folder, suffix))
        if groups is None:
            groups = self._by_values[folder, suffix] = {}
            for entry in self.called(folder, suffix):
                rows = groups.setdefault(tuple(entry.entities), {})
                rows.setdefault(tuple(entry.entities.values()), []).append(entry)
        return groups

    def datatypes(self, datatype: str | None = None) -> Iterator[tuple[str, str]]:
        """Yield (folder, datatype) of the subjects' data folders, of one datatype or of all."""
        depth = len(self.index.base.split("/")) if self.index.base else 0
        for folder in self.index.folders:
            parts = folder.split("/")[depth:] if folder else []
            if len(parts) in (2, 3) and not parts[-1].startswith(("sub-", "ses-")) and datatype in (None, parts[-1]):
                yield folder, parts[-1]
