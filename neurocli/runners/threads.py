"""One numerical thread a process, so that results do not depend on the number of cores."""

from __future__ import annotations

import os

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def single_threaded() -> dict[str, str]:
    """Return the variables that hold every numerical library to one thread."""
    return dict.fromkeys(THREADS, "1")


def hold() -> None:
    """Hold this process to one numerical thread; libraries read this when they are imported."""
    os.environ.update(single_threaded())
