"""What is remembered of a dataset between runs: one deletable SQLite a dataset, in the user's cache folder.

Nothing here may stop a run: a broken file is deleted and made anew, an unwritable one is done without.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

RACY_NS = 2_000_000_000  # a change this soon after a look may leave the same mtime (FAT and some NFS count in 2 s)
VERSION = 2
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS folders (path TEXT PRIMARY KEY, mtime_ns INTEGER, inode INTEGER, seen_ns INTEGER,
                                    names TEXT);
CREATE TABLE IF NOT EXISTS digests (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, digest TEXT);
CREATE TABLE IF NOT EXISTS selections (question TEXT PRIMARY KEY, items TEXT);
PRAGMA user_version = {VERSION};
"""


_EMPTY = "".join(f"DROP TABLE IF EXISTS {table};" for table in ("folders", "digests", "selections"))


def cache_folder() -> Path:
    """Return the user's cache folder of neurocli (``NEUROCLI_CACHE_DIR``, else below ``XDG_CACHE_HOME``)."""
    own = os.environ.get("NEUROCLI_CACHE_DIR")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path("~/.cache").expanduser()) / "neurocli"


class Cache:
    """The memory of one dataset.

    Parameters
    ----------
    root : Path
        The dataset; its resolved path names the file.
    folder : Path, optional
        Where the file lies; the user's cache folder by default.
    """

    def __init__(self, root: Path, folder: Path | None = None):
        name = blake2b(os.fsencode(root.resolve()), digest_size=16).hexdigest()
        self.path = (folder or cache_folder()) / "datasets" / f"{name}.sqlite"

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, or none where the memory cannot be read."""
        return self._attempt(lambda db: db.execute(query, values).fetchall()) or []

    def save(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows, if that is possible."""
        self.change((statement, list(rows)))

    def change(self, *statements: tuple[str, list[tuple[Any, ...]]]) -> None:
        """Write the rows of several statements in one transaction, if that is possible."""
        if any(rows for _, rows in statements):
            self._attempt(lambda db: [db.executemany(statement, rows) for statement, rows in statements])

    def forget(self) -> None:
        """Delete the memory; it grows again."""
        for suffix in ("", "-journal", "-wal", "-shm"):
            try:
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            except OSError:
                pass  # unwritable: then it is not read either, see `_attempt`

    def _attempt(self, action: Any) -> Any:
        for _ in range(2):
            try:
                return self._within(action)
            except sqlite3.OperationalError:  # locked, read-only, no space: do without
                return None
            except sqlite3.DatabaseError:  # not a database, or truncated
                self.forget()
            except (OSError, UnicodeError):  # no folder to write to; a name that is no Unicode
                return None
        return None

    def _within(self, action: Any) -> Any:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=1)
        try:
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                db.executescript(_EMPTY + _SCHEMA)
            with db:
                return action(db)
        finally:
            db.close()
