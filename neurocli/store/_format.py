"""The version of the store's layout: migrated by a module that carries the old number in its name, or refused."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from ..errors import StoreError
from ._files import write_whole

FORMAT = 1
NAME = "format"


def check(root: Path, *, writable: bool) -> None:
    """Make sure that this release reads the store at `root`; a folder without a store passes.

    Raises
    ------
    StoreError
        If the store has a format that this release neither reads nor migrates (``E-STORE-FORMAT``).
    """
    found = _found(root)
    while writable and found is not None and found.isdigit() and int(found) < FORMAT and _migration(found):
        import_module(_migration(found)).migrate(root)
        found = str(int(found) + 1)
        write_whole(root / NAME, f"{found}\n".encode())
    if found not in (None, str(FORMAT)):
        raise _refusal(root, found)


def _found(root: Path) -> str | None:
    try:
        return (root / NAME).read_text(errors="replace").strip()[:40]
    except (FileNotFoundError, NotADirectoryError):
        return None


def _migration(found: str) -> str:
    name = f"{__package__}.migrate_v{found}"
    return name if find_spec(name) else ""


def _refusal(root: Path, found: str | None) -> StoreError:
    return StoreError(
        f"The store has format {found!r}, this release of neurocli reads format {FORMAT}.",
        code="E-STORE-FORMAT",
        where=str(root),
        remedy="Use the release that wrote it, or name another folder with --store.",
    )


def mark(root: Path) -> None:
    """Write the format of a new store."""
    if not (root / NAME).exists():
        write_whole(root / NAME, f"{FORMAT}\n".encode())
