"""The backend on a machine without a GPU computes on the processor, its kernels interpreted (see tests/conftest.py).

Where there is a GPU the same tests run on it.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from neurocli.errors import MissingError


@pytest.fixture(scope="module")
def kernels():
    """Return a function that imports a module of the backend; skip where its kernels cannot run."""
    pytest.importorskip("triton", reason="Triton is not installed: pip install 'neurocli[gpu]'")
    try:
        import_module("neurocli.features.cuda._jit").device()
    except MissingError as error:
        pytest.skip(str(error))
    return lambda name: import_module(f"neurocli.features.cuda.{name}")
