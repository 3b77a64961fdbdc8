"""What all tests share."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

try:
    from hypothesis import settings
except ImportError:  # on a bare machine with a GPU, where nothing but `pytest -m gpu` can run
    pass
else:
    settings.register_profile("ci", max_examples=30, deadline=None, derandomize=True)
    settings.load_profile("ci")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MNE_DONTWRITE_HOME", "true")
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported: kernels run interpreted where no GPU is

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BARE = "cuda"  # the folder whose tests need NumPy, SciPy, torch, triton and numba alone


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With ``-m gpu``, open only the files of such tests: a bare machine can import none of the others."""
    if config.getoption("markexpr") != "gpu":
        return None
    files = [collection_path] if collection_path.is_file() else collection_path.rglob("test_*.py")
    return None if any(_needs_a_gpu(file) for file in files) else True


def _needs_a_gpu(file: Path) -> bool:
    is_usable = BARE in file.parts or all(find_spec(name) for name in ("pydantic", "sklearn"))
    return is_usable and file.suffix == ".py" and "mark.gpu" in file.read_text()


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real recordings, or skip."""
    if not SHARED.is_dir():
        pytest.skip("real recordings (../shared/data) are not on this machine")
    return SHARED
