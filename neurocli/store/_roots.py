"""What a run refers to: a file of `roots/`, which `gc` reads before it removes anything."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,200}")


def path_of(store: Path, run_id: str) -> Path:
    """Return the file of a run."""
    if not RUN.fullmatch(run_id):
        raise ValueError(f"{run_id!r} is no name of a run.")
    return store / "roots" / f"{run_id}.json"


def written(keys: Mapping[str, str] | Iterable[str], out: Path, spare: Iterable[str], running: Any) -> bytes:
    """Return the content of the file; a key alone is its own name."""
    named = keys if isinstance(keys, Mapping) else {key: key for key in keys}
    said = {"out": str(Path(out).absolute()), "time": time.time(), "keys": dict(sorted(named.items()))}
    return json.dumps({**said, "spare": sorted(set(spare)), "running": running}).encode()


def read(path: Path) -> tuple[dict[str, str], set[str]]:
    """Return the keys by name, and the spare ones; none where there is no such file."""
    try:
        said = json.loads(path.read_bytes())
        return dict(said["keys"]), set(said["spare"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}, set()


def keys_of(said: dict[str, Any]) -> set[str]:
    """Return all keys of a file; in older ones they have no names."""
    keys = said["keys"]
    return set(keys.values() if isinstance(keys, dict) else keys)
