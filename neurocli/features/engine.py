"""The engine: chunks of epochs, each shared quantity once a chunk, one thread a kernel.

What a value is depends on its epoch alone, so neither the size of the chunks nor the number of threads changes a bit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ..data.features import Block
from ..errors import InputError, MissingError, UsageError, unknown
from .define import BACKENDS
from .memo import Memo, preload
from .requests import Request, columns, prepare

CHUNK_SAMPLES = 2**19  # 2 MiB of float32: with what is made of it, about what a core's L2 cache holds
Asked = Sequence[tuple[str, Mapping[str, Any]]]
Progress = Callable[[int, int], None]


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
        If a GPU is asked for and there is none (``E-ENVIRONMENT-GPU``).
    """
    _check_signal(x, sfreq, ch_names)
    within = _dtype(x, dtype, backend)
    asked = prepare(requests, x.shape, sfreq, ch_names)
    for request in asked:
        preload(backend, request)
    work = partial(_chunk_of, x, within, sfreq, tuple(ch_names), backend, asked)
    size = chunk or max(1, CHUNK_SAMPLES // max(1, x.shape[1] * x.shape[2]))
    starts = [(start, min(start + size, len(x))) for start in range(0, len(x), size)]
    values = _gathered(len(x), starts, work, n_threads, progress)
    names = [columns(request, ch_names) for request in asked]
    return [Block(r.label, value, name, r.unit) for r, value, name in zip(asked, values, names, strict=True)]


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
    import torch

    if not torch.cuda.is_available():
        raise MissingError(
            "The backend 'cuda' was asked for, and torch finds no GPU here.",
            code="E-ENVIRONMENT-GPU",
            remedy="Use the backend 'cpu', or install a torch with CUDA on a machine with a GPU.",
        )


def _gathered(
    n_epochs: int,
    spans: Sequence[tuple[int, int]],
    work: Callable[[tuple[int, int]], list[np.ndarray]],
    n_threads: int,
    progress: Progress | None,
) -> list[np.ndarray]:
    """Return the values of all requests, each chunk written where it belongs."""
    gathered: list[np.ndarray] = []
    with one_thread_a_kernel(), _mapping(n_threads) as mapping:
        for (start, stop), values in zip(spans, mapping(work, spans), strict=True):
            if not gathered:
                gathered = [np.empty((n_epochs, *value.shape[1:]), value.dtype) for value in values]
            for whole, value in zip(gathered, values, strict=True):
                whole[start:stop] = value
            if progress:
                progress(stop, n_epochs)
    return gathered


@contextmanager
def _mapping(n_threads: int) -> Iterator[Callable[..., Iterator[list[np.ndarray]]]]:
    if n_threads <= 1:
        yield map
        return
    with ThreadPoolExecutor(n_threads) as pool:
        yield pool.map


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


def _chunk_of(
    x: np.ndarray,
    dtype: np.dtype[Any],
    sfreq: float,
    ch_names: tuple[str, ...],
    backend: str,
    requests: Sequence[Request],
    span: tuple[int, int],
) -> list[np.ndarray]:
    """Return the values of all requests for the epochs of one chunk."""
    part, bad = _finite(x[slice(*span)], dtype)
    memo = Memo(part, sfreq, ch_names, backend)
    return [_blanked(_shaped(memo.feature(request), request, part), request, bad, dtype) for request in requests]


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


def _shaped(value: np.ndarray, request: Request, x: np.ndarray) -> np.ndarray:
    """Return the values as rows of columns, after making sure that they are as many as the columns."""
    if request.feature.per == "array":
        return value
    n_channels = x.shape[1]
    owners = {"epoch": (), "pair": (n_channels * (n_channels - 1) // 2,), "directed": (n_channels * (n_channels - 1),)}
    expected = (len(x), *owners.get(request.feature.per, (n_channels,)))
    expected += (len(request.parts),) if request.parts is not None else ()
    if value.shape != expected:
        raise ValueError(f"{request.feature.name} returned the shape {value.shape}, and its columns need {expected}.")
    return value.reshape(len(x), -1, *expected[2:]) if len(expected) > 1 else value[:, None]


def _blanked(value: np.ndarray, request: Request, bad: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    value = np.array(value, dtype=dtype, order="C")
    if bad.any():
        value[bad if request.feature.per == "channel" else bad.any(axis=-1)] = np.nan
    return value if request.feature.per == "array" else value.reshape(len(value), -1)
