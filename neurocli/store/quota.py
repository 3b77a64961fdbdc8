"""The most bytes that a store may hold: a number beside its format, so that every process and machine knows it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError, UsageError
from . import care
from ._files import speaking, write_whole

if TYPE_CHECKING:
    from . import Store

NAME = "quota"
UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
TRUSTED = 20  # times as long as counting took, a count stands: other processes write too


def parse(text: str) -> int:
    """Return the bytes of an amount: ``200 GB``, ``1.5TB``.

    Raises
    ------
    UsageError
        If it is none (``E-USAGE-SIZE``).
    """
    number = text.strip().rstrip("BbGgKkMmTt ")
    unit = text.strip()[len(number) :].strip().upper()
    try:
        n_bytes = int(float(number) * UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        n_bytes = -1
    if n_bytes < 0:
        remedy = f"Write a number and one of {', '.join(filter(None, UNITS))}: `200 GB`."
        raise UsageError(f"{text!r} is no amount of bytes.", code="E-USAGE-SIZE", remedy=remedy)
    return n_bytes


def read(root: Path) -> int | None:
    """Return the quota of a store; None where it has none."""
    try:
        return int((root / NAME).read_text())
    except (OSError, ValueError):
        return None


def write(store: Store, n_bytes: int | None) -> None:
    """Give a store a quota, or take it away; nothing is removed before the next entry needs room."""
    with speaking(store.root):
        if n_bytes is None:
            (store.root / NAME).unlink(missing_ok=True)
        else:
            store.root.mkdir(parents=True, exist_ok=True)
            write_whole(store.root / NAME, f"{n_bytes}\n".encode())


_COUNTED: dict[str, tuple[int, float]] = {}  # store -> bytes in it, and until when that stands


class Room:
    """Sees to it that one process keeps to the quota of a store.

    Parameters
    ----------
    store : Store
        Whose.
    limit : int or None
        Bytes; None for as many as the disk has.
    """

    def __init__(self, store: Store, limit: int | None) -> None:
        self._store, self.limit = store, limit
        self._place = os.fspath(store.root)

    def make(self, n_bytes: int) -> None:
        """Make room for an entry: where there is none, what no run refers to goes, the oldest first.

        Raises
        ------
        StoreError
            If what is left is referred to by runs (``E-STORE-QUOTA``).
        """
        if self.limit is None:
            return
        used, until = _COUNTED.get(self._place, (0, 0.0))
        if time.monotonic() > until or used + n_bytes > self.limit:
            used, until = self._count()
        if used + n_bytes > self.limit:
            used -= care.free(self._store, used + n_bytes - self.limit)
        fits = used + n_bytes <= self.limit
        _COUNTED[self._place] = (used + n_bytes * fits, until)
        if not fits:
            raise _full(n_bytes, self.limit, self._store.root)

    def _count(self) -> tuple[int, float]:
        started = time.monotonic()
        used = care.du(self._store)["bytes"]
        return used, started + (TRUSTED + 1) * (time.monotonic() - started)


def _full(n_bytes: int, limit: int, root: Path) -> StoreError:
    remedy = (
        "Raise it with `neurocli cache quota SIZE --store DIR`, remove the output folders of runs that are no longer "
        "wanted, or name another folder with --store; then run again."
    )
    said = f"{n_bytes} more bytes pass the quota of {limit} bytes, and runs refer to all that is there."
    return StoreError(said, code="E-STORE-QUOTA", where=os.fspath(root), remedy=remedy)
