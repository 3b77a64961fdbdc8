"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", max_examples=30, deadline=None, derandomize=True)
settings.load_profile("ci")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MNE_DONTWRITE_HOME", "true")
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported: kernels run interpreted where no GPU is

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real recordings, or skip."""
    if not SHARED.is_dir():
        pytest.skip("real recordings (../shared/data) are not on this machine")
    return SHARED
