"""What this machine has: versions, cores, memory, GPU, scheduler, tools, and what the file system can do."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from ..pipelines import device
from . import offline

LIBRARIES = ("numpy", "scipy", "mne", "nibabel", "nipype", "nilearn", "scikit-learn", "pyriemann", "torch",
             "triton", "numba", "safetensors", "skops", "onnx", "pyarrow")  # fmt: skip
TOOLS = ("sbatch", "squeue", "sacct", "g++", "dcm2niix", "elastix", "antsRegistration", "bet", "3dvolreg", "recon-all")

# what steps read that other packages bring along: distribution, pattern of the file
PACKAGED = {"ICLabel network (ica)": ("mne-icalabel", "*.onnx")}


def checkup(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what was found, by section; None stands for something that is not here."""
    return {
        "system": _system(),
        "libraries": {"neurocli": __version__, **{name: _version(name) for name in LIBRARIES}},
        "gpu": _gpu(),
        "tools": {name: shutil.which(name) for name in TOOLS},
        "disk": _disk(folder),
        "network": {offline.VARIABLE: offline.is_asked_for()},
    }


def offline_checkup() -> dict[str, dict[str, Any]]:
    """Return whether the network can be forbidden here, and which files of other packages runs may need.

    Nothing is ever fetched by a run: a path that is None belongs to an extra that is not installed.
    """
    return {
        "network": {offline.VARIABLE: offline.is_asked_for(), "sockets can be refused": _is_refused()},
        "files": {name: _inside(*place) for name, place in PACKAGED.items()},
    }


def _is_refused() -> bool:
    """Try it in a process of its own, since a guard is for good."""
    code = (
        "import socket; from neurocli.runners import offline; offline.guard()\n"
        "try: socket.socket()\nexcept Exception as error: print(error.code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() == "E-ENVIRONMENT-OFFLINE"


def _inside(distribution: str, name: str) -> str | None:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    return next((str(file.locate()) for file in files if file.match(name)), None)


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
    return {
        "cards": ", ".join(models) or None,
        "visible": device.n_cards(),
        "torch with CUDA, Triton": device.can_use_cards(),
        "--device auto": "networks on the GPU" if device.resolved("auto", "local") == "auto" else "cpu",
    }


def _disk(folder: Path) -> dict[str, Any]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        return _semantics(folder, free)
    except OSError as error:
        return {"folder": str(folder), "writable": False, "why": error.strerror}


def _semantics(folder: Path, free: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".neurocli-doctor-") as name:
        here = Path(name)
        return {
            "folder": str(folder),
            "free": f"{free / 1e9:.1f} GB",
            "flock": _works(lambda: _flock(here)),
            "hard links": _works(lambda: _link(here)),
            "rename over": _works(lambda: _rename(here)),
            "sync of folders": _works(lambda: _sync(here)),
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


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _rename(folder: Path) -> None:
    (folder / "c").write_bytes(b"1")
    (folder / "d").write_bytes(b"2")
    (folder / "c").replace(folder / "d")
