"""What every kernel of this folder stands on: the compiler, how a kernel is started, and how blocks are cut.

The modules here import without Triton and without a GPU; whoever runs one is told by `device` what is missing. With
``TRITON_INTERPRET=1`` in the environment before the first import, the same kernels run interpreted on the processor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from subprocess import CalledProcessError
from typing import Any, TypeVar

import numpy as np
import torch

from ...errors import MissingError

try:
    import triton
    import triton.language as tl
except ImportError:  # the default install has none; `device` says so
    triton = tl = None

__all__ = [
    "block",
    "device",
    "groups",
    "interpreted",
    "jit",
    "lanes",
    "launch",
    "power_of_two",
    "series",
    "table",
    "tl",
    "versions",
]
Function = TypeVar("Function", bound=Callable[..., Any])
ROOM = 2**23  # elements of an intermediate array at once: with what is made of it, about what the L2 cache holds
KEPT = 2**20  # bytes of the largest table that is kept; those of long recordings differ from one to the next
LEAST = (3, 5)  # the first Triton that compiles the search for bumps; 3.3 ends the process over it


def versions() -> dict[str, str]:
    """Return what computes, as each calls itself: Triton comes as a part of distributions of several names."""
    made = {"torch": torch.__version__, "numpy": np.__version__}
    return made if triton is None else {**made, "triton": triton.__version__}


def jit(function: Function) -> Function:
    """Make a Triton kernel of a function."""
    made: Function = triton.jit(function) if triton else function
    return made


def interpreted() -> bool:
    """Return whether kernels run on the processor, interpreted."""
    return triton is not None and os.environ.get("TRITON_INTERPRET") == "1"


def device() -> torch.device:
    """Return where the backend computes.

    Raises
    ------
    MissingError
        Without a GPU (``E-ENVIRONMENT-GPU``), or without Triton or a new one (``E-ENVIRONMENT-TRITON``).
    """
    if interpreted():
        return torch.device("cpu")
    given = os.environ.get("NEUROCLI_DEVICE", "")  # of a worker: the card that its unit was given
    place = torch.device(given if given.startswith("cuda") else "cuda")
    if not torch.cuda.is_available() or (place.index and place.index >= torch.cuda.device_count()):
        raise MissingError(
            f"The backend 'cuda' was asked for, and torch finds no GPU here{_called(place)}.",
            code="E-ENVIRONMENT-GPU",
            remedy="Use --device cpu (the backend 'cpu'), or install a torch with CUDA on a machine with a GPU.",
        )
    if triton is None or _version(triton.__version__) < LEAST:
        lacking = "which is not installed" if triton is None else f"from 3.5 on, and {triton.__version__} is installed"
        raise MissingError(
            f"The backend 'cuda' compiles its kernels with Triton, {lacking}.",
            code="E-ENVIRONMENT-TRITON",
            remedy="Install it with `pip install 'neurocli[gpu]'`, or use the backend 'cpu'.",
        )
    torch.cuda.set_device(torch.device("cuda", place.index or 0))  # where Triton starts kernels
    return place


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def _called(place: torch.device) -> str:
    return f" that is {place}" if place.index else ""


def launch(kernel: Any, grid: tuple[int, ...], *arguments: Any, **options: Any) -> None:
    """Start a kernel on the device of its arguments.

    Raises
    ------
    MissingError
        If Triton finds nothing to build what starts kernels with (``E-ENVIRONMENT-TRITON``).
    """
    try:
        kernel[grid](*arguments, **options)
    except (RuntimeError, CalledProcessError) as error:
        if not isinstance(error, CalledProcessError) and "C compiler" not in str(error):
            raise
        raise MissingError(
            "Triton builds its launcher with a C compiler and the headers of Python, and one of them is missing.",
            code="E-ENVIRONMENT-TRITON",
            remedy="Install gcc and python3-dev, or name a compiler in CC; or use the backend 'cpu'.",
        ) from error


def power_of_two(n: int) -> int:
    """Return the least power of two that is not less than n."""
    return 1 << max(0, n - 1).bit_length()


def block(n: int, most: int = 1024) -> int:
    """Return how many of n elements a program takes at once."""
    return min(power_of_two(n), most)


def lanes(n: int, most: int) -> int:
    """Return the same for kernels that loop in time, which cost the interpreter by the program."""
    return block(n, 2**14 if interpreted() else most)


def series(x: torch.Tensor) -> torch.Tensor:
    """Return (..., n_times) as contiguous (n_series, n_times)."""
    return x.reshape(-1, x.shape[-1]).contiguous()


def groups(n: int, each: int) -> list[slice]:
    """Cut n rows so that a group of them, of `each` elements a row, has room."""
    size = max(1, ROOM // max(1, each))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def table(values: Any, like: torch.Tensor, dtype: torch.dtype | None = None) -> torch.Tensor:
    """Return a constant array on the device of `like`; a small one is sent there once, and kept."""
    array = np.ascontiguousarray(values)
    if array.nbytes > KEPT:
        return torch.from_numpy(array.copy()).to(dtype=dtype or like.dtype, device=like.device)
    return _table(array.tobytes(), array.dtype.str, array.shape, dtype or like.dtype, like.device)


@lru_cache(maxsize=256)
def _table(raw: bytes, kind: str, shape: tuple[int, ...], dtype: torch.dtype, where: torch.device) -> torch.Tensor:
    array = np.frombuffer(raw, np.dtype(kind)).reshape(shape).copy()
    return torch.from_numpy(array).to(dtype=dtype, device=where)
