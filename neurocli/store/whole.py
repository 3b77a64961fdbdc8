"""Is an entry whole? Asked of every unit of a plan, so a manifest costs one open, and no `Path` is made."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ._payloads import DOCUMENT, TENSORS

MANIFEST = "manifest.json"
PAYLOADS = (TENSORS, DOCUMENT)
BLOCK = 1 << 16
_parse = json.JSONDecoder().raw_decode


def document(path: str, at: int | None = None) -> Any:
    """Return what a JSON file of ours says; nothing may stand before or after it.

    Parameters
    ----------
    path : str
        The file, relative to the folder `at` where that is given: a short path costs the kernel less.
    at : int, optional
        Descriptor of an open folder.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or is not whole.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=at)
    try:
        data = block = os.read(fd, BLOCK)
        while len(block) == BLOCK:
            block = os.read(fd, BLOCK)
            data += block
    finally:
        os.close(fd)
    text = data.decode()  # text: bytes are searched for their encoding first
    value, end = _parse(text)
    if end != len(text) and not text[end:].isspace():
        raise ValueError(f"Something follows the document in {path}.")
    return value


def size(path: str, at: int | None = None) -> int:
    """Return the bytes of a file."""
    return os.stat(path, dir_fd=at).st_size


@contextmanager
def opened(folder: str) -> Iterator[int | None]:
    """Give a descriptor of a folder, or None where there is none to open."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def sizes_match(folder: str, at: int | None = None) -> bool:
    """Return whether an entry's files have the sizes that its manifest names."""
    try:
        manifest = document(f"{folder}/{MANIFEST}", at)
        payload, files = manifest["payload"], manifest["files"]
        name = payload["name"]
        if not folder.endswith(manifest["key"]) or name not in PAYLOADS:
            return False
        if files and not _files_match(folder, files, at):
            return False
        return bool(size(f"{folder}/{name}", at) == payload["size"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False  # not there, not readable, or not a manifest: not trusted


def _files_match(folder: str, files: dict[str, Any], at: int | None) -> bool:
    if any(".." in name.split("/") or name.startswith("/") for name in files):
        return False
    return all(size(f"{folder}/files/{name}", at) == stamp["size"] for name, stamp in files.items())


def whole_among(place: str, keys: Iterable[str]) -> set[str]:
    """Return which of many keys have a whole entry in one store; a shard that is not there is asked nothing."""
    with opened(place) as at:
        if at is None:
            return set()
        shards = set(os.listdir(at))  # noqa: PTH208  of a descriptor
        return {key for key in keys if key[:2] in shards and sizes_match(f"{key[:2]}/{key}", at)}
