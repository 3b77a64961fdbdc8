"""One payload file: safetensors where there are arrays, JSON where there are none; NumPy only for arrays."""

from __future__ import annotations

import errno
import json
import mmap
import os
import resource
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ._files import HashedFile

if TYPE_CHECKING:
    import numpy as np

    from ..data.lazy import Lazy

TENSORS, DOCUMENT = "payload.safetensors", "payload.json"
MAX_HEADER = 1 << 30  # sample tables lie in the header; beyond this it is no header
# safetensors name -> NumPy's little-endian name
DTYPES = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4", "I64": "<i8",
    "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
NAMES = {numpy_name: name for name, numpy_name in DTYPES.items()}


def corrupt(where: str | Path, what: str) -> StoreError:
    """Return the error of a file that is not what was written."""
    remedy = "Run `neurocli cache verify --repair`; the next run makes it anew."
    return StoreError(f"The entry is corrupted: {what}.", code="E-STORE-CORRUPT", where=str(where), remedy=remedy)


def save(folder: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Write the payload of a new entry; equal input gives equal bytes.

    Returns
    -------
    dict
        ``name``, ``size`` and ``blake2b`` of the file.
    """
    name = TENSORS if arrays else DOCUMENT
    with HashedFile(f"{folder}/{name}") as file:
        if arrays:
            _write_tensors(file, arrays, _dumps(meta))
        else:
            file.write(_dumps(meta).encode())
    return {"name": name, **file.stamp()}


def _dumps(meta: Mapping[str, Any]) -> str:
    return json.dumps(meta, ensure_ascii=False, separators=(",", ":"), default=_scalar)


def _scalar(value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()  # a NumPy scalar
    raise TypeError(f"{type(value).__name__} is nothing that JSON can say: {value!r}")


def _write_tensors(file: HashedFile, arrays: Mapping[str, np.ndarray], meta: str) -> None:
    import numpy as np

    ordered = {name: _encodable(name, array) for name, array in arrays.items()}
    # wide types first, so that every array is aligned without holes, which the format forbids
    names = sorted(ordered, key=lambda name: (-ordered[name].dtype.itemsize, name))
    header: dict[str, Any] = {"__metadata__": {"neurocli": meta}}  # one key: the format's map has no stable order
    end = 0
    for name in names:
        begin, end = end, end + ordered[name].nbytes
        shape, dtype = list(ordered[name].shape), NAMES[ordered[name].dtype.str]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for name in names:
        for block in _blocks(ordered[name]):
            file.write(block.reshape(-1).view(np.uint8) if block.size else b"")


def _blocks(array: np.ndarray | Lazy) -> Iterable[np.ndarray]:
    """Return an array in contiguous parts: one where it is there, many where it is made by looking at it."""
    import numpy as np

    return (array,) if isinstance(array, np.ndarray) else map(np.ascontiguousarray, array.blocks())


def _encodable(name: str, array: Any) -> np.ndarray | Lazy:
    import numpy as np

    from ..data.lazy import Lazy

    array = array if isinstance(array, Lazy) else np.asarray(array)
    little = array.dtype.newbyteorder("<")
    if name == "__metadata__" or little.str not in NAMES:
        hint = " Keep the real and the imaginary part as two arrays." if array.dtype.kind == "c" else ""
        possible = "bool, integers of 8 to 64 bits and floats of 16 to 64 bits"
        raise StoreError(
            f"The array {name!r} of type {array.dtype} cannot be stored; possible are {possible}.{hint}",
            code="E-STORE-DTYPE",
        )
    if isinstance(array, Lazy):
        return array
    return np.ascontiguousarray(array, dtype=little).reshape(array.shape)


def load(path: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays, memory-mapped and read-only, and the metadata of a payload file."""
    if path.endswith(DOCUMENT):
        return {}, load_meta(path)
    import numpy as np

    if os.stat(path).st_size < 8:  # noqa: PTH116  what is empty cannot be mapped
        raise corrupt(path, "it is cut off")
    try:
        data = _mapped(path)
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        _raise_file_limit()
        data = _mapped(path)
    header, start = _header(data, path)
    meta = _meta(header, path)
    _check_layout(header, len(data) - start, path)
    return {name: _view(np, data, start, entry) for name, entry in header.items()}, meta


def _mapped(path: str) -> mmap.mmap:
    with Path(path).open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _raise_file_limit() -> None:
    # each mapping keeps a descriptor: a cohort of a thousand recordings passes the usual soft limit of 1,024
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def load_meta(path: str) -> dict[str, Any]:
    """Return the metadata of a payload file; NumPy is not needed."""
    with Path(path).open("rb") as file:
        if path.endswith(DOCUMENT):
            return _object(file.read(), path)
        header, _ = _header(file, path)
    return _meta(header, path)


def _view(np: Any, data: mmap.mmap, start: int, entry: dict[str, Any]) -> Any:
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), entry["shape"]
    return np.frombuffer(data, dtype, prod(shape), start + entry["data_offsets"][0]).reshape(shape)


def _header(file: Any, path: str) -> tuple[dict[str, Any], int]:
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, MAX_HEADER):
        raise corrupt(path, "its header reaches beyond its end")
    return _object(file.read(length), path), 8 + length


def _object(text: bytes, path: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise corrupt(path, "its header is no JSON") from error
    if not isinstance(value, dict):
        raise corrupt(path, "its header is no mapping")
    return value


def _meta(header: dict[str, Any], path: str) -> dict[str, Any]:
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or not isinstance(metadata.get("neurocli"), str):
        raise corrupt(path, "its metadata are missing")
    return _object(metadata["neurocli"].encode(), path)


def _check_layout(header: dict[str, Any], n_bytes: int, path: str) -> None:
    spans = sorted(_span(name, entry, path) for name, entry in header.items())
    edges = [(0, 0), *spans, (n_bytes, n_bytes)]
    if any(before[1] != after[0] for before, after in pairwise(edges)):
        raise corrupt(path, "its arrays overlap or leave holes")


def _span(name: str, entry: Any, path: str) -> tuple[int, int]:
    try:
        dtype, shape, (begin, end) = DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
        whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in [*shape, begin, end])
        fits = whole and prod(shape) * int(dtype[2:]) == end - begin
    except (TypeError, KeyError, ValueError) as error:
        raise corrupt(path, f"the array {name!r} is not described") from error
    if not fits:
        raise corrupt(path, f"the array {name!r} does not fit its place")
    return begin, end
