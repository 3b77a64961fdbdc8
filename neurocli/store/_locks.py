"""Claims by `flock`: the kernel takes a lock back when its process dies, so none goes stale."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNSUPPORTED = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


class UnsupportedError(Exception):
    """The file system has no locks."""


@contextmanager
def locked(path: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock file at `path` during the block; False where another process holds it and `wait` is False.

    The file goes away with the lock, so that a unit leaves nothing but its entry.

    Raises
    ------
    UnsupportedError
        If the file system cannot lock.
    """
    fd = _acquire(path, wait)
    if fd is None:
        yield False
        return
    try:
        yield True
    finally:
        _release(fd, path)


@contextmanager
def guarded(root: Path) -> Iterator[None]:
    """Hold the one lock under which it is decided what of a store may go; without it where it cannot be had."""
    try:
        (root / "locks").mkdir(parents=True, exist_ok=True)
        lock = locked(f"{root}/locks/roots")
        lock.__enter__()
    except (UnsupportedError, PermissionError):
        yield
        return
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _acquire(path: str, wait: bool) -> int | None:
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException as error:
            os.close(fd)
            if isinstance(error, OSError) and error.errno in UNSUPPORTED:
                raise UnsupportedError(path) from error
            raise
        if _is_same(fd, path):
            return fd
        os.close(fd)  # the holder before us removed this file: what we locked has no name any more


def _is_same(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), Path(path).stat())
    except FileNotFoundError:
        return False


def _release(fd: int, path: str) -> None:
    try:
        Path(path).unlink()  # before the lock goes, so that only its holder ever removes it
    except OSError:
        pass
    os.close(fd)
