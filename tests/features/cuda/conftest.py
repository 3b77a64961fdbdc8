"""The backend on a machine without a GPU computes on the processor, its kernels interpreted (see tests/conftest.py).

Where there is a GPU the same tests run on it: what they give to a module of the backend is sent there, and what it
returns is brought back.
"""

from __future__ import annotations

from functools import wraps
from importlib import import_module
from inspect import isfunction
from typing import Any

import pytest

from neurocli.errors import MissingError


@pytest.fixture(scope="module")
def kernels():
    """Return a function that imports a module of the backend; skip where its kernels cannot run."""
    pytest.importorskip("triton", reason="Triton is not installed: pip install 'neurocli[gpu]'")
    try:
        where = import_module("neurocli.features.cuda._jit").device()
    except MissingError as error:
        pytest.skip(str(error))
    return lambda name: OnDevice(import_module(f"neurocli.features.cuda.{name}"), where)


class OnDevice:
    """A module of the backend whose functions are called with tensors of the host."""

    def __init__(self, module: Any, where: Any):
        self.__dict__.update(module=module, where=where, replaced={})

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.module, name)
        if not isfunction(value):
            return value

        @wraps(value)
        def called(*given, **options):
            return moved(value(*moved(given, self.where), **moved(options, self.where)), "cpu")

        called.before = value
        return called

    def __setattr__(self, name: str, value: Any) -> None:
        self.replaced.setdefault(name, getattr(self.module, name))
        setattr(self.module, name, getattr(value, "before", value))

    def __delattr__(self, name: str) -> None:
        setattr(self.module, name, self.replaced.pop(name))  # so does monkeypatch undo what it has set, or sets it back


def moved(value: Any, where: Any) -> Any:
    """Return tensors on a device, also those in tuples and dictionaries, and everything else as it is."""
    if isinstance(value, tuple):
        return tuple(moved(one, where) for one in value)
    if isinstance(value, dict):
        return {name: moved(one, where) for name, one in value.items()}
    return value.to(where) if hasattr(value, "is_cuda") else value
