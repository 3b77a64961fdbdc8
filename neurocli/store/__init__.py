"""The content-addressed cache and the ledger.

``root/ab/abcd.../`` holds one payload and ``manifest.json``. An entry is made under a temporary name in the same file
system, its manifest last, and appears by one rename; so a folder with a manifest is whole. Loading this module costs
the standard library only.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .. import __version__
from ..errors import StoreError
from . import _format, _roots
from ._files import HashedFile, copy_tree, hash_of, speaking, store_error, sync_folder, write_whole
from ._locks import UnsupportedError, guarded, locked
from ._payloads import corrupt, load, load_meta, save
from .whole import MANIFEST, PAYLOADS, sizes_match, whole_among

if TYPE_CHECKING:
    import numpy as np

    from .quota import Room

KEY = re.compile(r"[0-9a-f]{64}")
ATTEMPTS = 100  # an entry that is replaced faster than it can be read, so often, is no use case
Read = TypeVar("Read")
HOST = re.sub(r"[^A-Za-z0-9]", "-", socket.gethostname())


class Store:
    """A store of payloads by key, with read-only stores behind it.

    Parameters
    ----------
    root : Path
        The folder; made when the first entry is written.
    upstream : sequence of Path
        Stores that are read where `root` has no entry, and never written.
    quota : int, optional
        The most bytes that `root` may hold; by default what its file ``quota`` says.

    Attributes
    ----------
    counts : Counter
        ``duplicates`` (entries that another process wrote first) and ``unclaimed`` (units computed without a lock).

    Raises
    ------
    StoreError
        If a store has another format (``E-STORE-FORMAT``), or the system refuses (``E-STORE-PERMISSION``, ...).
    """

    def __init__(self, root: Path, upstream: Sequence[Path] = (), quota: int | None = None) -> None:
        self.root, self.upstream, self._quota = Path(root), tuple(Path(path) for path in upstream), quota
        self.counts: Counter[str] = Counter()
        self._places = tuple(os.fspath(path) for path in (self.root, *self.upstream))
        self._ready = False
        for path in (self.root, *self.upstream):
            with speaking(path):
                _format.check(path, writable=path == self.root)

    @cached_property
    def room(self) -> Room:
        """What keeps this process to the quota."""
        from . import quota

        return quota.Room(self, quota.read(self.root) if self._quota is None else self._quota)

    # reading

    def has(self, key: str) -> bool:
        """Return whether there is a whole entry: a manifest, and files of the sizes it names."""
        return any(sizes_match(_folder(place, key)) for place in self._places)

    def among(self, keys: Iterable[str]) -> set[str]:
        """Return which of many keys have a whole entry: what `has` says, for less than asking each."""
        wanted = [key for key in keys if KEY.fullmatch(key)]
        found: set[str] = set()
        for place in self._places:
            found |= whole_among(place, (key for key in wanted if key not in found))
        return found

    def find(self, key: str) -> Path:
        """Return the folder of a whole entry, our own before those of upstream stores.

        Raises
        ------
        StoreError
            If there is none (``E-STORE-MISSING``), or it is damaged (``E-STORE-CORRUPT``).
        """
        folders = [_folder(place, key) for place in self._places]
        for folder in folders:
            if sizes_match(folder):
                return Path(folder)
        for folder in folders:
            if Path(folder).is_dir():
                raise corrupt(folder, "its files do not have the sizes of its manifest")
        raise StoreError(
            f"The store has no entry {key}.",
            code="E-STORE-MISSING",
            where=str(self.root),
            remedy="Run the pipeline again; it makes what is missing.",
        )

    def manifest(self, key: str) -> dict[str, Any]:
        """Return what is known of an entry: its files, recipe, cost and when it was made."""
        return _read_manifest(self.find(key))

    def read(self, key: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the arrays of an entry, memory-mapped and read-only, and its metadata."""
        return self._steadily(key, load)

    def read_json(self, key: str) -> dict[str, Any]:
        """Return the metadata of an entry alone; NumPy is not needed."""
        return self._steadily(key, load_meta)

    def files(self, key: str) -> Path:
        """Return the ``files/`` tree of an entry; it may not be written to."""
        return self.find(key) / "files"

    def _steadily(self, key: str, reader: Callable[[str], Read]) -> Read:
        """Read a payload; again, where its folder went or was replaced meanwhile, which looks like damage."""
        for _ in range(ATTEMPTS):
            before = self._identities(key)
            try:
                return self._read_once(key, reader)
            except StoreError as error:
                is_there = any(before) and self._identities(key) == before
                if is_there or error.code not in ("E-STORE-CORRUPT", "E-STORE"):
                    raise
        return self._read_once(key, reader)

    def _read_once(self, key: str, reader: Callable[[str], Read]) -> Read:
        folder = self.find(key)
        path = str(folder / _read_manifest(folder)["payload"]["name"])
        with speaking(path):
            return reader(path)

    def _identities(self, key: str) -> list[tuple[int, int] | None]:
        return [_identity(_folder(place, key)) for place in self._places]

    # writing

    def write(
        self,
        key: str,
        arrays: Mapping[str, np.ndarray],
        meta: Mapping[str, Any],
        recipe: Mapping[str, Any],
        files: Path | None = None,
        cost: Mapping[str, float] | None = None,
        *,
        replace: bool = False,
    ) -> dict[str, Any]:
        """Write an entry whole, or not at all, and return its manifest.

        Where another process has written the key meanwhile, its entry stays (unless `replace`) and ours is counted as
        a duplicate. A damaged entry is set aside.

        Parameters
        ----------
        key : str
            64 hexadecimal digits.
        arrays : mapping of str to array
            Booleans, integers or floats of any shape; without any, the payload is JSON.
        meta : mapping
            What JSON can say, read back by `read` and `read_json`.
        recipe : mapping
            What the key was made of, for people and `why`.
        files : Path, optional
            A tree to copy beside the payload; links in it are followed.
        cost : mapping, optional
            ``wall_s``, ``cpu_s``, ``peak_rss_bytes``.
        """
        self.room.make(sum(array.nbytes for array in arrays.values()) + _bytes_of(files))
        with speaking(self.root), self.building(key) as folder:
            manifest = self._build(folder, key, arrays, meta, files) | {"recipe": recipe, "cost": cost or {}}
            self._finish(folder, manifest)
            self.publish(folder, key, replace=replace)
        return manifest

    def _build(
        self, folder: str, key: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], files: Path | None
    ) -> dict[str, Any]:
        return {
            "format": _format.FORMAT,
            "key": key,
            "payload": save(folder, arrays, meta),
            "files": copy_tree(files, Path(folder, "files")) if files else {},
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "neurocli": __version__,
        }

    def _finish(self, folder: str, manifest: dict[str, Any]) -> None:
        with HashedFile(f"{folder}/{MANIFEST}") as file:
            file.write(json.dumps(manifest, ensure_ascii=False).encode())
        sync_folder(folder)

    @contextmanager
    def building(self, key: str) -> Iterator[str]:
        """Give a temporary folder in the file system of the store; what is left of it afterwards is removed."""
        self._prepare()
        folder = f"{self.root}/tmp/{key[:8]}.{HOST}.{os.getpid()}.{os.urandom(4).hex()}"
        Path(folder).mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, folder: str, key: str, *, replace: bool = False) -> bool:
        """Rename a finished folder to its place; False where an equal entry was there first."""
        target = self._own(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        while not _renamed(folder, target):
            if not replace and sizes_match(str(target)):
                self.counts["duplicates"] += 1
                return False
            self.set_aside(key)
        sync_folder(target.parent)
        return True

    def set_aside(self, key: str) -> None:
        """Move an entry to ``quarantine/``, where people can look at it and `gc` removes it."""
        self._prepare()
        name = f"{key}.{time.time_ns()}.{os.getpid()}"
        try:
            self._own(key).rename(self.root / "quarantine" / name)
        except FileNotFoundError:
            pass  # somebody else did

    def remove(self, key: str) -> bool:
        """Remove an entry of our own at once; a reader that has it mapped keeps its bytes."""
        with speaking(self.root), self.building(key) as folder:
            try:
                self._own(key).rename(f"{folder}/entry")
            except FileNotFoundError:
                return False
        return True

    def _own(self, key: str) -> Path:
        return Path(_folder(os.fspath(self.root), key))

    def _prepare(self) -> None:
        if not self._ready:
            for name in ("tmp", "locks", "roots", "quarantine"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            _format.mark(self.root)
            self._ready = True

    # claims, checks and references

    @contextmanager
    def claim(self, key: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold the right to compute a unit; ask `has` again inside, for another process may just have finished.

        Gives False where another process holds it and `wait` is False. Where the file system cannot lock, every
        claim is granted and counted: the same unit computed twice gives the same entry.
        """
        with speaking(self.root):
            self._prepare()
        lock = locked(f"{self.root}/locks/{key}", wait=wait)
        try:
            with speaking(self.root):
                held = lock.__enter__()
        except UnsupportedError:
            self.counts["unclaimed"] += 1
            yield True
            return
        try:
            yield held
        finally:
            lock.__exit__(None, None, None)

    def verify(self, key: str) -> None:
        """Read an entry and compare its hashes with its manifest.

        Raises
        ------
        StoreError
            If they differ (``E-STORE-CORRUPT``).
        """
        folder = self.find(key)
        manifest = _read_manifest(folder)
        payload = manifest["payload"]
        stamps = {payload["name"]: payload, **{f"files/{name}": stamp for name, stamp in manifest["files"].items()}}
        for name, stamp in stamps.items():
            with speaking(folder / name):
                if hash_of(folder / name) != stamp["blake2b"]:
                    raise corrupt(folder / name, "its hash is not the one in its manifest")
        with speaking(folder):
            load(str(folder / payload["name"]))

    def repair(self, key: str) -> bool:
        """Set an entry of our own aside if it is damaged, so that the next run makes it anew; True if it was."""
        try:
            self.verify(key)
        except StoreError as error:
            if error.code != "E-STORE-CORRUPT":
                raise
            with speaking(self.root):
                self.set_aside(key)
            return True
        return False

    def roots(
        self,
        run_id: str,
        keys: Mapping[str, str] | Iterable[str],
        out: Path,
        *,
        spare: Iterable[str] = (),
        running: Any = None,
    ) -> None:
        """Remember what a run refers to, and where its output folder is, so that `gc` keeps it.

        Parameters
        ----------
        keys : mapping of str to str, or iterable of str
            Name of a unit -> key; a key alone is its own name.
        spare : iterable of str
            Those of the keys that another configuration of the same pipeline has no use for.
        running : dict, optional
            Who is at work (`ledger.writer`), or anything else that says so; what it refers to is kept until it ends.
        """
        with speaking(self.root):
            self._prepare()
            with guarded(self.root):
                write_whole(_roots.path_of(self.root, run_id), _roots.written(keys, out, spare, running))

    def forget(self, run_id: str) -> None:
        """Take back what `roots` remembers of a run."""
        with speaking(self.root):
            _roots.path_of(self.root, run_id).unlink(missing_ok=True)

    def rooted(self, run_id: str) -> tuple[dict[str, str], set[str]]:
        """Return the keys by name, and the spare ones, that an earlier run referred to; none where there was none."""
        return _roots.read(_roots.path_of(self.root, run_id))


def _folder(place: str, key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key: 64 hexadecimal digits are.")
    return f"{place}/{key[:2]}/{key}"


def _bytes_of(files: Path | None) -> int:
    return sum(path.stat().st_size for path in files.rglob("*") if path.is_file()) if files else 0


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = Path(folder).stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["key"] != folder.name or manifest["payload"]["name"] not in PAYLOADS:
            raise corrupt(path, "its manifest is of another entry")
    except OSError as error:
        raise store_error(error, path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise corrupt(path, "its manifest is no manifest") from error
    return dict(manifest)


def _renamed(folder: str, target: Path) -> bool:
    try:
        Path(folder).rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True
