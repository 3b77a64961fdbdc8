"""Files are written whole or not at all, and not again where the content is the same."""

from __future__ import annotations

import errno
import filecmp
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write `content`, unless the file holds it already; return the path."""
    return placed(path, lambda temporary: _dump(temporary, content))


def placed(path: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` make a file under a temporary name, and move it to its place if it differs from what is there.

    Parameters
    ----------
    path : Path
        Where the file belongs; its folder is made.
    write : callable
        Given the temporary path, which has the same extension.

    Returns
    -------
    path : Path
        As given. Its mtime is kept where the content is the same.

    Raises
    ------
    StoreError
        ``E-STORE-FULL`` or ``E-STORE-PERMISSION``; nothing is left of the attempt.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        if path.is_file() and filecmp.cmp(temporary, path, shallow=False):
            return path
        _settle(temporary)
        temporary.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        _removed(temporary)
    return path


def _dump(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _settle(path: Path) -> None:
    """Ask the disk to keep what was written, so that a power cut leaves the old file or the new one."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):  # some network file systems cannot, for a folder
            raise
    finally:
        os.close(handle)


def _removed(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the folder became unwritable: the error that is on its way says so
        pass


def _refused(path: Path, error: OSError) -> StoreError:
    if error.errno in _FULL:
        return StoreError("The disk or your quota on it is full.", code="E-STORE-FULL", where=str(path),
                          remedy="Make room, or choose another folder, and run the same command again.")  # fmt: skip
    return StoreError(f"The output cannot be written: {error.strerror or error}.", code="E-STORE-PERMISSION",
                      where=str(path), remedy="Mend the permissions, or choose another output folder.")  # fmt: skip
