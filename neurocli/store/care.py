"""Looking after a store: what lies in it, what is referred to, what may go."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError, unknown
from . import HOST, KEY, Store
from ._files import speaking
from ._locks import UnsupportedError, guarded, locked
from ._roots import keys_of
from .ledger import has_died
from .scratch import PLACE
from .whole import MANIFEST

DAY = 86400.0


def keys(store: Store) -> Iterator[str]:
    """Give the key of every folder of our own store that could be an entry, in order."""
    for shard in sorted(store.root.glob("[0-9a-f][0-9a-f]")):
        yield from (path.name for path in sorted(shard.iterdir()) if KEY.fullmatch(path.name))


def ls(store: Store) -> list[dict[str, Any]]:
    """Return one row an entry: key, bytes, when it was made and what it is; `intact` is False where sizes differ."""
    return [_row(store, key) for key in keys(store)]


def _row(store: Store, key: str) -> dict[str, Any]:
    folder = _entry(store, key)
    row = {"key": key, "bytes": _bytes_below(folder), "intact": store.has(key), "created": None, "recipe": {}}
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return row | {"created": manifest["created"], "recipe": manifest["recipe"]}
    except (OSError, ValueError, KeyError, TypeError):
        return row | {"intact": False}


def du(store: Store) -> dict[str, Any]:
    """Return how many entries and bytes our own store holds, how much of it waits for `gc`, and its quota."""
    sizes = [_bytes_below(_entry(store, key)) for key in keys(store)]
    waiting = sum(_bytes_below(store.root / name) for name in ("tmp", "quarantine", PLACE))
    found = {"entries": len(sizes), "bytes": sum(sizes) + waiting, "waiting_bytes": waiting}
    return {**found, "quota_bytes": store.room.limit}


def referred(store: Store) -> set[str]:
    """Return the keys that some run refers to that is going on, or whose output folder is there; forget the others."""
    kept: set[str] = set()
    for path in sorted(store.root.glob("roots/*.json")):
        try:
            root = json.loads(path.read_bytes())
            gone = _is_forgotten(root)
            kept |= set() if gone else keys_of(root)
        except (ValueError, KeyError, TypeError, AttributeError):
            gone = True
        if gone:
            _forget(path)
    return kept


def _forget(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # somebody else did, or the store may not be written


def _is_forgotten(root: dict[str, Any]) -> bool:
    """Return whether nobody needs what a run refers to: its output folder is gone, or it ended before its time."""
    if root.get("running") is None:
        return not Path(root["out"]).is_dir()
    return has_died(root["running"]) or time.time() - root["time"] > 7 * DAY


def of_runs(store: Store, runs: Sequence[str]) -> set[str]:
    """Return the keys that some runs refer to and that are in the store.

    Raises
    ------
    UsageError
        If the store knows no run of a name (``E-USAGE-RUN``).
    """
    known = {path.stem: path for path in store.root.glob("roots/*.json")}
    for run in runs:
        if run not in known:
            raise UsageError(unknown("run", run, known), code="E-USAGE-RUN")
    with speaking(store.root):
        wanted = {key for run in runs for key in keys_of(json.loads(known[run].read_bytes()))}
    return {key for key in wanted if store.has(key)}


def gc(store: Store, *, older_than_s: float = 7 * DAY, dry_run: bool = False) -> dict[str, Any]:
    """Remove entries that no run refers to and that are older than an age, and what dead processes left behind.

    Returns
    -------
    dict
        ``removed`` (keys), ``bytes`` freed, and ``kept``, the number of entries left.
    """
    with speaking(store.root), guarded(store.root):
        kept, limit = referred(store), time.time() - older_than_s
        every = list(keys(store))
        doomed = [key for key in every if key not in kept and _made(_entry(store, key)) < limit]
        freed = sum(_bytes_below(_entry(store, key)) for key in doomed)
        if not dry_run:
            freed += _sweep(store, limit)
            for key in doomed:
                store.remove(key)
    return {"removed": doomed, "bytes": freed, "kept": len(every) - len(doomed)}


def free(store: Store, n_bytes: int) -> int:
    """Remove what no run refers to, the oldest first, until so many bytes are free; return how many are."""
    with speaking(store.root), guarded(store.root):
        kept = referred(store)
        freed = _sweep(store, time.time() - DAY)
        for key in sorted((key for key in keys(store) if key not in kept), key=lambda key: _made(_entry(store, key))):
            if freed >= n_bytes:
                break
            size = _bytes_below(_entry(store, key))
            freed += size if store.remove(key) else 0
    return freed


def drop(store: Store, wanted: Iterable[str]) -> int:
    """Remove those of some entries that no run refers to, and return how many went."""
    with speaking(store.root), guarded(store.root):
        kept = referred(store)
        return sum([store.remove(key) for key in wanted if key not in kept])


def _sweep(store: Store, limit: float) -> int:
    left = [path for path in store.root.glob("tmp/*") if _is_left(path)]
    left += [path for path in store.root.glob("quarantine/*") if _made(path) < limit]
    left += [path for path in store.root.glob(f"{PLACE}/*") if _is_over(store, path, limit)]
    freed = sum(_bytes_below(path) for path in left)
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    for path in store.root.glob("locks/*"):
        _unlock(path)
    return freed


def _is_left(path: Path) -> bool:
    age = time.time() - _made(path)
    _, host, pid, *_ = [*path.name.split("."), "", ""]
    return age > DAY or (age > 3600 and host == HOST and pid.isdigit() and not Path("/proc", pid).exists())


def _is_over(store: Store, path: Path, limit: float) -> bool:
    """Return whether nobody will go on with the parts of a unit: it is finished, or was given up long ago."""
    if not KEY.fullmatch(path.name):
        return True
    with store.claim(path.name, wait=False) as held:
        return held and (store.has(path.name) or _made(path) < limit)


def _unlock(path: Path) -> None:
    try:
        with locked(str(path), wait=False):
            pass  # nobody held it, and letting go removes it
    except (UnsupportedError, OSError):
        pass


def _entry(store: Store, key: str) -> Path:
    return store.root / key[:2] / key


def _made(folder: Path) -> float:
    try:
        return (folder / MANIFEST).stat().st_mtime
    except OSError:
        pass
    try:
        return folder.stat().st_mtime
    except OSError:
        return time.time()


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118  a hot loop
            except OSError:
                pass  # it went while we looked
    return total
