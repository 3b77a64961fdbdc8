"""Files that a step leaves beside its payload: what an external tool wrote, kept in the store with the unit."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Captured:
    """The folder of what was captured; None until there is anything."""

    folder: Path | None = None

    def path(self, name: str) -> Path:
        """Return where a file of that name goes."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="neurocli-captured-"))
        return self.folder / name


_CAPTURED: ContextVar[Captured | None] = ContextVar("captured", default=None)


@contextmanager
def capturing() -> Iterator[Captured]:
    """Collect what is captured inside; whoever asks takes the folder away, unless an error did it before."""
    captured = Captured()
    token = _CAPTURED.set(captured)
    try:
        yield captured
    except BaseException:
        if captured.folder:
            shutil.rmtree(captured.folder, ignore_errors=True)
        raise
    finally:
        _CAPTURED.reset(token)


def capture(path: Path, name: str) -> None:
    """Keep a file under `name`, if anybody collects; a later one of the same name takes its place.

    Raises
    ------
    ValueError
        If `name` is no plain file name.
    """
    if Path(name).name != name or name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no file name")
    captured = _CAPTURED.get()
    if captured is not None:
        shutil.copyfile(path, captured.path(name))
