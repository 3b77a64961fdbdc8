"""What a file contains, in 64 hex digits, read once and remembered by size, mtime and inode."""

from __future__ import annotations

import os
import re
import stat
import time
from hashlib import blake2b
from pathlib import Path

from ..errors import InputError
from .cache import RACY_NS, Cache

_CHUNK = 1 << 20
# a git-annex key whose backend names the content, as the last part of a link: SHA256E-s1048576--9f2c….edf
_ANNEX = re.compile(r"(?P<key>(?:SHA\d|SHA3_|MD5|BLAKE2|SKEIN)\w*-s\d+(?:-\w+)*--[0-9a-f]+)(?:\.[\w.]+)?")
Stamp = tuple[int, int, int]


class Digests:
    """Content digests of one dataset's files.

    Parameters
    ----------
    root : Path
        The dataset; paths are given relative to it.
    cache : Path, optional
        Folder of the memory; the user's cache folder by default.
    """

    def __init__(self, root: Path, cache: Path | None = None):
        self.root, self._root = root, str(root)
        self._memory = Cache(root, cache)
        rows = self._memory.rows("SELECT path, size, mtime_ns, inode, digest FROM digests")
        self._known: dict[str, tuple[Stamp, str]] = {path: ((s, m, i), digest) for path, s, m, i, digest in rows}
        self._fresh: dict[str, tuple[Stamp, str]] = {}

    def known(self, path: str) -> str | None:
        """Return the digest of a file or a recording that is a folder, if it can be had without reading it."""
        absolute = f"{self._root}/{path}"  # a Path object a file would cost more than the look
        try:
            found = os.lstat(absolute)
        except OSError as error:
            raise missing(self.root / path, path, error) from error
        if stat.S_ISLNK(found.st_mode):
            annexed = _annexed(absolute)
            if annexed:
                return annexed
            found = self._stat(path)
        return self._known_members(path) if stat.S_ISDIR(found.st_mode) else self._stamped(path, found)

    def _stamped(self, path: str, found: os.stat_result) -> str | None:
        stamp, digest = self._known.get(path, (None, None))
        return digest if stamp == (found.st_size, found.st_mtime_ns, found.st_ino) else None

    def _known_members(self, path: str) -> str | None:
        parts = [(name, self.known(f"{path}/{name}")) for name in self._members(path)]
        return _combined(parts) if all(digest for _, digest in parts) else None

    def digest(self, path: str) -> str:
        """Return the digest of a file or a recording that is a folder, reading it if need be.

        Raises
        ------
        InputError
            If it does not exist, is a link to nothing (``E-INPUT-LINK``) or cannot be read (``E-INPUT-UNREADABLE``).
        """
        found = self._stat(path)
        if stat.S_ISDIR(found.st_mode):
            return _combined([(name, self.digest(f"{path}/{name}")) for name in self._members(path)])
        known = self.known(path)
        return known or self._computed(path)

    def save(self) -> None:
        """Remember what was read since the last call."""
        rows = [(path, *stamp, digest) for path, (stamp, digest) in self._fresh.items()]
        self._memory.save("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?)", rows)
        self._fresh.clear()

    def __enter__(self) -> Digests:
        return self

    def __exit__(self, *_: object) -> None:
        self.save()

    def _computed(self, path: str) -> str:
        before = _stamp(self._stat(path))
        try:
            digest = file_digest(self.root / path)
        except OSError as error:
            raise InputError(f"The file cannot be read: {error.strerror}.", code="E-INPUT-UNREADABLE",
                             where=path, remedy="Mend its permissions or the disk.") from error  # fmt: skip
        settled = time.time_ns() - before[1] > RACY_NS and before == _stamp(self._stat(path))
        if settled:  # else a later write could leave the same stamp
            self._known[path] = self._fresh[path] = (before, digest)
        return digest

    def _stat(self, path: str) -> os.stat_result:
        absolute = self.root / path
        try:
            return absolute.stat()
        except OSError as error:
            raise missing(absolute, path, error) from error

    def _members(self, path: str) -> list[str]:
        top = self.root / path
        return sorted(member.relative_to(top).as_posix() for member in top.rglob("*") if not member.is_dir())


def missing(absolute: Path, path: str, error: OSError) -> InputError:
    """Return the error for a file that is not there: a link to nothing is told apart."""
    if absolute.is_symlink():
        return InputError(
            f"The file is a link to {str(absolute.readlink())!r}, which is not there.",
            code="E-INPUT-LINK", where=path,
            remedy=f"Fetch its content: `datalad get {path}` or `git annex get {path}`.",
        )  # fmt: skip
    return InputError(f"The file cannot be opened: {error.strerror}.", code="E-INPUT-UNREADABLE", where=path)


def file_digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file, read in chunks."""
    state = blake2b(digest_size=32)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def _annexed(absolute: str) -> str | None:
    match = _ANNEX.fullmatch(os.readlink(absolute).rpartition("/")[2])  # noqa: PTH115 (see `known`)
    return blake2b(match["key"].encode(), digest_size=32).hexdigest() if match else None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _combined(parts: list[tuple[str, str | None]]) -> str:
    text = "\n".join(f"{name}\t{digest}" for name, digest in parts)
    return blake2b(text.encode(), digest_size=32).hexdigest()
