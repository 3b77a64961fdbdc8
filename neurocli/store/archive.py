"""Stores that travel: entries in a tar, checked name by name and hash by hash before they are let in."""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import StoreError
from . import Store
from ._files import CHUNK, HashedFile, speaking, sync_folder
from .whole import MANIFEST

MEMBER = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})/(manifest\.json|payload\.safetensors|payload\.json|files/.+)")


def export(store: Store, keys: Iterable[str], path: Path) -> dict[str, int]:
    """Write entries into a tar, equal bytes for equal entries; nothing is left of one that fails half way.

    Returns
    -------
    dict
        ``entries`` and ``bytes`` of the archive.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    ordered = sorted(set(keys))
    with speaking(path):
        try:
            with tarfile.open(temporary, "x", format=tarfile.PAX_FORMAT) as archive:
                for key in ordered:
                    store.verify(key)
                    _pack(archive, key, store.find(key))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return {"entries": len(ordered), "bytes": path.stat().st_size}


def _pack(archive: tarfile.TarFile, key: str, folder: Path) -> None:
    payloads = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    for file in [folder / MANIFEST, *payloads]:  # the manifest first: a reader knows what to expect
        member = tarfile.TarInfo(f"{key[:2]}/{key}/{file.relative_to(folder).as_posix()}")
        member.size, member.mode = file.stat().st_size, 0o644  # no owner, no time: they are nobody's business
        with file.open("rb") as content:
            archive.addfile(member, content)


def import_(store: Store, path: Path) -> dict[str, int]:
    """Read entries from a tar into our own store; each is let in only if its hashes are those of its manifest.

    Returns
    -------
    dict
        ``imported`` and ``present`` (entries that were there already).

    Raises
    ------
    StoreError
        If the archive holds anything but whole entries: links, devices, names that lead elsewhere, files that do not
        fit their manifest (``E-STORE-ARCHIVE``). What was let in before that stays.
    """
    counts = {"imported": 0, "present": 0}
    with speaking(path), Path(path).open("rb") as file:
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for key, members in _entries(archive, path):
                    counts["present" if store.has(key) else "imported"] += 1
                    _take_in(store, archive, key, members, path)
        except (tarfile.TarError, EOFError, UnicodeError) as error:
            raise _refusal(path, f"it is no tar that can be read: {error}") from error
    return counts


def _refusal(path: Path, what: str) -> StoreError:
    remedy = "Make it again with `neurocli cache export`, and take archives only from people you trust."
    return StoreError(f"The archive is refused: {what}.", code="E-STORE-ARCHIVE", where=str(path), remedy=remedy)


Members = dict[str, tarfile.TarInfo]


def _entries(archive: tarfile.TarFile, path: Path) -> Iterator[tuple[str, Members]]:
    """Give key and members of each entry; the members of one lie together, its manifest first."""
    current, members, seen = "", Members(), set[str]()
    for member in archive:
        match = MEMBER.fullmatch(member.name)
        if not match or not _is_plain(member):
            raise _refusal(path, f"{member.name!r} is no file of an entry")
        key, name = match[2], match[3]
        if key != current:
            if members:
                yield current, members
            if key in seen:
                raise _refusal(path, f"the entry {key} comes in parts")
            current, members = key, Members()
            seen.add(key)
        if name in members:
            raise _refusal(path, f"{member.name!r} comes twice")
        members[name] = member
    if members:
        yield current, members


def _is_plain(member: tarfile.TarInfo) -> bool:
    parts = member.name.split("/")
    return member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not (
        member.issparse() or "\0" in member.name or {"", ".", ".."} & set(parts)
    )


def _take_in(store: Store, archive: tarfile.TarFile, key: str, members: Members, path: Path) -> None:
    if store.has(key):
        return
    manifest = _manifest(archive, key, members, path)
    with speaking(store.root), store.building(key) as folder:
        for name, stamp in _expected(manifest, path).items():
            member = members.pop(name, None)
            if member is None or member.size != stamp.get("size"):
                raise _refusal(path, f"{key}/{name} is not there, or not of the size in its manifest")
            with _content(archive, member) as content:
                _unpack(content, Path(folder, name), stamp, path)
        if members:
            raise _refusal(path, f"{key} has files that its manifest does not name: {', '.join(sorted(members))}")
        with HashedFile(f"{folder}/{MANIFEST}") as file:
            file.write(json.dumps(manifest, ensure_ascii=False).encode())
        sync_folder(folder)
        store.publish(folder, key)


def _manifest(archive: tarfile.TarFile, key: str, members: Members, path: Path) -> dict[str, Any]:
    member = members.pop(MANIFEST, None)
    if member is None or member.size > 64 * CHUNK:
        raise _refusal(path, f"{key} has no manifest")
    try:
        with _content(archive, member) as content:
            manifest = json.loads(content.read())
        ours = manifest["key"] == key and manifest["payload"]["name"] in ("payload.safetensors", "payload.json")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refusal(path, f"the manifest of {key} cannot be read") from error
    if not ours:
        raise _refusal(path, f"the manifest of {key} is of another entry")
    return dict(manifest)


def _expected(manifest: dict[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    payload, files = manifest["payload"], manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(stamp, dict) for stamp in files.values()):
        raise _refusal(path, f"the manifest of {manifest['key']} cannot be read")
    return {payload["name"]: payload, **{f"files/{name}": stamp for name, stamp in files.items()}}


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    assert content is not None  # it is a regular file
    return content


def _unpack(content: IO[bytes], target: Path, stamp: dict[str, Any], path: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with HashedFile(str(target)) as file:
        while block := content.read(CHUNK):
            file.write(block)
    if file.stamp()["blake2b"] != stamp.get("blake2b"):
        raise _refusal(path, f"{target.name} does not have the hash in its manifest")
