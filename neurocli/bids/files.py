"""Files are written whole or not at all, and not again where the content is the same."""

from __future__ import annotations

import errno
import filecmp
import os
import socket
import time
from collections.abc import Callable
from glob import escape
from hashlib import blake2b
from pathlib import Path

from ..errors import StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_HOST = blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()
_DAY = 86400.0


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
    temporary = path.with_name(f".{_HOST}-{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
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


def _sweep(path: Path) -> None:
    """Remove what writers of this file left when they were killed: who was not done with it writes it again."""
    for left in path.parent.glob(f".*-*.{escape(path.name)}"):
        host, _, pid = left.name[1 : -len(path.name) - 1].partition("-")
        if (host == _HOST and pid.isdigit() and not _is_alive(int(pid))) or _age_s(left) > _DAY:
            _removed(left)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process is dead and waits for its parent to hear of it: in a container, that may be for ever."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):  # no Linux, or just gone
        return False


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # its writer has just been faster
        return 0.0


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
