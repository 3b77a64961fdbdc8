"""What a run leaves behind to be repeated by: settings, environment, command and request."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from dataclasses import asdict, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..pipelines.config import default_file
from ..pipelines.request import Request
from ..store._files import write_whole


def write(folder: Path, described: dict[str, Any], request: Request) -> None:
    """Write ``config.yaml``, ``lock.json``, ``command.txt`` and ``request.json``, unless they are there."""
    if (folder / "request.json").exists():
        return
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(described, sort_keys=False, allow_unicode=True), "utf-8")
    (folder / "lock.json").write_text(json.dumps(environment(), indent=1), "utf-8")
    (folder / "command.txt").write_text(shlex.join(["neurocli", *sys.argv[1:]]) + "\n", "utf-8")
    # last and whole: where it stands, the others do, and `retry` never reads a half of it
    asked = {**asdict(request), "file": (request.file or default_file()).absolute()}  # `retry` may stand elsewhere
    write_whole(folder / "request.json", json.dumps(asked, indent=1, default=str).encode())


def environment() -> dict[str, Any]:
    """Return the interpreter and the version of every installed distribution."""
    headers = [dist.metadata for dist in metadata.distributions()]  # parsed each time they are asked for
    named = [h for h in headers if h["Name"]]  # an empty folder is what a broken installation leaves
    versions = {h["Name"]: h["Version"] for h in sorted(named, key=lambda h: h["Name"].lower())}
    return {"python": platform.python_version(), "platform": platform.platform(), "distributions": versions}


def last_request(out: Path) -> Request:
    """Return what the latest run of an output folder was asked for.

    Raises
    ------
    InputError
        If no run wrote there (``E-INPUT-OUT``).
    """
    found = sorted((out / ".neurocli" / "runs").glob("*/request.json"), key=lambda p: (p.stat().st_mtime_ns, p.name))
    if not found:
        raise InputError("No run has written here.", code="E-INPUT-OUT", where=str(out),
                         remedy="Give the folder of a run with -o.")  # fmt: skip
    document = json.loads(found[-1].read_text("utf-8"))
    return Request(
        **{
            field.name: _restored(field.name, document[field.name])
            for field in fields(Request)
            if field.name in document
        }
    )


PATHS = ("bids_dir", "out", "file", "exclude", "filter_file", "store")


def _restored(name: str, value: Any) -> Any:
    if name in PATHS:
        return None if value is None else Path(value)
    if name == "store_from":
        return tuple(Path(path) for path in value)
    return tuple(value) if isinstance(value, list) else value
