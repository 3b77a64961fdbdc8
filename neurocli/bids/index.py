"""The list of a dataset's files, kept between runs and renewed folder by folder.

A folder whose mtime and inode are as before has the same names in it, so a second look costs one `stat` a folder.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from ..errors import InputError, unknown
from .cache import RACY_NS, Cache

LEAVES = (".ds", ".mefd", ".zarr")  # recordings that are folders


@dataclass(frozen=True)
class Folder:
    """The names in one folder, sorted."""

    files: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Index:
    """The files of a dataset, or of one of its derivatives, by folder.

    Parameters
    ----------
    root : Path
        The dataset.
    folders : dict of str to Folder
        Dataset-relative path (``""`` is the root) to what lies in it.
    base : str
        ``""``, or ``derivatives/fmriprep`` for the index of a derivative dataset.
    cache : Path, optional
        Where the memory lies.
    """

    root: Path
    folders: dict[str, Folder] = field(repr=False)
    base: str = ""
    cache: Path | None = None

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """Labels of the subjects that have a folder, without ``sub-``."""
        names = self.folders[self.base].folders
        return tuple(name.removeprefix("sub-") for name in names if name.startswith("sub-"))

    @property
    def files(self) -> Iterator[str]:
        """Dataset-relative paths of all files."""
        for path, folder in self.folders.items():
            yield from (joined(path, name) for name in folder.files)

    @cached_property
    def _derived(self) -> dict[str, Index]:
        return {}

    def derivative(self, name: str) -> Index:
        """Return the index of ``derivatives/<name>``.

        Raises
        ------
        InputError
            If there is no such derivative dataset (``E-INPUT-DERIVATIVES``).
        """
        base = PurePosixPath(f"derivatives/{name}").as_posix()  # "." for files that lie there without a folder
        if not (self.root / base).is_dir():
            raise InputError(unknown("derivatives", name, self.derivatives()), code="E-INPUT-DERIVATIVES",
                             where=str(self.root), remedy="Give the name of a folder below derivatives/.")  # fmt: skip
        if name not in self._derived:
            self._derived[name] = scan(self.root, self.cache, base=base)
        return self._derived[name]

    def derivatives(self) -> tuple[str, ...]:
        """Return the names of the derivative datasets beside the raw one."""
        folder = self.root / "derivatives"
        return tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())) if folder.is_dir() else ()


def joined(folder: str, name: str) -> str:
    """Return a dataset-relative path."""
    return f"{folder}/{name}" if folder else name


def scan(root: Path, cache: Path | None = None, *, base: str = "") -> Index:
    """List a dataset: its top files and everything below its ``sub-`` folders.

    Parameters
    ----------
    root : Path
        The dataset.
    cache : Path, optional
        Folder of the memory; the user's cache folder by default.
    base : str
        Folder below `root` to start from, for a derivative dataset.

    Raises
    ------
    InputError
        If `root` is no folder that can be read (``E-INPUT-DATASET``).
    """
    memory = Cache(root, cache)
    known = _remembered(memory)
    _check_root(root)
    folders: dict[str, Folder] = {}
    fresh: list[tuple[str, int, int, int, str]] = []
    pending = [base]
    while pending:
        path = pending.pop()
        folder = _look(root, path, known, fresh)
        folders[path] = folder
        pending += [joined(path, name) for name in folder.folders if _leads_to_data(path[len(base) :], name)]
    memory.save("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?)", fresh)
    return Index(root, dict(sorted(folders.items())), base, cache)


def _leads_to_data(path: str, name: str) -> bool:
    """Return whether a folder is looked into: subjects, below them sessions and datatypes, and nothing deeper."""
    parts = [part for part in path.split("/") if part]
    if not parts or name.startswith("sub-"):
        return not parts and name.startswith("sub-")
    return len(parts) == 1 or (len(parts) == 2 and parts[1].startswith("ses-"))


def _check_root(root: Path) -> None:
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise InputError(f"The dataset {str(root)!r} {what}.", code="E-INPUT-DATASET",
                         remedy="Give the folder that holds dataset_description.json with --bids-dir.")  # fmt: skip


Known = dict[str, tuple[int, int, int, str]]


def _remembered(memory: Cache) -> Known:
    rows = memory.rows("SELECT path, mtime_ns, inode, seen_ns, names FROM folders")
    return {path: (mtime, inode, seen, names) for path, mtime, inode, seen, names in rows}


def _look(root: Path, path: str, known: Known, fresh: list[tuple[str, int, int, int, str]]) -> Folder:
    absolute = root / path
    try:
        stat = absolute.stat()
        remembered = _unpacked(known[path], stat) if path in known else None
        folder = remembered or _listed(absolute)
    except OSError as error:
        raise InputError(f"The folder cannot be read: {error.strerror}.", code="E-INPUT-DATASET", where=str(absolute),
                         remedy="Mend its permissions.") from error  # fmt: skip
    if remembered:
        return remembered
    names = json.dumps([folder.files, folder.folders])
    fresh.append((path, stat.st_mtime_ns, stat.st_ino, time.time_ns(), names))
    return folder


def _unpacked(row: tuple[int, int, int, str], stat: os.stat_result) -> Folder | None:
    mtime, inode, seen, names = row
    if (mtime, inode) != (stat.st_mtime_ns, stat.st_ino) or seen - mtime <= RACY_NS:
        return None
    try:
        files, folders = json.loads(names)
    except ValueError:
        return None
    return Folder(tuple(files), tuple(folders))


def _listed(absolute: Path) -> Folder:
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(absolute) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            below = entry.is_dir() and not entry.name.endswith(LEAVES)
            (folders if below else files).append(entry.name)
    return Folder(tuple(sorted(files)), tuple(sorted(folders)))
