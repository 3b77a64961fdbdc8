"""The list of a dataset's files, kept between runs and renewed folder by folder.

A folder whose mtime and inode are as before has the same names in it, so a second look costs one `stat` a folder; and
where no folder has changed at all, their names are not even unpacked before somebody asks for them.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
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
    unpack : callable
        Returns `folders`: dataset-relative path (``""`` is the root) to what lies in it.
    base : str
        ``""``, or ``derivatives/fmriprep`` for the index of a derivative dataset.
    cache : Path, optional
        Where the memory lies.
    state : str, optional
        A digest of every folder's stamp: the same state, the same names. None where a folder changed so lately that
        its stamp does not tell.
    """

    root: Path
    unpack: Callable[[], dict[str, Folder]] = field(repr=False)
    base: str = ""
    cache: Path | None = None
    state: str | None = None

    @cached_property
    def folders(self) -> dict[str, Folder]:
        """Dataset-relative path (``""`` is the root) to what lies in the folder, sorted."""
        return self.unpack()

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
    known = _remembered(memory, base)
    if base in known and all(_stands(root, path, row) for path, row in known.items()):
        return Index(root, lambda: _unpacked(root, base, known), base, cache, _state(known))
    _check_root(root)
    folders, rows = _walked(root, base, known)
    _remember(memory, known, rows)
    return Index(root, lambda: folders, base, cache, _state(rows))


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


_names = json.JSONEncoder().encode
Row = tuple[int, int, int, str]  # mtime_ns, inode, when it was listed, the names as JSON
Rows = Mapping[str, Row]


def _remembered(memory: Cache, base: str) -> Rows:
    rows = memory.rows("SELECT path, mtime_ns, inode, seen_ns, names FROM folders")
    start = f"{base}/sub-" if base else "sub-"
    return {path: tuple(row) for path, *row in rows if path == base or path.startswith(start)}  # type: ignore[misc]


def _remember(memory: Cache, known: Rows, rows: Rows) -> None:
    """Write what is new and drop what is gone at once: a reader must never see half of a change."""
    memory.change(
        ("DELETE FROM folders WHERE path = ?", [(path,) for path in known if path not in rows]),
        ("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?)",
         [(path, *row) for path, row in rows.items() if known.get(path) != row]),
    )  # fmt: skip


def _state(rows: Rows) -> str | None:
    if any(_racy(row) for row in rows.values()):
        return None
    stamps = repr(sorted((path, *row[:2]) for path, row in rows.items()))
    return blake2b(stamps.encode(), digest_size=16).hexdigest()


def _racy(row: Row) -> bool:
    return row[2] - row[0] <= RACY_NS


def _stands(root: Path, path: str, row: Row) -> bool:
    """Whether a folder is as it was when it was listed."""
    try:
        found = os.stat(f"{root}/{path}")  # noqa: PTH116 - a Path object a folder would cost more than the look
    except OSError:
        return False
    return row[:2] == (found.st_mtime_ns, found.st_ino) and not _racy(row)


def _unpacked(root: Path, base: str, rows: Rows) -> dict[str, Folder]:
    try:
        return {path: _folder(row[3]) for path, row in sorted(rows.items())}
    except (ValueError, TypeError):  # somebody else wrote into the memory
        return _walked(root, base, {})[0]


def _walked(root: Path, base: str, known: Rows) -> tuple[dict[str, Folder], dict[str, Row]]:
    """Look into every folder; those that stand as they were are not listed anew."""
    folders: dict[str, Folder] = {}
    rows: dict[str, Row] = {}
    pending = [base]
    while pending:
        path = pending.pop()
        folders[path], rows[path] = _look(root, path, known)
        pending += [joined(path, name) for name in folders[path].folders if _leads_to_data(path[len(base) :], name)]
    return dict(sorted(folders.items())), rows


def _look(root: Path, path: str, known: Rows) -> tuple[Folder, Row]:
    if path in known and _stands(root, path, known[path]):
        try:
            return _folder(known[path][3]), known[path]
        except (ValueError, TypeError):
            pass  # broken: listed anew
    absolute = f"{root}/{path}"  # a Path object a folder would cost more than the look
    try:
        stat = os.stat(absolute)  # noqa: PTH116
        folder = _listed(absolute)
    except OSError as error:
        raise InputError(f"The folder cannot be read: {error.strerror}.", code="E-INPUT-DATASET",
                         where=str(root / path), remedy="Mend its permissions.") from error  # fmt: skip
    return folder, (stat.st_mtime_ns, stat.st_ino, time.time_ns(), _names([folder.files, folder.folders]))


def _folder(names: str) -> Folder:
    files, folders = json.loads(names)
    return Folder(tuple(files), tuple(folders))


def _listed(absolute: str) -> Folder:
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(absolute) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            (files if entry.name.endswith(LEAVES) or not entry.is_dir() else folders).append(entry.name)
    return Folder(tuple(sorted(files)), tuple(sorted(folders)))
