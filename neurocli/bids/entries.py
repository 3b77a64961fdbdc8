"""File names of an index, parsed once: what recordings and sidecars are found by."""

from __future__ import annotations

from collections.abc import Iterator
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


class Entries:
    """The parsed names of an index, folder by folder, on demand."""

    def __init__(self, index: Index):
        self.index = index
        self._parsed: dict[str, tuple[Entry, ...]] = {}
        self._by_suffix: dict[str, dict[str, list[Entry]]] = {}

    def of(self, folder: str) -> tuple[Entry, ...]:
        """Return the files of one folder; none where there is no such folder."""
        if folder not in self._parsed:
            names = self.index.folders[folder].files if folder in self.index.folders else ()
            self._parsed[folder] = tuple(Entry(joined(folder, name), *parse_name(name)) for name in names)
        return self._parsed[folder]

    @cached_property
    def masks(self) -> Entries | None:
        """The files of ``derivatives/masks``, if there are any."""
        return Entries(self.index.derivative("masks")) if "masks" in self.index.derivatives() else None

    def called(self, folder: str, suffix: str) -> list[Entry]:
        """Return the files of one folder that have a suffix."""
        if folder not in self._by_suffix:
            table = self._by_suffix[folder] = {}
            for entry in self.of(folder):
                table.setdefault(entry.suffix, []).append(entry)
        return self._by_suffix[folder].get(suffix, [])

    def above(self, folder: str, suffix: str) -> Iterator[list[Entry]]:
        """Yield the files with a suffix of a folder, then those of each folder above it, up to the dataset's own."""
        while True:
            yield self.called(folder, suffix)
            if folder == self.index.base or not folder:
                return
            folder = folder.rpartition("/")[0]

    def datatypes(self, datatype: str | None = None) -> Iterator[tuple[str, str]]:
        """Yield (folder, datatype) of the subjects' data folders, of one datatype or of all."""
        depth = len(self.index.base.split("/")) if self.index.base else 0
        for folder in self.index.folders:
            parts = folder.split("/")[depth:] if folder else []
            if len(parts) in (2, 3) and not parts[-1].startswith(("sub-", "ses-")) and datatype in (None, parts[-1]):
                yield folder, parts[-1]
