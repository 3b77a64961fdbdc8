"""Arrays that are read when they are looked at, so that memory is bounded by what is looked at.

A long recording is a `Series` on its file and its epochs are `Windows` of that; the store writes both block by block.
Whatever knows plain arrays alone is given one by `plain`, in a file of its own where it is large.
"""

from __future__ import annotations

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..errors import StoreError

LAZY = 2**26  # bytes from which on an array is not made before somebody looks
LARGE = 2**29  # bytes from which on a plain array lies in a file, which the system may write out and drop
BLOCK = 2**22  # bytes that are read at a time
_FOLDER: ContextVar[str | None] = ContextVar("folder of large arrays", default=None)
Read = Callable[[np.ndarray, int, int], np.ndarray]
Change = Callable[[np.ndarray], np.ndarray]


class Lazy(ABC):
    """What a plain array tells of itself, and its values in blocks along the first axis."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any] = np.dtype(np.float64)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the plain array."""
        return prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        del copy  # it is always one
        return np.asarray(plain(self), dtype=dtype)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield consecutive parts along the first axis, each of about `BLOCK` bytes or one entry."""
        step = max(1, BLOCK // max(1, self.nbytes // max(1, len(self))))
        return (self[start : start + step] for start in range(0, len(self), step))

    @abstractmethod
    def __getitem__(self, index: Any) -> np.ndarray:
        """Return a plain array."""


class Series(Lazy):
    """Channels of a recording that stay in their file.

    Parameters
    ----------
    read : callable
        Given row numbers and a span of samples, returns float64 values, shape (n_rows, n_samples).
    shape : (n_channels, n_times)
        Of the whole.
    rows : array of int, optional
        Which rows of the file are our channels; all by default.
    """

    def __init__(self, read: Read, shape: tuple[int, int], rows: np.ndarray | None = None) -> None:
        self._read, self._rows = read, np.arange(shape[0]) if rows is None else rows
        self.shape: tuple[int, int] = (len(self._rows), shape[1])

    def __getitem__(self, index: Any) -> np.ndarray:
        rows, times = index if isinstance(index, tuple) else (index, slice(None))
        start, stop, _ = times.indices(self.shape[1])
        picked = self._rows[rows]
        found = self._read(np.atleast_1d(picked), start, stop)
        return found if np.ndim(picked) else found[0]

    def spans(self) -> Iterator[np.ndarray]:
        """Yield all channels of consecutive spans, each of about `BLOCK` bytes."""
        step = max(1, BLOCK // max(1, 8 * self.shape[0]))
        return (self[:, start : start + step] for start in range(0, self.shape[1], step))

    def picked(self, picks: Sequence[int]) -> Series:
        """Return the channels at `picks`."""
        return Series(self._read, self.shape, self._rows[list(picks)])

    def scaled(self, factors: np.ndarray) -> Series:
        """Return each channel times its factor, shape (n_channels,)."""
        place = {row: i for i, row in enumerate(self._rows.tolist())}

        def read(rows: np.ndarray, start: int, stop: int) -> np.ndarray:
            values = self._read(rows, start, stop)
            values *= factors[[place[row] for row in rows.tolist()], None]
            return values

        return Series(read, self.shape, self._rows)


def series(read: Read, shape: tuple[int, int]) -> Any:
    """Return the channels of a file: a long recording as a `Series`, a short one read at once."""
    if 8 * prod(shape) >= LAZY:
        return Series(read, shape)
    return read(np.arange(shape[0]), 0, shape[1])


class Windows(Lazy):
    """Epochs of equal length, cut out of a recording when they are looked at.

    Parameters
    ----------
    source : array or Series, shape (n_channels, n_times)
        The recording.
    start : array of int, shape (n_epochs,)
        First sample of each.
    n_times : int
        Samples an epoch.
    change : callable, optional
        What is done to each epoch, shape (n_channels, n_times), after it was cut.
    """

    def __init__(self, source: Any, start: np.ndarray, n_times: int, change: Change | None = None) -> None:
        self._source, self._start, self._change, self.dtype = source, start, change, source.dtype
        self.shape = (len(start), source.shape[0], n_times)

    def __getitem__(self, index: Any) -> np.ndarray:
        start = self._start[index]
        if np.ndim(start) == 0:
            epoch = np.asarray(self._source[:, start : start + self.shape[-1]])
            return self._change(epoch) if self._change else epoch
        out = np.empty((len(start), *self.shape[1:]), self.dtype)
        for i, place in enumerate(np.arange(len(self))[index]):
            out[i] = self[place]
        return out

    def taken(self, index: np.ndarray) -> Windows:
        """Return the epochs at `index`."""
        return Windows(self._source, self._start[index], self.shape[-1], self._change)

    def changed(self, change: Change) -> Windows:
        """Return the epochs with something done to each."""
        return Windows(self._source, self._start, self.shape[-1], change)


class Pieces(Lazy):
    """An array of which the parts along the first axis lie somewhere else.

    Parameters
    ----------
    part : callable
        Given its number, returns a part.
    n_parts : int
        How many there are.
    n : int
        Their length in all.
    """

    def __init__(self, part: Callable[[int], np.ndarray], n_parts: int, n: int) -> None:
        first = part(0)
        self._part, self._n_parts = part, n_parts
        self.shape, self.dtype = (n, *first.shape[1:]), first.dtype

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the parts."""
        return (self._part(i) for i in range(self._n_parts))

    def __getitem__(self, index: Any) -> np.ndarray:
        return np.asarray(plain(self)[index])


def empty(shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """Return a new array; a large one lies in a file without a name, which goes when the array does."""
    dtype = np.dtype(dtype)
    n_bytes = prod(shape) * dtype.itemsize
    if n_bytes < LARGE:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(dir=_FOLDER.get()) as file:
        _reserve(file.fileno(), n_bytes)
        return np.memmap(file, dtype, "w+", shape=shape)


def _reserve(fd: int, n_bytes: int) -> None:
    """Take the room on the disk now: to run out of it while writing to memory is a signal that kills."""
    try:
        os.posix_fallocate(fd, 0, n_bytes)
    except OSError as error:
        remedy = "Free some space, or put the store on a larger disk with --store."
        message = f"{n_bytes / 1e9:.1f} GB for a long recording do not fit on the disk: {error.strerror}."
        raise StoreError(message, code="E-STORE-FULL", where=_FOLDER.get(), remedy=remedy) from error


def plain(x: Any) -> Any:
    """Return an array with the values of `x`; what is no `Lazy` is returned as it is."""
    if not isinstance(x, Lazy):
        return x
    out, start = empty(x.shape, x.dtype), 0
    for block in x.blocks():
        out[start : start + len(block)] = block
        start += len(block)
    return out


Signal = TypeVar("Signal")


def settled(data: Signal) -> Signal:
    """Return the recording or epochs with a plain array in place of a `Lazy`."""
    x = getattr(data, "data", None)
    return replace(data, data=plain(x)) if isinstance(x, Lazy) else data  # type: ignore[type-var]


@contextmanager
def lying_in(folder: Path) -> Iterator[None]:
    """Put the files of large arrays into a folder for the time of the block."""
    token = _FOLDER.set(str(folder))
    try:
        yield
    finally:
        _FOLDER.reset(token)
