"""What this process has used, what it may use, and what to say when that was not enough."""

from __future__ import annotations

import errno
import math
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ResourceError

GB = 1e9
# how native libraries say it: torch on the host and on a GPU, the C++ runtime, the system
STARVED = re.compile(
    r"[Cc]an(?:no|')t allocate memory|out of memory|bad_alloc|ALLOC_FAILED|Unable to allocate", re.IGNORECASE
)
ON_A_CARD = re.compile(r"cuda|cublas|cusolver|cufft", re.IGNORECASE)


def peak_rss_bytes() -> int:
    """Return the peak memory since it was last reset (a worker resets it before each task), in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def reset_gpu_peak() -> None:
    """Begin a new peak of memory on the GPU, where this process uses one."""
    if cuda := _cuda():
        cuda.reset_peak_memory_stats()


def peak_gpu_bytes() -> int | None:
    """Return the peak memory on the GPU since it was last reset, in bytes; None where this process uses none."""
    cuda = _cuda()
    return None if cuda is None else int(cuda.max_memory_allocated())


def _cuda() -> Any:
    """Return torch's view of the GPU if somebody has used it; asking must import and start nothing."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    return cuda if cuda is not None and cuda.is_available() and cuda.is_initialized() else None


@contextmanager
def within(n_bytes: int | None) -> Iterator[None]:
    """Let the process take no more memory than this inside the block; None changes nothing.

    What it asks for beyond is refused by the kernel and raises `MemoryError`. Files that are memory-mapped for reading
    do not count.
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)
    bounds = [bound for bound in (n_bytes, *before) if bound not in (None, resource.RLIM_INFINITY)]
    if n_bytes is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def held_to() -> int | None:
    """Return how much memory the process may take, in bytes, or None where nothing limits it."""
    soft = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def memory_error(error: BaseException) -> ResourceError | None:
    """Return what to say of an error that means that memory ran out, or None if it means something else."""
    if not _starved(error):
        return None
    if ON_A_CARD.search(str(error)):
        remedy = "See with `nvidia-smi` who else is on the card; run again with --device cpu, or make shorter epochs."
        return ResourceError(f"The memory of the GPU ran out: {error}", code="E-RUN-MEMORY", remedy=remedy)
    limit, peak = held_to(), peak_rss_bytes()
    room = f" within {limit / GB:.2f} GB" if limit else ""
    request = math.ceil(2 * max(limit or 0, peak) / GB)
    remedy = f"Run again with --mem-gb {request} or more, with fewer --n-cpus, or with --retries 1."
    message = f"Memory ran out{room}: {str(error) or type(error).__name__}."
    return ResourceError(message, code="E-RUN-MEMORY", remedy=remedy)


def _starved(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(STARVED.search(str(error))))
