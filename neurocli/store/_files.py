"""Files that are whole or not there: a temporary name, fsync, rename; and what the system's errors mean to a person."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..errors import StoreError

FULL = {errno.ENOSPC, errno.EDQUOT}
PERMISSION = {errno.EACCES, errno.EPERM}
CHUNK = 1 << 20


def store_error(error: OSError, where: str | os.PathLike[str]) -> StoreError:
    """Return the error that a person can act on."""
    place, reason = os.fspath(where), error.strerror or str(error)
    if error.errno in FULL:
        remedy = "Free some space, run `neurocli cache gc`, or name another folder with --store; then run again."
        return StoreError(f"The disk or quota is full: {reason}.", code="E-STORE-FULL", where=place, remedy=remedy)
    if error.errno == errno.EROFS:
        remedy = "Name a writable folder with --store and this one with --store-from."
        return StoreError(
            "The store is on a read-only file system.", code="E-STORE-READONLY", where=place, remedy=remedy
        )
    if error.errno in PERMISSION:
        remedy = "Ask for write permission, or name another folder with --store."
        return StoreError(
            f"The store may not be used: {reason}.", code="E-STORE-PERMISSION", where=place, remedy=remedy
        )
    return StoreError(f"The store cannot be used: {reason}.", where=place, remedy="Check the disk or the network.")


@contextmanager
def speaking(where: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an `OSError` inside the block into a `StoreError` about `where`."""
    try:
        yield
    except OSError as error:
        raise store_error(error, where) from error


class HashedFile:
    """A new file that counts and hashes what is written to it, and is on the disk when the block ends."""

    def __init__(self, path: str) -> None:
        self.path, self.size, self._hash = path, 0, blake2b(digest_size=32)

    def __enter__(self) -> HashedFile:
        self._file = Path(self.path).open("xb", buffering=0)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def write(self, data: Any) -> None:
        """Write all of a bytes-like object."""
        view = memoryview(data)
        while len(view):  # an unbuffered write may be short, as on an almost full disk
            n = self._file.write(view) or 0
            self._hash.update(view[:n])
            self.size, view = self.size + n, view[n:]

    def stamp(self) -> dict[str, Any]:
        """Return what the manifest says of the file."""
        return {"size": self.size, "blake2b": self._hash.hexdigest()}


def hash_of(path: str | os.PathLike[str]) -> str:
    """Return the BLAKE2b of a file, read in chunks."""
    digest = blake2b(digest_size=32)
    with Path(path).open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Make the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that cannot sync folders does not need to
            raise
    finally:
        os.close(fd)


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that a reader sees the old or the new bytes, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with HashedFile(str(temporary)) as file:
            file.write(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def copy_tree(source: Path, target: Path) -> dict[str, dict[str, Any]]:
    """Copy a tree of files, links followed and each file synced, and return {relative path: size and hash}."""
    target.mkdir()
    stamps = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.is_file()}
    return {name: _copy(path, target / name) for name, path in stamps.items()}


def _copy(source: Path, target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as read, HashedFile(str(target)) as write:
        while block := read.read(CHUNK):
            write.write(block)
    return write.stamp()
