"""The engine: chunks of epochs, each shared quantity once a chunk, one thread a kernel.

What a value is depends on its epoch alone, so neither the size of the chunks nor the number of threads changes a bit.
"""

from __future__ import annotations

import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from ..data.features import Block
from ..errors import InputError, UsageError, unknown
from . import catalogue
from ._range import brought_back, shifted, shifts
from .define import BACKENDS
from .memo import Memo, preload
from .requests import Request, columns, prepare

CHUNK_SAMPLES = 2**19  # 2 MiB of float32: with what is made of it, about what a core's L2 cache holds
Asked = Sequence[tuple[str, Mapping[str, Any]]]
Progress = Callable[[int, int], None]
Span = tuple[int, int]


def compute(
    x: np.ndarray,
    sfreq: float,
    requests: Asked,
    *,
    ch_names: Sequence[str],
    backend: str = "cpu",
    dtype: Any = None,
    n_threads: int = 1,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> list[Block]:
    """Compute features of epochs.

    Parameters
    ----------
    x : array, shape (n_epochs, n_channels, n_times)
        Signal; may be memory-mapped, only one chunk a thread is read at a time. Left alone.
    sfreq : float
        Sampling frequency, in Hz.
    requests : sequence of (name, settings)
        Features, each with the settings that differ from the default.
    ch_names : sequence of str
        Names of the channels.
    backend : {"reference", "cpu", "cuda"}
        Which of equal definitions computes.
    dtype : dtype, optional
        ``float32`` or ``float64``; by default that of `x`. The reference always computes in float64.
    n_threads : int
        Chunks at once.
    chunk : int, optional
        Epochs a chunk; by default as many as stay in the cache.
    progress : callable, optional
        Called with (epochs done, epochs in all) after each chunk.

    Returns
    -------
    blocks : list of Block
        One a request, in order. Where the signal has NaN or Inf, so has the feature NaN: in that channel for features
        of one channel, in that epoch for all others.

    Raises
    ------
    ConfigError
        For an unknown feature or setting.
    InputError
        For no epochs, too few samples or channels, or settings that the signal cannot satisfy.
    MissingError
        If a GPU is asked for and there is none (``E-ENVIRONMENT-GPU``), or no compiler for it
        (``E-ENVIRONMENT-TRITON``).
    """
    engine = ready(x, sfreq, requests, ch_names=ch_names, backend=backend, dtype=dtype, chunk=chunk)
    return gathered(engine, n_threads, progress)


def gathered(engine: Engine, n_threads: int = 1, progress: Progress | None = None) -> list[Block]:
    """Return the blocks of all epochs, each chunk written where it belongs."""
    whole: list[np.ndarray] = []
    n, spans = len(engine.x), engine.spans(engine.chunk)
    for (start, stop), values in zip(spans, engine.each(spans, n_threads), strict=True):
        if not whole:
            whole = [np.empty((n, *value.shape[1:]), value.dtype) for value in values]
        for target, value in zip(whole, values, strict=True):
            target[start:stop] = value
        if progress:
            progress(stop, n)
    return engine.blocks(whole)


@dataclass(frozen=True)
class Engine:
    """What is asked of the epochs of one signal, checked, and ready for any span of them.

    Parameters
    ----------
    x, sfreq, ch_names, backend
        As of `compute`.
    dtype : dtype
        In which is computed.
    requests : list of Request
        Complete.
    chunk : int
        Epochs that are computed together.
    """

    x: np.ndarray
    sfreq: float
    ch_names: tuple[str, ...]
    backend: str
    dtype: np.dtype[Any]
    requests: list[Request]
    chunk: int

    def spans(self, length: int) -> list[Span]:
        """Return the epochs as spans (first, behind the last) of a length; the last may be shorter."""
        return [(start, min(start + length, len(self.x))) for start in range(0, len(self.x), length)]

    def values(self, span: Span) -> list[np.ndarray]:
        """Return the values of each request for a span of epochs, chunk by chunk."""
        starts = range(*span, self.chunk)
        chunks = [self._chunk((start, min(start + self.chunk, span[1]))) for start in starts]
        return chunks[0] if len(chunks) == 1 else [np.concatenate(values) for values in zip(*chunks, strict=True)]

    def each(self, spans: Sequence[Span], n_threads: int = 1) -> Iterator[list[np.ndarray]]:
        """Yield the values of each span, in order; several are computed at a time, each on one thread."""
        with one_thread_a_kernel():
            yield from _in_order(self.values, spans, 1 if self.backend == "cuda" else n_threads)

    def blocks(self, values: Sequence[Any]) -> list[Block]:
        """Return one block a request, with names and unit."""
        names = [columns(request, self.ch_names) for request in self.requests]
        return [Block(r.label, v, name, r.unit) for r, v, name in zip(self.requests, values, names, strict=True)]

    @cached_property
    def _feeder(self) -> Any:
        from .cuda._chunks import Feeder
        from .cuda._jit import device

        return Feeder(self.x, self.dtype, self.chunk, device())

    def _chunk_on_gpu(self, span: Span) -> list[np.ndarray]:
        """Return the values for one chunk, the next one travelling meanwhile."""
        from .cuda._chunks import on_host, shifted_on_device
        from .cuda._memo import DeviceMemo

        part, bad = self._feeder.take(span)
        part, shift = shifted_on_device(part) if self._may_shift else (part, None)
        memo = DeviceMemo(part, self.sfreq, self.ch_names)
        values = [memo.feature(request) for request in self.requests]
        self._feeder.ahead(span[1])
        blank, moved = bad.cpu().numpy(), None if shift is None else shift.cpu().numpy()
        arrays = zip(self.requests, on_host(values, self.dtype), strict=True)
        return [self._finished(value, request, part.shape, blank, moved) for request, value in arrays]

    def _chunk(self, span: Span) -> list[np.ndarray]:
        if self.backend == "cuda":
            return self._chunk_on_gpu(span)
        part, bad = _finite(self.x[slice(*span)], self.dtype)
        shift = shifts(part) if self._may_shift else None
        memo = Memo(shifted(part, shift), self.sfreq, self.ch_names, self.backend)
        made = ((request, memo.feature(request)) for request in self.requests)
        return [self._finished(value, request, part.shape, bad, shift) for request, value in made]

    @cached_property
    def _may_shift(self) -> bool:
        """Whether all features are ours, which are under the law that their unit says how they scale."""
        return all(request.feature.name in catalogue.index()["features"] for request in self.requests)

    def _finished(
        self, value: np.ndarray, request: Request, shape: tuple[int, ...], bad: np.ndarray, shift: np.ndarray | None
    ) -> np.ndarray:
        blanked = _blanked(_shaped(value, request, shape), request, bad, self.dtype)
        return brought_back(blanked, request.unit, shift)


def ready(
    x: np.ndarray,
    sfreq: float,
    requests: Asked,
    *,
    ch_names: Sequence[str],
    backend: str = "cpu",
    dtype: Any = None,
    chunk: int | None = None,
) -> Engine:
    """Return the engine for epochs; parameters and errors are those of `compute`."""
    _check_signal(x, sfreq, ch_names)
    within = _dtype(x, dtype, backend)
    asked = prepare(requests, x.shape, sfreq, ch_names)
    for request in asked:
        preload(backend, request)
    if backend == "cuda":
        _say_what_stays(asked)
    size = chunk or max(1, _chunk_samples(backend) // max(1, x.shape[1] * x.shape[2]))
    return Engine(x, sfreq, tuple(ch_names), backend, within, asked, size)


def _check_signal(x: np.ndarray, sfreq: float, ch_names: Sequence[str]) -> None:
    if x.ndim != 3 or x.shape[1] != len(ch_names):
        shape = f"{x.shape}, with {len(ch_names)} channel names"
        raise InputError(
            f"Epochs have the shape (n_epochs, n_channels, n_times); got {shape}.", code="E-FEATURES-SHAPE"
        )
    if 0 in x.shape:
        raise InputError(
            f"There is nothing to compute from: {x.shape[0]} epochs, {x.shape[1]} channels, {x.shape[2]} samples.",
            code="E-FEATURES-EMPTY",
            remedy="See what `pick`, `epoch` and the rejection of epochs left over.",
        )
    if not (np.isfinite(sfreq) and sfreq > 0):
        raise InputError(f"The sampling frequency is {sfreq!r} Hz.", code="E-FEATURES-SFREQ")


def _dtype(x: np.ndarray, dtype: Any, backend: str) -> np.dtype[Any]:
    if backend not in BACKENDS:
        raise UsageError(unknown("backend", backend, BACKENDS), code="E-USAGE-BACKEND")
    if backend == "cuda":
        _check_gpu()
    if backend == "reference":
        return np.dtype(np.float64)
    wanted = np.dtype(dtype) if dtype is not None else x.dtype
    return wanted if wanted in (np.float32, np.float64) else np.dtype(np.float64)


def _check_gpu() -> None:
    from .cuda._jit import device

    device()


def _chunk_samples(backend: str) -> int:
    if backend != "cuda":
        return CHUNK_SAMPLES
    from .cuda._chunks import CHUNK_SAMPLES as ON_GPU

    return ON_GPU


def _say_what_stays(requests: Sequence[Request]) -> None:
    """Warn, once for each set of them, of features that have no function for the GPU."""
    twins = {request.feature.name: catalogue.twin("cuda", request.feature.name, request.given) for request in requests}
    stay = sorted(name for name, twin in twins.items() if twin is None or twin.backend != "cuda")
    if stay:
        warnings.warn(f"Computed on the processor, for want of a GPU kernel: {', '.join(stay)}.", stacklevel=4)


def _in_order(
    work: Callable[[Span], list[np.ndarray]], spans: Sequence[Span], n_threads: int
) -> Iterator[list[np.ndarray]]:
    """Yield the results in order; no more are begun than threads can soon take, so that few wait in memory."""
    if n_threads <= 1:
        yield from map(work, spans)
        return
    waiting, left = deque[Future[list[np.ndarray]]](), iter(spans)
    pool = ThreadPoolExecutor(n_threads)
    try:
        waiting.extend(pool.submit(work, span) for span in islice(left, 2 * n_threads))
        while waiting:
            values = waiting.popleft().result()
            waiting.extend(pool.submit(work, span) for span in islice(left, 1))
            yield values
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def one_thread_a_kernel() -> Iterator[None]:
    """Keep BLAS and torch to one thread; on shared cores their barriers cost more than they gain."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # a bare machine; there OMP_NUM_THREADS says it
        yield
        return
    with threadpool_limits(1):
        yield


def _finite(x: np.ndarray, dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the signal with zeros for the series that are not finite, and which they are (n_epochs, n_channels)."""
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes Inf, which is not finite
        part = np.ascontiguousarray(x, dtype=dtype)
        bad = ~np.isfinite(part.sum(axis=-1))  # a sum is quick, and finite only if all samples are
    if bad.any():
        bad[bad] = ~np.isfinite(part[bad]).all(axis=-1)  # the sum alone may overflow
    if bad.any() or not part.flags.writeable:  # a memory-mapped array cannot be handed to torch
        part = part.copy()
        part[bad] = 0.0
    return part, bad


def _shaped(value: np.ndarray, request: Request, shape: tuple[int, ...]) -> np.ndarray:
    """Return the values as rows of columns, after making sure that they are as many as the columns."""
    if request.feature.per == "array":
        return value
    n_epochs, n_channels = shape[:2]
    owners = {"epoch": (), "pair": (n_channels * (n_channels - 1) // 2,), "directed": (n_channels * (n_channels - 1),)}
    expected = (n_epochs, *owners.get(request.feature.per, (n_channels,)))
    expected += (len(request.parts),) if request.parts is not None else ()
    if value.shape != expected:
        raise ValueError(f"{request.feature.name} returned the shape {value.shape}, and its columns need {expected}.")
    return value.reshape(n_epochs, -1, *expected[2:]) if len(expected) > 1 else value[:, None]


def _blanked(value: np.ndarray, request: Request, bad: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    value = np.array(value, dtype=dtype, order="C")
    if bad.any():
        value[bad if request.feature.per == "channel" else bad.any(axis=-1)] = np.nan
    return value if request.feature.per == "array" else value.reshape(len(value), -1)
