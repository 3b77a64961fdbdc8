"""What this machine has: versions, cores, memory, GPU, scheduler, tools, and what the file system can do."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

LIBRARIES = ("neurocli", "numpy", "scipy", "mne", "nibabel", "nipype", "nilearn", "scikit-learn", "pyriemann", "torch",
             "triton", "numba", "safetensors", "skops", "onnx", "pyarrow")  # fmt: skip
TOOLS = ("sbatch", "squeue", "sacct", "g++", "dcm2niix", "elastix", "antsRegistration", "bet", "3dvolreg", "recon-all")


def checkup(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what was found, by section; None stands for something that is not here."""
    return {
        "system": _system(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "gpu": _gpu(),
        "tools": {name: shutil.which(name) for name in TOOLS},
        "disk": _disk(folder),
    }


def _system() -> dict[str, Any]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{pages / 1e9:.1f} GB",
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _gpu() -> dict[str, Any]:
    """Ask the driver's files, not torch, which would take seconds to import."""
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    models = [
        line.partition(":")[2].strip() for path in cards for line in path.read_text().splitlines() if "Model" in line
    ]
    return {"cards": ", ".join(models) or None}


def _disk(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    with tempfile.TemporaryDirectory(dir=folder, prefix=".neurocli-doctor-") as name:
        here = Path(name)
        return {
            "folder": str(folder),
            "free": f"{free / 1e9:.1f} GB",
            "flock": _works(lambda: _flock(here)),
            "hard links": _works(lambda: _link(here)),
            "rename over": _works(lambda: _rename(here)),
        }


def _works(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except OSError:
        return False
    return True


def _flock(folder: Path) -> None:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _link(folder: Path) -> None:
    (folder / "a").write_bytes(b"")
    os.link(folder / "a", folder / "b")


def _rename(folder: Path) -> None:
    (folder / "c").write_bytes(b"1")
    (folder / "d").write_bytes(b"2")
    (folder / "c").replace(folder / "d")
